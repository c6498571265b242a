"""May we? The door through which messaging asks before it sends: what it would cost, and to put the money aside.

Afterwards it tells what single messages did cost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from billing.markets.dialling import dialled
from billing.markets.models import market_table
from billing.markets.table import LONGEST_PREFIX
from billing.plans.budget_models import Budget
from billing.plans.budgets import (
    BudgetReached,
    Reserved,
    Spending,
    budget_allows,
    release,
    release_many,
    reserve,
    reserve_many,
    set_budget,
    settle,
    spending,
)
from billing.plans.periods import month_of, today
from billing.rating.card import Category
from billing.rating.each import priced
from billing.rating.models import LineKind, RatedLine
from billing.rating.month import Month
from billing.rating.problems import Problem, Unrated, gathered
from billing.rating.rate import FREE_SERVICE, RatedUsage, Usage, known_category
from billing.rating.reasons import reason_of
from billing.rating.rules import NoRules, rules_on
from billing.usage.metering import key_of
from billing.usage.models import Origin, UsageRecord
from tenants.models import Company

__all__ = [
    "BudgetReached",
    "Planned",
    "Problem",
    "Quote",
    "Reserved",
    "Spending",
    "Spent",
    "budget_allows",
    "budget_stops",
    "expected",
    "forget_expected",
    "markets_of",
    "prices_of",
    "quote",
    "reason_of",
    "release",
    "release_many",
    "reserve",
    "reserve_many",
    "reserve_reply",
    "set_budget",
    "settle",
    "spending",
    "spent_on",
]


@dataclass(frozen=True, slots=True)
class Planned:
    """Messages that are to go out: from which number, to whom or into which market, of which category.

    `pricing_type` says what the provider will report, if that is known ("free_customer_service" in an open window of
    former rules, "free_entry_point" after an ad).
    """

    number: str
    category: str
    address: str = ""
    market: str = ""
    pricing_type: str = ""
    quantity: int = 1
    window_is_open: bool = False


@dataclass(frozen=True)
class Quote:
    """What planned messages would cost if all arrive. With `problems` the amount is not all of it.

    `free_left`: by number, how many service messages of the month were still free before these; `free_most`: of how
    many.
    """

    amount: Decimal
    currency: str
    parts: tuple[tuple[Planned, RatedUsage], ...]
    problems: tuple[Problem, ...]
    free_left: Mapping[str, int] = field(default_factory=dict)
    free_most: int = 0


def quote(company: Company, planned: Iterable[Planned], *, now: datetime) -> Quote:
    """Price messages as if they arrived today in this order, after those of the month so far."""
    day = today(now)
    month, places = Month(company, month_of(day)), _Places("whatsapp", day)
    # Counts what the month has used up already.
    deque(month.pieces(), maxlen=0)
    parts: list[tuple[Planned, RatedUsage]] = []
    problems: list[Problem] = []
    free_left: dict[str, int] = {}
    most = _free_most(day)
    for one in planned:
        before = month.tally.service[one.number]
        free_left.setdefault(one.number, max(0, most - before))
        usage = Usage(places.market(one), one.category, _pricing_type(one, day), day, one.quantity, before)
        try:
            parts += [(one, part) for part in month.rate_next(usage)]
        except Unrated as error:
            problems.append(error.problem)
        month.count_service(one.number, one.category, one.pricing_type, one.quantity)
    amount = sum((part.net for _, part in parts), Decimal(0))
    return Quote(amount, month.currency_on(day), tuple(parts), gathered(problems), free_left, most)


def _free_most(day: date) -> int:
    try:
        return rules_on(day).free_service_per_number_and_month
    except NoRules:
        return 0


def _pricing_type(planned: Planned, day: date) -> str:
    """What the provider will report: under former rules utility in an open window was free."""
    if planned.pricing_type or not planned.window_is_open or known_category(planned.category) is not Category.UTILITY:
        return planned.pricing_type
    try:
        return FREE_SERVICE if rules_on(day).utility_in_window_is_free else ""
    except NoRules:
        return ""


# --- One message that a person is about to send ------------------------------------------------------------------

KEPT_FOR = timedelta(minutes=1)
MOST_KEPT = 2_000
_kept: dict[tuple[int, date, Planned], tuple[datetime, Quote]] = {}


def expected(company: Company, planned: Planned, *, now: datetime) -> Quote:
    """`quote` of one message as this process knew it within the last minute."""
    digits, _ = dialled(planned.address)
    # All numbers that begin alike are in one market.
    key = (company.pk, today(now), replace(planned, address=digits[:LONGEST_PREFIX]))
    kept = _kept.get(key)
    if kept and timedelta() <= now - kept[0] < KEPT_FOR:
        return kept[1]
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    found = quote(company, [planned], now=now)
    _kept[key] = (now, found)
    return found


def forget_expected() -> None:
    """Ask anew: a price has changed, or another test begins."""
    _kept.clear()


def budget_stops(company: Company) -> bool:
    """Whether the company has a budget beyond which nothing is sent."""
    return Budget.objects.filter(company=company, hard_stop=True).exists()


def reserve_reply(company: Company, key: str, planned: Planned, *, now: datetime) -> None:
    """Put the price of one answer aside; of the budget, the part that is kept for replies may be used too.

    What is free always goes, and nothing is put aside for it. Raises BudgetReached.
    """
    told = expected(company, planned, now=now)
    price = told.amount
    if told.problems and budget_stops(company):
        # What has no price yet costs something: it goes while anything is left.
        price = price or SMALLEST
    if price:
        found = reserve_many(company, [(key, price)], now=now, for_reply=True)
        if not found.count:
            raise BudgetReached(found.left or Decimal(0), found.currency)


SMALLEST = Decimal("0.000001")


def prices_of(company: Company, message_public_ids: Iterable[str]) -> dict[str, RatedUsage]:
    """What delivered messages cost, by message; those that were not counted yet or have no price are missing."""
    keys = [key_of(company, message) for message in message_public_ids]
    records = list(UsageRecord.objects.of(company).standing().filter(source_key__in=keys)) if keys else []
    return {one.record.message_public_id: one.rated for one in priced(company, records) if one.rated}


@dataclass(frozen=True, slots=True)
class Spent:
    """What delivered messages cost so far, free ones among them."""

    messages: int
    amount: Decimal
    currency: str


def spent_on(company: Company, broadcast_public_id: str, *, since: date) -> Mapping[str, Spent]:
    """What a broadcast's messages cost by market, from the lines that invoices are made of; `since` is its first day.

    Usage of the last moments is not rated yet. Tests are not in it.
    """
    lines = RatedLine.objects.of(company).filter(
        month__gte=month_of(since).first,
        kind=LineKind.USAGE,
        origin=Origin.BROADCAST,
        broadcast_public_id=broadcast_public_id,
    )
    sums = lines.order_by().values_list("market", "currency").annotate(Sum("quantity"), Sum("net"))
    return {market: Spent(int(quantity), net, currency) for market, currency, quantity, net in sums}


def markets_of(addresses: Iterable[str], *, now: datetime) -> dict[str, str]:
    """The market each address belongs to today; "" when nobody can tell."""
    wanted = list(addresses)
    places = _Places("whatsapp", today(now)) if wanted else None
    return {address: places.market(Planned("", "", address=address)) for address in wanted} if places else {}


class _Places:
    """Markets of addresses on one day; the table is read once."""

    def __init__(self, channel_kind: str, day: date) -> None:
        self.table, self.day = market_table(channel_kind), day

    def market(self, planned: Planned) -> str:
        if planned.market:
            return planned.market
        digits, _ = dialled(planned.address)
        return self.table.market_of(digits, self.day) if digits else ""
