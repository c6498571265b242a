"""What an answer is expected to cost, and whether the month's budget still has room for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.plans import entitlements
from billing.plans.entitlements import Planned
from billing.usage.metering import PRICED
from messaging.channels.base import MessageType
from messaging.conversations.models import Conversation
from messaging.message_templates.choosing import category_of
from messaging.messages.metering import MARKETING, SERVICE
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


def check(conversation: Conversation, type: str, content: Mapping[str, Any], now: datetime) -> None:
    """Raises BudgetUsedUp when the budget stops and this costs more than is left."""
    company = current_company()
    if conversation.channel.kind not in PRICED or not entitlements.budget_stops(company):
        return
    asked = planned(conversation, category=_category(conversation, type, content), now=now)
    if asked and not entitlements.may_reply(company, asked, now=now):
        raise BudgetUsedUp


def _category(conversation: Conversation, type: str, content: Mapping[str, Any]) -> str:
    if type != MessageType.TEMPLATE:
        return SERVICE
    return category_of(conversation.channel, content)
