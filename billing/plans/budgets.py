"""Money put aside before a message is sent, given back when it is not, and told when the limit comes near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Sum
from django.utils import timezone

from billing.plans.budget_mail import tell_admins
from billing.plans.budget_models import ALERTS, Budget, BudgetAlert, BudgetMonth, Reservation, ReservationState
from billing.plans.periods import Period, elapsed, month_of, today
from billing.usage.models import UsageRecord
from tenants.models import Company

ZERO = Decimal(0)
HELD = (ReservationState.OPEN, ReservationState.SETTLED)
RESERVATION, MONTH = Reservation._meta.db_table, BudgetMonth._meta.db_table
# One statement each, under the month's lock: what is held and what the month says of it never differ.
RESERVE_MANY = f"""
WITH held AS (
    INSERT INTO {RESERVATION} AS r (company_id, key, month, amount, state, reserved_at)
    SELECT %(company)s, w.key, %(month)s, w.amount, 'open', %(now)s
    FROM unnest(%(keys)s::text[], %(amounts)s::numeric[]) AS w (key, amount)
    ON CONFLICT (company_id, key) DO UPDATE
    SET month = EXCLUDED.month, amount = EXCLUDED.amount, state = 'open', reserved_at = EXCLUDED.reserved_at
    WHERE r.state = 'released'
    RETURNING amount
)
UPDATE {MONTH} SET reserved = reserved + (SELECT COALESCE(sum(amount), 0) FROM held) WHERE id = %(id)s
RETURNING reserved
"""
RELEASE_MANY = f"""
WITH gone AS (
    UPDATE {RESERVATION} SET state = 'released'
    WHERE company_id = %(company)s AND key = ANY(%(keys)s) AND state = 'open' AND month = ANY(%(months)s)
    RETURNING month, amount
), sums AS (
    SELECT month, sum(amount) AS amount, count(*) AS count FROM gone GROUP BY month
), given_back AS (
    UPDATE {MONTH} m SET reserved = m.reserved - s.amount FROM sums s
    WHERE m.company_id = %(company)s AND m.month = s.month
)
SELECT COALESCE(sum(count), 0) FROM sums
"""


class BudgetReached(Exception):
    """The month's budget does not cover this: raise it, or wait for the next month. `left` says what it would cover."""

    def __init__(self, left: Decimal, currency: str) -> None:
        super().__init__(f"{left} {currency} left")
        self.left, self.currency = left, currency


@dataclass(frozen=True)
class Spending:
    """A month's money: what is used, what is under way, what it may be, and where it leads."""

    period: Period
    rated: Decimal
    reserved: Decimal
    forecast: Decimal
    limit: Decimal | None
    currency: str

    @property
    def committed(self) -> Decimal:
        return self.rated + self.reserved

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else max(ZERO, self.limit - self.committed)


@transaction.atomic
def set_budget(
    company: Company, *, month_limit: Decimal, hard_stop: bool, reply_reserve: Decimal, currency: str, now: datetime
) -> Budget:
    """What may be spent from now on; thresholds already passed are told at once."""
    values = {"month_limit": month_limit, "hard_stop": hard_stop, "reply_reserve": reply_reserve, "currency": currency}
    budget, _ = Budget.objects.update_or_create(company=company, defaults={**values, "changed_at": now})
    _tell(budget, _month(company, today(now)), now)
    return budget


@transaction.atomic
def remove_budget(company: Company) -> bool:
    """From now on nothing is watched; False when there was none."""
    _month(company, today(timezone.now()))
    return bool(Budget.objects.filter(company=company).delete()[0])


def room(budget: Budget, month: BudgetMonth, *, for_reply: bool) -> Decimal:
    """What may still be reserved; the reserve is for replies alone."""
    limit = budget.month_limit if for_reply else budget.month_limit - budget.reply_reserve
    return limit - month.committed


