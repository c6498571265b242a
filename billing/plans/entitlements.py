"""May we? The door through which messaging asks before it sends: what it would cost, and whether there is money."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing.markets.dialling import dialled
from billing.markets.models import market_table
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
from billing.rating.models import LineKind, RatedLine
from billing.rating.month import Month
from billing.rating.problems import Problem, Unrated, gathered
from billing.rating.rate import RatedUsage, Usage
from billing.usage.models import Origin
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
    "forecast",
    "market_of",
    "quote",
    "release",
    "release_many",
    "reserve",
    "reserve_many",
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


@dataclass(frozen=True)
class Quote:
    """What planned messages would cost if all arrive. With `problems` the amount is not all of it."""

    amount: Decimal
    currency: str
    parts: tuple[tuple[Planned, RatedUsage], ...]
    problems: tuple[Problem, ...]


def quote(company: Company, planned: Iterable[Planned], *, now: datetime) -> Quote:
    """Price messages as if they arrived today in this order, after those of the month so far."""
    day = today(now)
    month, places = Month(company, month_of(day)), _Places("whatsapp", day)
    # Counts what the month has used up already.
    deque(month.pieces(), maxlen=0)
    parts: list[tuple[Planned, RatedUsage]] = []
    problems: list[Problem] = []
    for one in planned:
        before = month.tally.service[one.number]
        usage = Usage(places.market(one), one.category, one.pricing_type, day, one.quantity, before)
        try:
            parts += [(one, part) for part in month.rate_next(usage)]
        except Unrated as error:
            problems.append(error.problem)
        month.count_service(one.number, one.category, one.pricing_type, one.quantity)
    amount = sum((part.net for _, part in parts), Decimal(0))
    return Quote(amount, month.currency_on(day), tuple(parts), gathered(problems))


def forecast(company: Company, *, now: datetime) -> Decimal:
    """What the month's messages will have cost if it goes on like this."""
    return spending(company, now=now).forecast


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


def market_of(address: str, *, now: datetime) -> str:
    """The market an address belongs to today; "" when nobody can tell."""
    return _Places("whatsapp", today(now)).market(Planned("", "", address=address))


class _Places:
    """Markets of addresses on one day; the table is read once."""

    def __init__(self, channel_kind: str, day: date) -> None:
        self.table, self.day = market_table(channel_kind), day

    def market(self, planned: Planned) -> str:
        if planned.market:
            return planned.market
        digits, _ = dialled(planned.address)
        return self.table.market_of(digits, self.day) if digits else ""
