"""A company's plan: pinned, one at a time, its seats noted as they were taken."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from billing import tasks
from billing.plans.models import Plan, SeatPeak, Subscription
from billing.plans.periods import month_of
from billing.plans.services import AlreadySubscribed, count_seats, publish_plan, seats_used, subscribe
from billing.rating.charges import charges_for
from billing.rating.lines import rate_month, refresh
from billing.rating.models import RatedLine
from billing.usage.metering import DELAY, KIND
from tenants.models import Company, DueWork, Membership, User
from tests.billing.metered import NOVEMBER as MIDDAY, on_plan, publish, use

NOVEMBER = month_of(date(2026, 11, 1))


@pytest.fixture
def start(db: None) -> Plan:
    return Plan.objects.get(code="start")


def test_a_new_version_is_on_offer_and_the_old_one_kept_by_who_has_it(acme: Company, start: Plan) -> None:
    subscription = subscribe(acme, start, since=date(2026, 11, 1))
    newer = publish_plan("start", monthly_fee=Decimal(39))
    assert (newer.version, newer.seats) == (2, start.seats)
    assert [plan.monthly_fee for plan in Plan.objects.on_offer().filter(code="start")] == [39]
    subscription.refresh_from_db()
    assert subscription.plan.monthly_fee == 29


def test_a_plan_somebody_is_on_never_changes(acme: Company, start: Plan) -> None:
    Plan.objects.filter(pk=start.pk).update(monthly_fee=30)
    subscribe(acme, start, since=date(2026, 11, 1))
    with pytest.raises(DatabaseError, match="next version"), transaction.atomic():
        Plan.objects.filter(pk=start.pk).update(monthly_fee=31)
    Plan.objects.filter(pk=start.pk).update(is_public=False)


def test_another_plan_ends_the_one_before(acme: Company, start: Plan) -> None:
    first = subscribe(acme, start, since=date(2026, 1, 1))
    second = subscribe(acme, Plan.objects.get(code="team"), since=date(2026, 11, 16))
    first.refresh_from_db()
    assert first.until == date(2026, 11, 15)
    assert [Subscription.objects.of(acme).on(day).get() for day in (first.until, second.since)] == [first, second]
    with pytest.raises(AlreadySubscribed):
        subscribe(acme, start, since=date(2026, 11, 16))


def test_a_company_has_one_plan_at_a_time(acme: Company, globex: Company, start: Plan) -> None:
    subscribe(acme, start, since=date(2026, 1, 1))
    subscribe(globex, start, since=date(2026, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(company=acme, plan=start, since=date(2027, 1, 1), currency="EUR", seats=1)


def test_the_most_seats_of_a_month_count(acme: Company, outsider: User) -> None:
    count_seats(date(2026, 11, 3))
    joined = Membership.objects.create(company=acme, user=outsider, role="agent")
    assert count_seats(date(2026, 11, 4)) == 1
    joined.delete()
    assert count_seats(date(2026, 11, 5)) == 0
    assert seats_used(acme, NOVEMBER) == 3
    assert seats_used(acme, month_of(date(2026, 12, 1))) == 0


def test_asking_for_charges_counts_the_seats_of_today(acme: Company) -> None:
    on_plan(acme, seats=1, extra_seat_fee=9)
    (seats,) = charges_for(acme, NOVEMBER, now=MIDDAY).charges
    assert (seats.kind, seats.quantity, seats.unit_price) == ("seats", 1, 9)


def test_one_company_s_charges_leave_the_seats_of_the_others_alone(acme: Company, globex: Company) -> None:
    charges_for(acme, NOVEMBER, now=MIDDAY)
    assert list(SeatPeak.objects.values_list("company", flat=True)) == [acme.pk]
    assert count_seats(MIDDAY.date()) == Company.objects.filter(memberships__isnull=False).distinct().count() - 1


def test_the_task_rates_what_is_behind_and_settles_its_round(
    acme: Company, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    publish([("Germany", "marketing", "0.10")])
    on_plan(acme)
    use(acme, 3)
    tasks.rate_usage(acme.pk)
    assert RatedLine.objects.get().net == Decimal("0.30")
    assert not DueWork.objects.filter(kind=KIND).exists()


def test_while_more_comes_the_task_comes_back_after_a_while(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    publish([("Germany", "marketing", "0.10")])
    on_plan(acme)
    use(acme, 1)

    def refreshed(company: Company, *, now: datetime) -> None:
        refresh(company, now=now)
        use(company, 1, prefix="meanwhile")
        # Somebody else marked the day before: nobody announces it.
        DueWork.objects.filter(kind=KIND).update(announced=1)

    monkeypatch.setattr(tasks, "refresh", refreshed)
    before = timezone.now()
    tasks.rate_usage(acme.pk)
    assert DueWork.objects.get(kind=KIND).due_at >= before + DELAY
    monkeypatch.undo()
    tasks.rate_usage(acme.pk)
    assert RatedLine.objects.get().quantity == 2
    assert not DueWork.objects.filter(kind=KIND).exists()


@given(day=st.dates(date(2024, 1, 1), date(2030, 12, 31)), cuts=st.sets(st.integers(1, 30), max_size=4))
def test_the_parts_of_a_month_make_the_whole(day: date, cuts: set[int]) -> None:
    """I-09, I-24"""
    period = month_of(day)
    starts = [1, *sorted(cut + 1 for cut in cuts if cut < period.days)]
    ends = [*(start - 1 for start in starts[1:]), period.days]
    shares = [
        period.share(period.first.replace(day=first), period.first.replace(day=last))
        for first, last in zip(starts, ends, strict=True)
    ]
    assert sum(shares) == 1
    assert (period.first.day, period.days) == (1, calendar.monthrange(day.year, day.month)[1])
    assert period.part(day, day) == (day, day)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    month=st.sampled_from([date(2027, 2, 1), date(2028, 2, 1), date(2026, 10, 1), date(2026, 11, 1)]),
    cuts=st.sets(st.integers(2, 28), max_size=3),
    fee=st.decimals(min_value=0, max_value=999, places=2),
)
def test_changes_of_plan_at_the_same_price_cost_a_whole_month(
    acme: Company, month: date, cuts: set[int], fee: Decimal
) -> None:
    """I-09: the days of all parts are the days of the month, and their fees the fee."""
    with transaction.atomic():
        for since in [date(2025, 7, 1), *(month.replace(day=cut) for cut in sorted(cuts))]:
            on_plan(acme, since=since, monthly_fee=fee)
        rate_month(acme, month_of(month), now=MIDDAY)
        lines = list(RatedLine.objects.of(acme).order_by("service_from"))
        days = sum((line.service_to - line.service_from).days + 1 for line in lines)
        assert sum((line.net for line in lines), Decimal(0)) == fee
        assert days == (month_of(month).days if fee else 0)
        transaction.set_rollback(True)
