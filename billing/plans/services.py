"""Plans and who is on which: a change of a plan is a new version, a change of a subscription a new row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from billing.plans.models import Plan, SeatPeak, Subscription
from billing.plans.periods import Period, month_of
from tenants.models import Company, Membership
from tenants.services import audit
from tenants.services.audit import SYSTEM, Actor


class AlreadySubscribed(Exception):
    """The company has a later subscription; end or change that one."""


@transaction.atomic
def publish_plan(code: str, **figures: Any) -> Plan:
    """The next version of a plan is on offer from now on; who has an older one keeps it."""
    latest = Plan.objects.select_for_update().filter(code=code).order_by("-version").first()
    values: dict[str, Any] = {}
    if latest is not None:
        kept = ("name", "monthly_fee", "currency", "seats", "extra_seat_fee", "included_messages", "message_fee")
        values = {name: getattr(latest, name) for name in kept}
        Plan.objects.filter(code=code, is_public=True).update(is_public=False)
    version = latest.version + 1 if latest else 1
    return Plan.objects.create(**{**values, **figures, "code": code, "version": version, "is_public": True})


@transaction.atomic
def subscribe(
    company: Company,
    plan: Plan,
    *,
    since: date,
    seats: int | None = None,
    included: Mapping[str, int] | None = None,
    actor: Actor = SYSTEM,
) -> Subscription:
    """Put the company on a plan from a day on; what it had ends the day before. Raises AlreadySubscribed."""
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    if Subscription.objects.filter(company=company, since__gte=since).exists():
        raise AlreadySubscribed
    Subscription.objects.of(company).on(since).update(until=since - timedelta(days=1))
    made = Subscription.objects.create(
        company=company,
        plan=plan,
        since=since,
        currency=plan.currency,
        seats=plan.seats if seats is None else seats,
        included=dict(included or {}),
    )
    told = {"plan": f"{plan.name} {plan.version}", "valid_from": since.isoformat(), "seats": made.seats}
    audit.record(actor, "subscription.begun", company=company, target=company.name, after=told)
    return made


COUNT_SEATS = f"""
INSERT INTO {SeatPeak._meta.db_table} AS p (company_id, month, seats)
SELECT company_id, %s, count(*) FROM {Membership._meta.db_table} WHERE %s::bigint IS NULL OR company_id = %s
GROUP BY company_id ORDER BY company_id
ON CONFLICT (company_id, month) DO UPDATE SET seats = EXCLUDED.seats WHERE p.seats < EXCLUDED.seats
"""


def count_seats(day: date, company: Company | None = None) -> int:
    """Note for every company, or for one, how many people it has, if that is the most of the month.

    How many rows changed.
    """
    one = company.pk if company else None
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SEATS, [month_of(day).first, one, one])
        return int(cursor.rowcount)


def seats_used(company: Company, period: Period) -> int:
    """The most seats taken on a day of the month."""
    peak = SeatPeak.objects.filter(company=company, month=period.first).values_list("seats", flat=True).first()
    return peak or 0