def budget_allows(company: Company, amount: Decimal, *, now: datetime, for_reply: bool = False) -> bool:
    """Whether so much could be reserved now. Only `reserve` holds it."""
    budget = Budget.objects.filter(company=company).first()
    if budget is None or not budget.hard_stop:
        return True
    month = BudgetMonth.objects.filter(company=company, month=month_of(today(now)).first).first()
    return amount <= room(budget, month or BudgetMonth(), for_reply=for_reply)


@transaction.atomic
def reserve(company: Company, key: str, amount: Decimal, *, now: datetime, for_reply: bool = False) -> Reservation:
    """Put money aside for a message; the same key again is the same reservation. Raises BudgetReached."""
    budget = Budget.objects.filter(company=company).first()
    month = _month(company, today(now))
    known = Reservation.objects.filter(company=company, key=key).first()
    if known is not None and known.state != ReservationState.RELEASED:
        return known
    if budget and budget.hard_stop and amount > (left := room(budget, month, for_reply=for_reply)):
        raise BudgetReached(max(ZERO, left), budget.currency)
    made, _ = Reservation.objects.update_or_create(
        company=company,
        key=key,
        defaults={"month": month.month, "amount": amount, "state": ReservationState.OPEN, "reserved_at": now},
    )
    _hold(month, amount)
    if budget:
        _tell(budget, month, now)
    return made


@transaction.atomic
def release(company: Company, key: str) -> bool:
    """Give back what was put aside, since nothing was sent; False when it was not open any more."""
    found = Reservation.objects.filter(company=company, key=key, state=ReservationState.OPEN).first()
    if found is None:
        return False
    month = _month(company, found.month)
    if not Reservation.objects.filter(pk=found.pk, state=ReservationState.OPEN).update(state=ReservationState.RELEASED):
        return False
    _hold(month, -found.amount)
    return True


@transaction.atomic
def settle(company: Company, key: str, amount: Decimal) -> bool:
    """Keep what the message really cost, until rated usage holds it; False when it was not open any more."""
    found = Reservation.objects.filter(company=company, key=key, state=ReservationState.OPEN).first()
    if found is None:
        return False
    month = _month(company, found.month)
    open_one = Reservation.objects.select_for_update().filter(pk=found.pk, state=ReservationState.OPEN).first()
    if open_one is None:
        return False
    _hold(month, amount - open_one.amount)
    open_one.amount, open_one.state = amount, ReservationState.SETTLED
    open_one.save(update_fields=["amount", "state"])
    return True


# --- Many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reserved:
    """How many of those asked for fit, in their order. `left` is what more may be held, None where nothing stops it."""

    count: int
    left: Decimal | None
    currency: str


@transaction.atomic
def reserve_many(
    company: Company, wanted: Sequence[tuple[str, Decimal | None]], *, now: datetime, for_reply: bool = False
) -> Reserved:
    """Put money aside for messages, as many as fit; keys differ. A price nobody knows fits where nothing stops it."""
    budget = Budget.objects.filter(company=company).first()
    month = _month(company, today(now))
    left = room(budget, month, for_reply=for_reply) if budget and budget.hard_stop else None
    fitting = list(_fitting(wanted, left))
    held = [(key, amount) for key, amount in fitting if amount]
    if held:
        with connection.cursor() as cursor:
            cursor.execute(
                RESERVE_MANY,
                {
                    "company": company.pk,
                    "id": month.pk,
                    "month": month.month,
                    "now": now,
                    "keys": [key for key, _amount in held],
                    "amounts": [amount for _key, amount in held],
                },
            )
            before, (month.reserved,) = month.reserved, cursor.fetchone()
        left = None if left is None else left - (month.reserved - before)
        if budget:
            _tell(budget, month, now)
    return Reserved(len(fitting), left if left is None else max(ZERO, left), budget.currency if budget else "")


