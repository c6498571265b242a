"""What an invoice charges for a month, and how its lines take hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from django.db import transaction

from billing.plans.periods import PLACES, Period, month_of, today
from billing.plans.services import count_seats
from billing.rating.behind import lines_of, messages_behind
from billing.rating.lines import noted_problems, rate_month, refresh
from billing.rating.models import LineKind, RatedLine, UnratedUsage
from billing.rating.problems import Problem, gathered
from billing.usage.rollup import hold
from tenants.models import Company

__all__ = [
    "Charge",
    "Charges",
    "ChargesChanged",
    "Period",
    "Problem",
    "charges_for",
    "claim",
    "messages_behind",
    "month_of",
    "release",
]

UNITS = {LineKind.USAGE: "message", LineKind.FEE: "message", LineKind.PLAN: "month", LineKind.SEATS: "seat"}


@dataclass(frozen=True)
class Charge:
    """One line of an invoice to be. `description` holds plain facts, for words in the invoice's language."""

    key: str
    kind: str
    description: Mapping[str, str | int]
    quantity: Decimal
    unit: str
    unit_price: Decimal
    currency: str
    unit_cost: Decimal
    service_from: date
    service_to: date
    rate_ref: str
    rule_ref: str


@dataclass(frozen=True)
class Charges:
    """All that is due; with `problems` an invoice must not be issued."""

    charges: tuple[Charge, ...]
    problems: tuple[Problem, ...]


class ChargesChanged(Exception):
    """Usage, a price or another invoice came in between: ask for the charges again."""


@transaction.atomic
def charges_for(company: Company, period: Period, *, now: datetime) -> Charges:
    """All of the month, and of months before, that is on no invoice yet. Asking twice gives the same."""
    hold(company)
    # The seats of today, if nobody has counted them yet.
    count_seats(today(now), company)
    done = refresh(company, now=now)
    waiting = UnratedUsage.objects.filter(company=company, month__lte=period.first).values_list("month", flat=True)
    months = {period, *map(month_of, waiting)}
    for month in sorted(months - done):
        rate_month(company, month, now=now)
    problems = [problem for month in sorted(months) for problem in noted_problems(company, month)]
    return Charges(tuple(_open_charges(company, period)), gathered(problems))


@transaction.atomic
def claim(company: Company, charges: Sequence[Charge], *, by: str, now: datetime) -> None:
    """Take the charges for the invoice `by`, all or none. Raises ChargesChanged unless they stand as they were."""
    hold(company)
    for charge in charges:
        lines = lines_of(charge.key).of(company).open().select_for_update()
        if _charge(company, list(lines)) != charge:
            raise ChargesChanged(charge.key)
        lines.update(claimed_by=by, claimed_at=now)


@transaction.atomic
def release(company: Company, *, by: str) -> int:
    """Let go of what a draft has claimed; how many lines are open again."""
    hold(company)
    return RatedLine.objects.of(company).filter(claimed_by=by).update(claimed_by=None, claimed_at=None)


def _open_charges(company: Company, period: Period) -> Iterator[Charge]:
    lines = RatedLine.objects.of(company).open().filter(month__lte=period.first)
    in_order = sorted(lines, key=lambda line: (line.month, KINDS[line.kind], line.market, line.category, *_group(line)))
    for _key, group in groupby(in_order, key=_group):
        charge = _charge(company, list(group))
        if charge is not None and charge.quantity:
            yield charge


KINDS: dict[str, int] = {LineKind.PLAN: 1, LineKind.SEATS: 2, LineKind.FEE: 3, LineKind.USAGE: 4}


def _group(line: RatedLine) -> tuple[date, str, int]:
    return line.month, line.charge_key, line.turn


def _charge(company: Company, lines: list[RatedLine]) -> Charge | None:
    """What lines of one charge come to together."""
    if not lines:
        return None
    line = lines[0]
    quantity = sum((one.quantity for one in lines), Decimal(0))
    kind = "usage" if line.kind == LineKind.FEE else line.kind
    return Charge(
        key=f"{company.public_id}/{line.month:%Y-%m}/{line.charge_key}/{line.turn}",
        kind=kind if quantity >= 0 else "adjustment",
        description=_facts(line),
        quantity=quantity,
        unit=UNITS[LineKind(line.kind)],
        unit_price=line.unit_price,
        currency=line.currency,
        unit_cost=(line.unit_cost * line.exchange_rate).quantize(PLACES, ROUND_HALF_UP),
        service_from=min(one.service_from for one in lines),
        service_to=max(one.service_to for one in lines),
        rate_ref=line.rate_ref,
        rule_ref=line.rule_ref,
    )


def _facts(line: RatedLine) -> dict[str, str | int]:
    if line.kind == LineKind.USAGE:
        return {"market": line.market, "category": line.category, "rule": line.description["rule"], "turn": line.turn}
    return {"charge": line.kind, **line.description, "turn": line.turn}
