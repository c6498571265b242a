"""A conversation of acme with its customer, over a WhatsApp number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations import services
from messaging.conversations.models import Conversation
from tenants.context import company_context
from tenants.models import Company


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    """The test works inside acme."""
    with company_context(acme):
        yield acme


@pytest.fixture
def channel(inside: Company) -> Channel:
    return Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Laden", external_id="106540352242922", token="-")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    contact = Contact.objects.get()
    identity = ChannelIdentity.objects.create(contact=contact, kind=ChannelKind.WHATSAPP, external_id="+491511111111")
    return services.conversation_for(channel, contact, identity)
