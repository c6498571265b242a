"""What a company's month cost, told apart: from its rated lines alone, and by day from its daily usage.

Neither looks at single messages, so a month of a million is as quick as one of ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F, Max, Min, Q, Sum

from billing.plans.periods import Period, month_of
from billing.rating.lines import noted_problems
from billing.rating.models import LineKind, RatedLine
from billing.rating.month import Month
from billing.rating.problems import Problem
from billing.rating.rate import known_category
from billing.usage.models import DailyUsage
from billing.usage.rollup import is_behind
from tenants.models import Company

ZERO = Decimal(0)
CENT = Decimal("0.01")
# What a line is told apart by, for each way to look at a month.
COLUMNS = {
    "market": ("market",),
    "category": ("category",),
    "number": ("channel_public_id",),
    "origin": ("origin", "broadcast_public_id"),
}
Key = tuple[str, ...]


@dataclass(slots=True)
class Part:
    """Messages that have something in common, what they cost, and between which prices."""

    key: Key
    quantity: int = 0
    free: int = 0
    lowest: Decimal | None = None
    highest: Decimal | None = None
    net: Decimal = ZERO

    def add(self, quantity: int, unit_price: Decimal) -> None:
        self.quantity += quantity
        self.net += quantity * unit_price
        if not unit_price:
            self.free += quantity
            return
        self.lowest = min(self.lowest or unit_price, unit_price)
        self.highest = max(self.highest or unit_price, unit_price)


@dataclass(frozen=True, slots=True)
class Bill:
    """All that the month has come to: messages with the plan's fee for them, and the plan itself."""

    currency: str = "EUR"
    messages: Decimal = ZERO
    fee: Decimal = ZERO
    fee_quantity: int = 0
    plan: Decimal = ZERO
    seats: Decimal = ZERO
    problems: tuple[Problem, ...] = ()
    is_behind: bool = False

    @property
    def spent(self) -> Decimal:
        """What a budget watches: everything that comes with messages."""
        return self.messages + self.fee

    @property
    def total(self) -> Decimal:
        return self.spent + self.plan + self.seats

    @property
    def unpriced(self) -> int:
        """Messages that wait for a price; the sums lack them."""
        return sum(problem.quantity for problem in self.problems if problem.missing != "subscription")


def bill(company: Company, period: Period) -> Bill:
    """The sums of a month as they are rated now."""
    lines = RatedLine.objects.of(company).filter(month=period.first)
    sums = {
        row["kind"]: row
        for row in lines.values("kind").annotate(net=Sum("net"), count=Sum("quantity"), money=Max("currency"))
    }
    net = {kind: row["net"] for kind, row in sums.items()}
    return Bill(
        currency=next((row["money"] for row in sums.values()), "EUR"),
        messages=net.get(LineKind.USAGE, ZERO),
        fee=net.get(LineKind.FEE, ZERO),
        fee_quantity=int(sums[LineKind.FEE]["count"]) if LineKind.FEE in sums else 0,
        plan=net.get(LineKind.PLAN, ZERO),
        seats=net.get(LineKind.SEATS, ZERO),
        problems=noted_problems(company, period),
        is_behind=is_behind(company),
    )


def parts_by(company: Company, period: Period, way: str) -> list[Part]:
    """The month's messages by market, category, number or origin; what costs most first."""
    names = COLUMNS[way]
    charged = Q(unit_price__gt=0, quantity__gt=0)
    rows = (
        RatedLine.objects.of(company)
        .filter(month=period.first, kind=LineKind.USAGE)
        .values_list(*names)
        .annotate(
            count=Sum("quantity"),
            free=Sum("quantity", filter=Q(unit_price=0)),
            low=Min("unit_price", filter=charged),
            high=Max("unit_price", filter=charged),
            sum=Sum("net"),
        )
        .order_by(F("sum").desc(), F("count").desc(), *names)
    )
    return [
        Part(tuple(row[: len(names)]), int(count), int(free or 0), low, high, net)
        for row in rows
        for count, free, low, high, net in [row[len(names) :]]
        if count or net
    ]


@dataclass
class Days:
    """A month by day: the parts in order, and the same by day and category for a drawing."""

    parts: list[Part] = field(default_factory=list)
    by_category: dict[str, dict[date, Decimal]] = field(default_factory=dict)


def days(company: Company, period: Period) -> Days:
    """Every day on which something was delivered."""
    parts: dict[date, Part] = {}
    nets: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for piece in Month(company, period).pieces():
        day, category = piece.usage.day, known_category(piece.usage.category)
        part = parts.setdefault(day, Part((day.isoformat(),)))
        part.add(piece.rated.quantity, piece.rated.unit_price)
        nets[category.value if category else piece.usage.category][day] += piece.rated.net
    return Days([parts[day] for day in sorted(parts)], {name: dict(found) for name, found in nets.items()})


def months_of(company: Company) -> list[Period]:
    """The months that have anything to show, newest first."""
    firsts = RatedLine.objects.of(company).order_by("-month").values_list("month", flat=True).distinct()
    return [month_of(first) for first in firsts]


def messages_in(company: Company, period: Period) -> int:
    """Delivered messages of a month, priced or not."""
    usage = DailyUsage.objects.of(company).between(period.first, period.last)
    return usage.aggregate(sum=Sum("quantity"))["sum"] or 0


def in_cents(amounts: Iterable[Decimal]) -> list[Decimal]:
    """Rounded to the cent so that together they are the rounded sum; what is left over goes to the largest rests."""
    exact = list(amounts)
    floors = [amount.quantize(CENT, "ROUND_FLOOR") for amount in exact]
    missing = int((sum(exact, ZERO).quantize(CENT, "ROUND_HALF_UP") - sum(floors, ZERO)) / CENT)
    by_rest = sorted(range(len(exact)), key=lambda place: floors[place] - exact[place])
    for place in by_rest[:missing]:
        floors[place] += CENT
    return floors
