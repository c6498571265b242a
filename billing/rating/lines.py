"""From daily usage to priced lines: the whole month is worked out and only the difference written.

What is claimed by an invoice stays; what the month has more or less than that becomes an open line of the next turn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from billing.plans.budget_models import Reservation
from billing.plans.budgets import record_rated, used_reservations
from billing.plans.models import Plan, Subscription
from billing.plans.periods import PLACES, Period, month_of
from billing.plans.services import seats_used
from billing.rating.models import LineKind, RatedLine, UnratedUsage
from billing.rating.month import Month, Piece
from billing.rating.problems import Problem, gathered
from billing.rating.rate import known_category
from billing.usage.rollup import hold, marks_of, roll_up
from tenants.models import Company

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Target:
    """A line as the month should have it."""

    kind: str
    key: str
    charge_key: str
    quantity: Decimal
    unit_price: Decimal
    currency: str
    service_from: date
    service_to: date
    unit_cost: Decimal = ZERO
    cost_currency: str = ""
    exchange_rate: Decimal = ONE
    facts: dict[str, Any] = field(default_factory=dict)

    def values(self, quantity: Decimal) -> dict[str, Any]:
        """The columns of a line that charges so many of them."""
        return {
            "kind": self.kind,
            "charge_key": self.charge_key,
            "service_from": self.service_from,
            "service_to": self.service_to,
            "quantity": quantity,
            "unit_cost": self.unit_cost,
            "cost_currency": self.cost_currency or self.currency,
            "exchange_rate": self.exchange_rate,
            "unit_price": self.unit_price,
            "currency": self.currency,
            "cost": quantity * self.unit_cost * self.exchange_rate,
            "net": quantity * self.unit_price,
            **self.facts,
        }


@dataclass(frozen=True)
class RatedMonth:
    """What came of rating: rows that changed, a hash of what stands there now, and what has no price."""

    changed: int
    digest: str
    problems: tuple[Problem, ...]


@transaction.atomic
def refresh(company: Company, *, now: datetime) -> set[Period]:
    """Bring days, lines and budget up to date with the records of before; the months that were touched.

    What comes meanwhile leaves its day behind. Going on with it here would never end while a company sends, and would
    ask for a day's lock while the month's is held.
    """
    hold(company)
    # In this order: what the reservations became is in the count that follows, and a record that comes after the
    # question leaves its day behind, so that its reservation is found the next time.
    marks = marks_of(company)
    used = used_reservations(company)
    months = {month_of(day) for day in roll_up(company, marks).days}
    reserved_in = Reservation.objects.filter(pk__in=used).values_list("month", flat=True).distinct()
    for period in sorted(months):
        rate_month(company, period, now=now)
    for period in sorted(months | {month_of(first) for first in reserved_in}):
        record_rated(company, period, spent(company, period), counted=used, now=now)
    return months


def spent(company: Company, period: Period) -> Decimal:
    """What the month's messages cost the company so far, late ones included."""
    lines = RatedLine.objects.of(company).filter(month=period.first, kind__in=[LineKind.USAGE, LineKind.FEE])
    return (lines.aggregate(sum=Sum("net"))["sum"] or ZERO).quantize(PLACES)


@transaction.atomic
def rate_month(company: Company, period: Period, *, now: datetime) -> RatedMonth:
    """Price a company's month. A second run changes nothing."""
    hold(company)
    month = Month(company, period)
    targets = list(summed([*usage_targets(month), *fee_targets(month), *plan_targets(month)]))
    problems = gathered(month.problems)
    changed = _write(company, period, targets, now) + _note(company, period, problems)
    return RatedMonth(changed, digest(company, period), problems)


def usage_targets(month: Month) -> Iterator[Target]:
    return (usage_target(month, piece) for piece in month.pieces())


