"""What an invoice charges for a month, and how its lines take hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby, islice

from django.db import transaction
from django.db.models import Max

from billing.plans.periods import PLACES, Period, month_of, today
from billing.plans.services import count_seats
from billing.rating.lines import included_messages, noted_problems, rate_month, refresh, usage_target
from billing.rating.models import LineKind, RatedLine, RatedLineQuerySet, UnratedUsage
from billing.rating.month import Month, Piece
from billing.rating.problems import Problem, gathered
from billing.usage.models import DIMENSIONS, UsageRecord
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
    count_seats(today(now))
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
        lines = _lines_of(charge.key).of(company).open().select_for_update()
        if _charge(company, list(lines)) != charge:
            raise ChargesChanged(charge.key)
        lines.update(claimed_by=by, claimed_at=now)


@transaction.atomic
def release(company: Company, *, by: str) -> int:
    """Let go of what a draft has claimed; how many lines are open again."""
    hold(company)
    return RatedLine.objects.of(company).filter(claimed_by=by).update(claimed_by=None, claimed_at=None)


def messages_behind(charge_key: str) -> Iterator[UsageRecord]:
    """The usage records that a charge counts, in order of time within each day's kind of message.

    They are found by rating the month once more, so a charge that later usage has changed tells them as they are today.
    """
    line = _lines_of(charge_key).first()
    if line is None or line.kind in {LineKind.PLAN, LineKind.SEATS}:
        return iter(())
    company = Company.objects.get(pk=line.company_id)
    month = Month(company, month_of(line.month))
    found = _beyond(month, line) if line.kind == LineKind.FEE else _rated_like(month, line)
    since = _last_claim(line)
    return (record for record in found if since is None or record.recorded_at > since)


def _rated_like(month: Month, line: RatedLine) -> Iterator[UsageRecord]:
    for piece in list(month.pieces()):
        if usage_target(month, piece).charge_key == line.charge_key:
            yield from _records(month.company, piece)


def _records(company: Company, piece: Piece) -> Iterator[UsageRecord]:
    same = {name: getattr(piece.usage, name) for name in DIMENSIONS}
    records = UsageRecord.objects.of(company).standing().filter(day=piece.usage.day, **same).in_order()
    return islice(records.iterator(), piece.skip, piece.skip + piece.rated.quantity)


def _beyond(month: Month, line: RatedLine) -> Iterator[UsageRecord]:
    """Those after the messages the plan includes."""
    one = month.subscription_on(line.service_from)
    if one is None:
        return iter(())
    records = UsageRecord.objects.of(month.company).standing()
    of_part = records.filter(day__range=(line.service_from, line.service_to)).in_order()
    return islice(
        of_part.iterator(), included_messages(month.period, one.plan, line.service_from, line.service_to), None
    )


def _last_claim(line: RatedLine) -> datetime | None:
    """When the charge of the turn before was taken; what came later is behind this one."""
    earlier = RatedLine.objects.filter(company_id=line.company_id, month=line.month, charge_key=line.charge_key)
    last: datetime | None = earlier.filter(turn__lt=line.turn).aggregate(last=Max("claimed_at"))["last"]
    return last


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


def _lines_of(charge_key: str) -> RatedLineQuerySet:
    company, month, key, turn = charge_key.split("/")
    return RatedLine.objects.filter(
        company_id=Company.objects.get(public_id=company).pk,
        month=date.fromisoformat(f"{month}-01"),
        charge_key=key,
        turn=int(turn),
    )
