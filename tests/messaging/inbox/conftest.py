"""A conversation of acme with its customer, as the pages meet it: nothing is left open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations import services
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser

ACCOUNT = "waba-1"
SHIPPED = [
    {"type": "BODY", "text": "Hallo {{1}}, Ihre Bestellung {{2}} ist unterwegs."},
    {"type": "FOOTER", "text": "Ihr Paketladen"},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Verfolgen", "url": "https://example.com/t/{{1}}"}]},
]


def make_template(name: str = "order_shipped", **fields: Any) -> MessageTemplate:
    """An approved template of the account that `begin` connects."""
    values = {"language": "de", "category": "utility", "status": "approved", "components": SHIPPED, **fields}
    return MessageTemplate.objects.create(
        **{"account_external_id": ACCOUNT, "external_id": name, "name": name, **values}
    )


def begin(
    company: Company, text: str = "Wo ist mein Paket?", *, hours_ago: float = 1, with_template: bool = False
) -> Conversation:
    """The customer of a company has written."""
    with company_context(company):
        channel, _ = Channel.objects.get_or_create(
            kind=ChannelKind.WHATSAPP,
            external_id=f"10{company.pk}",
            defaults={"name": "Laden", "token": "-", "account_external_id": ACCOUNT},
        )
        contact = Contact.objects.order_by("pk").first()
        assert contact
        identity, _ = ChannelIdentity.objects.get_or_create(
            contact=contact, kind=ChannelKind.WHATSAPP, external_id="+4915112345678"
        )
        found = services.conversation_for(channel, contact, identity)
        at = timezone.now() - timedelta(hours=hours_ago)
        Message.objects.create(
            conversation=found,
            channel=channel,
            identity=identity,
            direction=Direction.INBOUND,
            state=MessageState.RECEIVED,
            text=text,
            at=at,
        )
        if with_template:
            make_template()
        services.record_inbound(found, preview=text, at=at)
        found.refresh_from_db()
        return found


@pytest.fixture
def conversation(acme: Company) -> Conversation:
    return begin(acme)


@pytest.fixture
def theirs(globex: Company) -> Conversation:
    """The rival's conversation, with the same primary key."""
    return begin(globex, "Geheim")


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


def path(conversation: Conversation, action: str = "") -> str:
    return f"/inbox/{conversation.public_id}/{action}"


def add(company: Company, conversation: Conversation, **fields: Any) -> Message:
    """One more message of the conversation; the customer's own unless told otherwise."""
    with company_context(company):
        inbound = {"direction": Direction.INBOUND, "state": MessageState.RECEIVED, "text": "Hallo"}
        return Message.objects.create(conversation=conversation, channel=conversation.channel, **{**inbound, **fields})


def and_then(act: Callable[..., Any], follow: Callable[[], object]) -> Callable[..., Any]:
    """`act`, whatever comes of it, with something that happens right behind it."""

    def both(*args: Any, **kwargs: Any) -> Any:
        try:
            return act(*args, **kwargs)
        finally:
            follow()

    return both


def sent(company: Company) -> list[Message]:
    """What was queued, in its order."""
    with company_context(company):
        return list(Message.objects.filter(direction=Direction.OUTBOUND).select_related("reply_to").order_by("pk"))