def usage_target(month: Month, piece: Piece) -> Target:
    usage, rated = piece.usage, piece.rated
    category = known_category(usage.category)
    refs = {"rate_ref": rated.rate_id, "rule_ref": rated.rule_id, "price_ref": rated.price_id}
    money = [rated.unit_cost, rated.cost_currency, rated.exchange_rate, rated.unit_price, rated.currency]
    word = category.value if category else usage.category
    first, last = month.period.part(rated.valid_from, rated.valid_to) or (usage.day, usage.day)
    # Not the last day: a later change of price may still end the stretch.
    common = [LineKind.USAGE.value, usage.market, word, first.isoformat(), *refs.values(), *map(str, money)]
    own = [usage.channel_public_id, usage.number, usage.category, usage.pricing_type]
    return Target(
        kind=LineKind.USAGE,
        key=hashed([*common, *own, usage.origin, usage.broadcast_public_id]),
        charge_key=hashed(common),
        quantity=Decimal(rated.quantity),
        unit_price=rated.unit_price,
        currency=rated.currency,
        service_from=first,
        service_to=last,
        unit_cost=rated.unit_cost,
        cost_currency=rated.cost_currency,
        exchange_rate=rated.exchange_rate,
        facts={
            "channel_public_id": usage.channel_public_id,
            "number": usage.number,
            "market": usage.market,
            "category": word,
            "pricing_type": usage.pricing_type,
            "origin": usage.origin,
            "broadcast_public_id": usage.broadcast_public_id,
            "description": dict(rated.explanation),
            **refs,
        },
    )


def fee_targets(month: Month) -> Iterator[Target]:
    """The plan's own fee for the messages beyond those it includes; part of a month includes its part."""
    for one, first, last in _parts(month):
        messages = sum(usage.quantity for usage in month.usage if first <= usage.day <= last)
        beyond = messages - included_messages(month.period, one.plan, first, last)
        if beyond > 0 and one.plan.message_fee:
            yield _plan_target(one, LineKind.FEE, Decimal(beyond), one.plan.message_fee, (first, last))


def included_messages(period: Period, plan: Plan, first: date, last: date) -> int:
    return int(plan.included_messages * period.share(first, last))


def plan_targets(month: Month) -> Iterator[Target]:
    """The monthly fee and the seats beyond the included ones, by days."""
    seats = seats_used(month.company, month.period)
    for one, first, last in _parts(month):
        share = month.period.share(first, last)
        if one.plan.monthly_fee:
            yield _plan_target(one, LineKind.PLAN, share, one.plan.monthly_fee, (first, last))
        extra = max(0, seats - one.seats)
        if extra and one.plan.extra_seat_fee:
            yield _plan_target(one, LineKind.SEATS, extra * share, one.plan.extra_seat_fee, (first, last))


def _parts(month: Month) -> Iterator[tuple[Subscription, date, date]]:
    for one in month.subscriptions:
        days = month.period.part(one.since, one.until)
        assert days is not None, "only subscriptions of the month are read"
        yield one, *days


def _plan_target(
    one: Subscription, kind: LineKind, quantity: Decimal, unit_price: Decimal, days: tuple[date, date]
) -> Target:
    plan = one.plan
    key = hashed([kind.value, one.public_id, plan.code, str(plan.version), str(unit_price), plan.currency])
    return Target(
        kind=kind,
        key=key,
        charge_key=key,
        quantity=quantity,
        unit_price=unit_price,
        currency=plan.currency,
        service_from=days[0],
        service_to=days[1],
        facts={
            "rate_ref": f"{plan.code}/{plan.version}",
            "description": {"plan": plan.name, "version": plan.version, "seats": one.seats},
        },
    )


def summed(targets: Iterable[Target]) -> Iterator[Target]:
    """One target per key: the same messages in any portions make the same lines."""
    found: dict[str, Target] = {}
    for target in targets:
        known = found.get(target.key)
        found[target.key] = replace(known, quantity=known.quantity + target.quantity) if known else target
    return iter(found.values())


