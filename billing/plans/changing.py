"""A company changes its plan by itself: from the next month on, and it may think again until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.plans.models import Plan, Subscription
from billing.plans.periods import month_of, today
from billing.plans.services import subscribe
from tenants.models import Company
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a company is on, and what it will be on."""

    current: Subscription | None
    coming: Subscription | None


def standing(company: Company, day: date) -> Standing:
    """One query."""
    found = Subscription.objects.of(company).filter(since__gte=day) | Subscription.objects.of(company).on(day)
    rows = sorted(found, key=lambda row: row.since)
    current = next((row for row in rows if row.since <= day), None)
    return Standing(current, next((row for row in rows if row.since > day), None))


def begins(held: Standing, day: date) -> date:
    """From when a change holds: the next month; at once for who has no plan."""
    return month_of(day).last + ONE_DAY if held.current else day


def is_apart(subscription: Subscription) -> bool:
    """Whether more was agreed than the plan itself says: a change ends it."""
    return bool(subscription.included) or subscription.seats != subscription.plan.seats


def month_with(plan: Plan, *, messages: int, seats: int) -> Decimal:
    """What a month of so many messages and seats costs on a plan, beside the messages' own prices."""
    return plan.fee_for(messages) + max(0, seats - plan.seats) * plan.extra_seat_fee


@transaction.atomic
def change_plan(company: Company, plan: Plan, *, actor: Actor, now: datetime) -> Subscription:
    """Put the company on a plan from the next month on; a change that was planned before is replaced."""
    _hold(company)
    held = standing(company, today(now))
    if not plan.is_public:
        raise Refused(_("This plan is not on offer any more."))
    if held.current and held.current.plan_id == plan.pk:
        raise Refused(_("The company is on this plan already."))
    former = held.coming or held.current
    _withdraw(company, held)
    made = subscribe(company, plan, since=begins(held, today(now)))
    audit.record(
        actor,
        "plan.changed",
        company=company,
        target=plan.name,
        before={"plan": former.plan.name if former else ""},
        after={"plan": plan.name, "since": made.since.isoformat()},
    )
    return made


@transaction.atomic
def keep_plan(company: Company, *, actor: Actor, now: datetime) -> bool:
    """Take a planned change back; False when there is none."""
    _hold(company)
    held = standing(company, today(now))
    if held.current is None or held.coming is None:
        return False
    _withdraw(company, held)
    audit.record(
        actor,
        "plan.kept",
        company=company,
        target=held.current.plan.name,
        before={"plan": held.coming.plan.name},
        after={"plan": held.current.plan.name},
    )
    return True


def _hold(company: Company) -> None:
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)


def _withdraw(company: Company, held: Standing) -> None:
    """The planned one has not begun, so nothing was charged for it; what it would have ended goes on."""
    if held.coming is None:
        return
    Subscription.objects.filter(company=company, pk=held.coming.pk).delete()
    before = held.coming.since - ONE_DAY
    Subscription.objects.filter(company=company, until=before).update(until=None)
