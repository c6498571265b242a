"""A company's month, walked through in one order: every message gets its rate, and its place among the free ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import groupby

from billing.plans.models import Subscription
from billing.plans.periods import Period
from billing.rating.card import Category
from billing.rating.problems import Missing, Problem, Unrated
from billing.rating.rate import (
    FREE_ENTRY,
    INCLUDED,
    REPORTED,
    RatedUsage,
    Usage,
    counts_for_allowance,
    known_category,
    rate,
)
from billing.rating.rules import NoRules, rules_on
from billing.rating.tariff import Prices, Tariff, load_prices, load_tariff
from billing.usage.models import DIMENSIONS, DailyUsage, UsageRecord
from tenants.models import Company

# Of a company that has no plan yet.
CURRENCY = "EUR"
SERVICE_WORDS = [Category.SERVICE.value, *(word for word, known in REPORTED.items() if known is Category.SERVICE)]
Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Messages of a day's usage that are priced alike: so many, after the first `skip` by time."""

    usage: DailyUsage
    skip: int
    rated: RatedUsage


@dataclass
class Tally:
    """What was counted so far in the month."""

    service: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    charged: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    # By category alone: a change of plan within the month gives no second portion.
    included: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Month:
    """One company and month with all that prices it. Reading it twice gives the same."""

    company: Company
    period: Period
    channel_kind: str = "whatsapp"
    problems: list[Problem] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @cached_property
    def usage(self) -> list[DailyUsage]:
        return list(DailyUsage.objects.of(self.company).between(self.period.first, self.period.last).in_order())

    @cached_property
    def subscriptions(self) -> list[Subscription]:
        return list(Subscription.objects.of(self.company).between(self.period.first, self.period.last))

    @cached_property
    def tariff(self) -> Tariff:
        return load_tariff(self.channel_kind)

    @cached_property
    def _prices(self) -> dict[str, Prices]:
        return {}

    def prices(self, currency: str) -> Prices:
        if currency not in self._prices:
            self._prices[currency] = load_prices(self.company, currency)
        return self._prices[currency]

    def subscription_on(self, day: date) -> Subscription | None:
        return next(
            (one for one in self.subscriptions if one.since <= day and (one.until is None or day <= one.until)), None
        )

    def currency_on(self, day: date) -> str:
        subscription = self.subscription_on(day)
        return subscription.currency if subscription else CURRENCY

    def pieces(self) -> Iterator[Piece]:
        """All usage of the month with its price; what has none is noted in `problems`."""
        self.tally, self.problems = Tally(), []
        for day, cells in groupby(self.usage, key=lambda usage: usage.day):
            of_day = list(cells)
            if self.subscription_on(day) is None:
                self.problems.append(Problem(Missing.SUBSCRIPTION, day, quantity=sum(c.quantity for c in of_day)))
            free = self._free_of_day(day, of_day)
            for usage in of_day:
                yield from self._pieces_of(usage, free.get(cell(usage), usage.quantity))
            for usage in of_day:
                self.count_service(usage.number, usage.category, usage.pricing_type, usage.quantity)

    def rate_next(self, usage: Usage) -> Sequence[RatedUsage]:
        """Price messages that come after all that was counted so far, and count them. Raises Unrated."""
        subscription = self.subscription_on(usage.day)
        category = known_category(usage.category) or usage.category
        place = (usage.market, category)
        covered = int(subscription.included.get(category, 0)) if subscription else 0
        left = max(0, covered - self.tally.included[category])
        placed = replace(usage, charged_before=self.tally.charged[place], included_left=left)
        parts = rate(placed, tariff=self.tariff, prices=self.prices(self.currency_on(usage.day)))
        self.tally.charged[place] += sum(part.quantity for part in parts if part.is_charged)
        self.tally.included[category] += sum(part.quantity for part in parts if part.price_id == INCLUDED)
        return parts

    def count_service(self, number: str, category: str, pricing_type: str, quantity: int) -> None:
        """Let service messages use up the free ones of their number."""
        if counts_for_allowance(category, pricing_type):
            self.tally.service[number] += quantity

    def _pieces_of(self, usage: DailyUsage, within: int) -> Iterator[Piece]:
        """Its messages before the number's free ones end, then the others."""
        skip = 0
        for quantity, before in ((within, self.tally.service[usage.number]), (usage.quantity - within, PAST_FREE)):
            start = skip
            for part in self._rated(usage, quantity, before):
                yield Piece(usage, start, part)
                start += part.quantity
            skip += quantity

    def _rated(self, usage: DailyUsage, quantity: int, service_before: int) -> Sequence[RatedUsage]:
        """Nothing for what has no price; the problem is noted."""
        if not quantity:
            return ()
        try:
            return self.rate_next(
                Usage(usage.market, usage.category, usage.pricing_type, usage.day, quantity, service_before)
            )
        except Unrated as error:
            self.problems.append(error.problem)
            return ()

    def _free_of_day(self, day: date, cells: list[DailyUsage]) -> dict[Cell, int]:
        """How many messages of each cell are within their number's free ones; only cells that are cut are told.

        Days before and after the one on which the free ones end need no look at single messages.
        """
        try:
            allowance = rules_on(day).free_service_per_number_and_month
        except NoRules:
            return {}
        free: dict[Cell, int] = {}
        for number in {usage.number for usage in cells}:
            service = [
                usage
                for usage in cells
                if usage.number == number and counts_for_allowance(usage.category, usage.pricing_type)
            ]
            left = allowance - self.tally.service[number]
            if sum(usage.quantity for usage in service) <= left:
                continue
            free |= {cell(usage): 0 for usage in service}
            if left > 0:
                for key in self._first_service(day, number, left):
                    free[key] += 1
        return free

    def _first_service(self, day: date, number: str, most: int) -> Iterator[Cell]:
        records = UsageRecord.objects.of(self.company).standing().filter(day=day, number=number)
        service = records.filter(category__in=SERVICE_WORDS).exclude(pricing_type=FREE_ENTRY)
        return iter(service.in_order().values_list(*DIMENSIONS)[:most])


# More service messages than any allowance.
PAST_FREE = 10**12


def cell(usage: DailyUsage | UsageRecord) -> Cell:
    return tuple(getattr(usage, name) for name in DIMENSIONS)
