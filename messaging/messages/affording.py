"""What an answer is expected to cost, put aside when it is written: so the month's budget is never passed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from billing.plans import entitlements
from billing.plans.entitlements import BudgetReached, Planned
from billing.usage.metering import PRICED, key_of
from messaging.channels.base import MessageType
from messaging.conversations.models import Conversation
from messaging.message_templates.choosing import category_of
from messaging.messages.metering import MARKETING, SERVICE
from messaging.messages.models import Message
from tenants.context import current_company


class BudgetUsedUp(Exception):
    """The month's budget is used up, with what it keeps for replies."""

    def __init__(self) -> None:
        super().__init__(
            _("The month's budget is used up: nothing that costs money is sent. An admin can raise it under Billing.")
        )


def planned(conversation: Conversation, *, category: str = SERVICE, now: datetime | None = None) -> Planned | None:
    """One message to this person, as billing asks for it; None on a channel that nobody prices."""
    channel = conversation.channel
    if channel.kind not in PRICED:
        return None
    return Planned(
        number=channel.external_id,
        category=category.lower() or MARKETING,
        address=conversation.identity.external_id,
        window_is_open=conversation.window_is_open(now),
    )


def put_aside(message: Message, now: datetime) -> None:
    """Its expected price, in the transaction that queues it. Raises BudgetUsedUp when the budget stops before that.

    Call it when the message's row is written, before work is announced and live events are told of.
    """
    conversation = message.conversation
    if conversation.channel.kind not in PRICED:
        return
    company = current_company()
    asked = planned(conversation, category=_category(message), now=now)
    try:
        if asked:
            entitlements.reserve_reply(company, key_of(company, message.public_id), asked, now=now)
    except BudgetReached:
        raise BudgetUsedUp from None


def _category(message: Message) -> str:
    if message.type != MessageType.TEMPLATE:
        return SERVICE
    return category_of(message.conversation.channel, message.content)
