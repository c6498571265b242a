"""A connected channel of acme, a provider that answers as it is told, and messages that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from django.utils import timezone

from messaging.channels import registry
from messaging.channels.adapters.whatsapp_cloud.adapter import WhatsAppCloud
from messaging.channels.base import Accepted, Credentials, OutboundMessage, ProviderError, SendFailed
from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation
from messaging.messages import pump
from messaging.messages.models import Lane, Message
from messaging.messages.nudging import KINDS
from tenants.context import company_context, current_company
from tenants.models import Company
from tenants.services import due
from tenants.services.keys import encrypt_for

Behaviour = Callable[[OutboundMessage], Accepted]


@dataclass
class Provider(WhatsAppCloud):
    """Takes every message, unless `behave` says otherwise; remembers what it was asked, and how many at once."""

    media_hosts: frozenset[str] = frozenset()
    behave: Behaviour | None = None
    asked: list[OutboundMessage] = field(default_factory=list)
    at_once: dict[str, int] = field(default_factory=dict)
    most_at_once: int = 0

    async def send(self, session: ClientSession, credentials: Credentials, message: OutboundMessage) -> Accepted:
        person = message.to.phone
        self.asked.append(message)
        self.at_once[person] = self.at_once.get(person, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[person])
        await asyncio.sleep(0)
        self.at_once[person] -= 1
        if self.behave:
            return self.behave(message)
        return Accepted(external_id=f"wamid.{message.reference}")

    @property
    def references(self) -> list[str]:
        return [message.reference for message in self.asked]


def refusing(code: str, *, times: int = 10**6, http_status: int = 400, retry_after: int = 0) -> Behaviour:
    """Refuse the first `times` messages."""
    left = [times]

    def behave(message: OutboundMessage) -> Accepted:
        if left[0] > 0:
            left[0] -= 1
            raise SendFailed(ProviderError(code, "No", "not now", http_status, retry_after))
        return Accepted(external_id=f"wamid.{message.reference}")

    return behave


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    played = Provider()
    monkeypatch.setitem(registry.ADAPTERS, "whatsapp", played)
    return played


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


def make_channel(company: Company, **fields: Any) -> Channel:
    """A connected number."""
    values = {"name": "Support", "external_id": "106540352242922", "account_external_id": "waba", **fields}
    return Channel.objects.create(
        kind="whatsapp", token=encrypt_for(company, "token"), **{"messages_per_second": 100_000, **values}
    )


def make_conversation(channel: Channel, number: int = 0) -> Conversation:
    """A person of their own, who wrote an hour ago."""
    contact = Contact.objects.create(name=f"Customer {number}")
    identity = ChannelIdentity.objects.create(
        contact=contact, kind=channel.kind, external_id=f"+49151{channel.pk:03}{number:06}"
    )
    return Conversation.objects.create(
        channel=channel,
        contact=contact,
        identity=identity,
        last_inbound_at=timezone.now() - timedelta(hours=1),
    )


def queue(conversation: Conversation, lane: str = Lane.REPLIES, **fields: Any) -> Message:
    """A row as the services write it."""
    values = {
        "channel_id": conversation.channel_id,
        "identity_id": conversation.identity_id,
        "direction": "outbound",
        "type": "text",
        "text": "Hello",
        "content": {"body": "Hello"},
        "state": "queued",
        "lane": lane,
        "due_at": timezone.now() - timedelta(seconds=1),
        **fields,
    }
    if lane:
        due.announce(KINDS[Lane(lane)], current_company(), at=timezone.now())
    return Message.objects.create(conversation=conversation, **values)


@pytest.fixture
def channel(inside: Company) -> Channel:
    return make_channel(inside)


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    return make_conversation(channel)


@pytest.fixture
def run(inside: Company) -> Callable[..., pump.Delivered]:
    """Let the pump make one visit."""
    return lambda lane=Lane.REPLIES, **options: pump.deliver(inside, lane, **options)


def later(message: Message) -> Message:
    """The row as it is now."""
    return Message.objects.get(pk=message.pk)