def _write(company: Company, period: Period, targets: list[Target], now: datetime) -> int:
    """Make the open lines of the month what is missing beside the claimed ones; how many rows changed."""
    lines = list(RatedLine.objects.of(company).filter(month=period.first).select_for_update().order_by("pk"))
    claimed, turns = _claimed(lines)
    wanted: dict[tuple[str, int], dict[str, Any]] = {}
    for target in targets:
        quantity = target.quantity - claimed.pop(target.key, (None, ZERO))[1]
        if quantity:
            wanted[target.key, turns.get(target.charge_key, 0)] = target.values(quantity)
    # What was claimed and is no more: the next invoice takes it back.
    for key, (line, quantity) in claimed.items():
        if line is not None and quantity:
            wanted[key, turns.get(line.charge_key, 0)] = taken_back(line, -quantity)
    return _store(company, period, [line for line in lines if line.claimed_by is None], wanted, now)


def _claimed(lines: list[RatedLine]) -> tuple[dict[str, tuple[RatedLine | None, Decimal]], dict[str, int]]:
    """What is on invoices per key, and the next turn per charge."""
    sums: dict[str, tuple[RatedLine | None, Decimal]] = {}
    turns: dict[str, int] = {}
    for line in lines:
        if line.claimed_by is not None:
            sums[line.key] = (line, sums.get(line.key, (None, ZERO))[1] + line.quantity)
            turns[line.charge_key] = max(turns.get(line.charge_key, 0), line.turn + 1)
    return sums, turns


COPIED = (
    "kind charge_key channel_public_id number market category pricing_type origin broadcast_public_id description"
    " service_from service_to rate_ref rule_ref price_ref unit_cost cost_currency exchange_rate unit_price currency"
).split()


def taken_back(line: RatedLine, quantity: Decimal) -> dict[str, Any]:
    values = {name: getattr(line, name) for name in COPIED}
    cost = quantity * line.unit_cost * line.exchange_rate
    return {**values, "quantity": quantity, "cost": cost, "net": quantity * line.unit_price}


def _store(
    company: Company,
    period: Period,
    standing: list[RatedLine],
    wanted: dict[tuple[str, int], dict[str, Any]],
    now: datetime,
) -> int:
    changed, gone = [], []
    for line in standing:
        values = wanted.pop((line.key, line.turn), None)
        if values is None:
            gone.append(line.pk)
        elif any(getattr(line, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(line, name, value)
            changed.append(line)
    new = [
        RatedLine(company=company, month=period.first, key=key, turn=turn, made_at=now, **values)
        for (key, turn), values in wanted.items()
    ]
    if gone:
        RatedLine.objects.filter(pk__in=gone).delete()
    if changed:
        RatedLine.objects.bulk_update(changed, [*COPIED, "quantity", "cost", "net"], batch_size=500)
    RatedLine.objects.bulk_create(new, batch_size=1000)
    return len(gone) + len(changed) + len(new)


def _note(company: Company, period: Period, problems: tuple[Problem, ...]) -> int:
    """Keep the problems of the month, if they are others than before."""
    noted = UnratedUsage.objects.filter(company=company, month=period.first)
    if noted_problems(company, period) == problems:
        return 0
    noted.delete()
    names = ("missing", "day", "market", "category", "currency", "quantity")
    UnratedUsage.objects.bulk_create(
        UnratedUsage(company=company, month=period.first, **{name: getattr(problem, name) for name in names})
        for problem in problems
    )
    return len(problems) or 1


def noted_problems(company: Company, period: Period) -> tuple[Problem, ...]:
    """What had no price when the month was rated last."""
    rows = UnratedUsage.objects.filter(company=company, month=period.first)
    return tuple(
        sorted(Problem(row.missing, row.day, row.market, row.category, row.currency, row.quantity) for row in rows)
    )


def digest(company: Company, period: Period) -> str:
    """A hash of the month's lines: the same usage, rates and rules give the same."""
    rows = RatedLine.objects.of(company).filter(month=period.first).order_by("key", "turn")
    names = ("key", "turn", "quantity", "unit_cost", "unit_price", "currency", "cost", "net")
    return hashed([str(value) for row in rows.values_list(*names) for value in row])


def hashed(words: list[str]) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]