def _fitting(
    wanted: Sequence[tuple[str, Decimal | None]], left: Decimal | None
) -> Iterator[tuple[str, Decimal | None]]:
    """The first ones, up to the one that does not fit."""
    for key, amount in wanted:
        if left is not None:
            if amount is None or amount > left:
                return
            left -= amount
        yield key, amount


@transaction.atomic
def release_many(company: Company, keys: Sequence[str]) -> int:
    """Give back what was put aside for messages that were not sent; how many there were."""
    found = Reservation.objects.filter(company=company, key__in=keys, state=ReservationState.OPEN).order_by("month")
    months = list(found.values_list("month", flat=True).distinct()) if keys else []
    if not months:
        return 0
    # The month's lock comes before the reservations', as everywhere.
    for first in months:
        _month(company, first)
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_MANY, {"company": company.pk, "keys": list(keys), "months": months})
        return int(cursor.fetchone()[0])


def used_reservations(company: Company) -> list[int]:
    """Those whose message has a usage record by now. Ask before counting, so that the count holds all of them."""
    record = UsageRecord.objects.filter(company_id=company.pk, source_key=OuterRef("key"))
    return list(
        Reservation.objects.filter(Exists(record), company=company, state__in=HELD).values_list("pk", flat=True)
    )


@transaction.atomic
def record_rated(company: Company, period: Period, amount: Decimal, *, counted: Sequence[int], now: datetime) -> None:
    """The month's rated usage is `amount`, and these reservations are in it: each is let go of in its own month."""
    month = _month(company, period.first)
    held = Reservation.objects.filter(pk__in=counted, month=month.month, state__in=HELD)
    given_back = held.aggregate(sum=Sum("amount"))["sum"] or ZERO
    held.update(state=ReservationState.COUNTED)
    if given_back or month.rated != amount:
        month.rated, month.reserved = amount, month.reserved - given_back
        month.save(update_fields=["rated", "reserved"])
    budget = Budget.objects.filter(company=company).first()
    # What comes late for a month that is over stops nothing any more.
    if budget and period == month_of(today(now)):
        _tell(budget, month, now)


def spending(company: Company, *, now: datetime) -> Spending:
    """Where the month stands, and where it ends if it goes on like this."""
    period = month_of(today(now))
    month = BudgetMonth.objects.filter(company=company, month=period.first).first() or BudgetMonth()
    budget = Budget.objects.filter(company=company).first()
    over = elapsed(period, now)
    # A month without a row has its defaults, which are no decimals yet.
    rated, reserved = Decimal(month.rated), Decimal(month.reserved)
    forecast = reserved + (rated / over if over else rated)
    return Spending(
        period,
        rated,
        reserved,
        forecast.quantize(Decimal("0.01")),
        budget.month_limit if budget else None,
        budget.currency if budget else "EUR",
    )


def _month(company: Company, day: date) -> BudgetMonth:
    """The month's row, locked until the transaction ends."""
    first = month_of(day).first
    BudgetMonth.objects.bulk_create([BudgetMonth(company=company, month=first)], ignore_conflicts=True)
    return BudgetMonth.objects.select_for_update().get(company=company, month=first)


def _hold(month: BudgetMonth, amount: Decimal) -> None:
    BudgetMonth.objects.filter(pk=month.pk).update(reserved=F("reserved") + amount)
    month.reserved += amount


def _tell(budget: Budget, month: BudgetMonth, now: datetime) -> None:
    """Note every threshold that is passed, once a month, and write to the admins of the highest one that is new.

    The caller holds the month's lock, so that of two who send at once one tells.
    """
    passed = {percent for percent in ALERTS if month.committed * 100 >= budget.month_limit * percent}
    if not passed:
        return
    told = BudgetAlert.objects.filter(company_id=budget.company_id, month=month.month)
    new = sorted(passed - set(told.values_list("percent", flat=True)))
    BudgetAlert.objects.bulk_create(
        BudgetAlert(company_id=budget.company_id, month=month.month, percent=percent, passed_at=now) for percent in new
    )
    if new:
        tell_admins(budget, month, new[-1])
