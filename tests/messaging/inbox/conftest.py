"""A conversation of acme with its customer, as the pages meet it: nothing is left open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations import services
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company


def begin(company: Company, text: str = "Wo ist mein Paket?", *, hours_ago: float = 1) -> Conversation:
    """The customer of a company has written."""
    with company_context(company):
        channel, _ = Channel.objects.get_or_create(
            kind=ChannelKind.WHATSAPP, external_id=f"10{company.pk}", defaults={"name": "Laden", "token": "-"}
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
