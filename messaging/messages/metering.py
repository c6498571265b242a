"""From a delivered message to the facts that billing counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.usage.metering import PRICED, Origin, UsageFact, record_usage
from messaging.channels.base import MessageType
from messaging.channels.models import Channel
from messaging.messages.models import Lane
from tenants.context import current_company

SERVICE, MARKETING = "service", "marketing"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that was delivered, as its row is now; `at` is when it first reached the person."""

    message: str
    conversation: str
    at: datetime
    pricing: Mapping[str, Any]
    type: str
    lane: str
    author_id: int | None
    address: str
    template_category: str
    broadcast: str
    is_test: bool

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Arrived | None:
        """From what moving a message forward returns; None when nothing that is charged has changed."""
        message, conversation, _state, _moved, at, pricing, type, lane, author_id, address, category, *origin = row
        broadcast, is_test = origin
        if at is None:
            return None
        # A cursor of Django's gives jsonb as text.
        told = json.loads(pricing) if isinstance(pricing, str) else pricing
        told_of = (address or "", category or "", (broadcast or "")[:16], bool(is_test))
        return cls(message, conversation, at, told, type, lane, author_id, *told_of)


def meter(channel: Channel, arrived: Sequence[Arrived]) -> int:
    """Count what arrived, in the transaction that moves it; how many messages were new."""
    if channel.kind not in PRICED or not arrived:
        return 0
    return record_usage(current_company(), [_fact(channel, one) for one in arrived])


def _fact(channel: Channel, one: Arrived) -> UsageFact:
    category, pricing_type, verified = _priced(one)
    return UsageFact(
        message_public_id=one.message,
        conversation_public_id=one.conversation,
        channel_kind=channel.kind,
        channel_public_id=channel.public_id,
        number=channel.external_id,
        account_external_id=channel.account_external_id,
        address=one.address,
        category=category,
        pricing_type=pricing_type,
        verified=verified,
        origin=_origin(one),
        broadcast_public_id=one.broadcast,
        author_id=one.author_id,
        occurred_at=one.at,
    )


def _priced(one: Arrived) -> tuple[str, str, bool]:
    """What the provider says, cut to what a record holds; our own guess while it says nothing."""
    category = one.pricing.get("category")
    if isinstance(category, str) and category:
        return category[:40], str(one.pricing.get("type") or "")[:32], True
    return _guess(one), "", False


def _guess(one: Arrived) -> str:
    """A template costs what its category costs, the dearest when we do not know it; anything else is service."""
    if one.type != MessageType.TEMPLATE:
        return SERVICE
    return one.template_category.lower()[:40] or MARKETING


def _origin(one: Arrived) -> Origin:
    if one.is_test:
        return Origin.TEST
    if one.broadcast or one.lane == Lane.BULK:
        return Origin.BROADCAST
    return Origin.REPLY if one.author_id else Origin.BOT
