"""The price tag of a message: what it is expected to cost before it is sent, and what it did cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import phonenumbers
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.plans import entitlements
from billing.plans.entitlements import Quote
from billing.usage.metering import PRICED
from messaging.conversations.models import Conversation
from messaging.messages import affording
from messaging.messages.metering import SERVICE
from messaging.messages.models import Direction, Message
from tenants.models import Company
from tenants.templatetags.ui import number

STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Cost:
    """For `inbox/_price.html`: an amount with what it is for, or why it is `free`, or what of it is `unknown`."""

    amount: Decimal | None = None
    currency: str = "EUR"
    category: str = ""
    country: str = ""
    free: str = ""
    left: str = ""
    unknown: str = ""
    settled: bool = False


def expected(company: Company, conversation: Conversation, *, category: str = SERVICE) -> Cost | None:
    """What one such message to this person would cost now; None on a channel that nobody prices."""
    now = timezone.now()
    asked = affording.planned(conversation, category=category, now=now)
    if asked is None:
        return None
    told = entitlements.expected(company, asked, now=now)
    found = Cost(currency=told.currency, category=_category(asked.category), country=_country(asked.address))
    if told.problems:
        return replace(found, unknown=told.problems[0].words())
    if told.amount:
        # Expected, so no finer than people read it; the price that is charged is exact.
        return replace(found, amount=plain(max(told.amount.quantize(STEP, ROUND_HALF_UP), STEP)))
    return replace(found, **_why_free(told))


def of_categories(company: Company, conversation: Conversation, categories: Iterable[str]) -> dict[str, Cost]:
    """The same for templates of these categories, by category."""
    found = {category: expected(company, conversation, category=category) for category in categories}
    return {category: cost for category, cost in found.items() if cost}


def settled(company: Company, message: Message) -> Cost | None:
    """What a delivered message of ours did cost; None while nobody knows."""
    if message.direction != Direction.OUTBOUND or message.delivered_at is None or message.channel.kind not in PRICED:
        return None
    rated = entitlements.prices_of(company, [message.public_id]).get(message.public_id)
    if rated is None:
        return None
    return Cost(amount=plain(rated.unit_price), currency=rated.currency, settled=True)


def plain(price: Decimal) -> Decimal:
    """With the places it needs, at least two: 0.055000 is 0.055."""
    short = price.normalize()
    return short if int(short.as_tuple().exponent) <= -2 else price.quantize(Decimal("0.01"))


def _category(category: str) -> str:
    names = {
        "service": _("Service"),
        "utility": _("Utility"),
        "marketing": _("Marketing"),
        "authentication": _("Authentication"),
    }
    return names.get(category, category)


def _country(address: str) -> str:
    """The two letters of a country, as the tag has room for."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(address)) or ""
    except phonenumbers.NumberParseException:
        return address.partition(".")[0][:2]


def _why_free(told: Quote) -> dict[str, Any]:
    if not told.parts:
        return {}
    rated = told.parts[0][1]
    if rated.explanation.get("rule") != "allowance":
        return {"free": entitlements.reason_of(rated)}
    facts = {"left": number(min(told.free_left.values(), default=0)), "most": number(told.free_most)}
    return {
        "free": _("%(left)s of %(most)s free messages left on this number") % facts,
        "left": _("%(left)s of %(most)s left") % facts,
    }
