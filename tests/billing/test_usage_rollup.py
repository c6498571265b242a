"""Days are counted anew from their records: twice is once, late is not lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from billing.usage.metering import record_usage
from billing.usage.models import DailyUsage, DirtyDay
from billing.usage.rollup import RolledUp, count_days, is_behind, roll_up
from tenants.models import Company
from tests.billing.metered import FRENCH, GERMAN, NOVEMBER, fact, use
from tests.conftest import Cast


def test_a_day_is_counted_by_what_prices_it(acme: Company) -> None:
    use(acme, 3)
    use(acme, 2, prefix="f", address=FRENCH, verified=False)
    assert roll_up(acme).changed == 2
    told = DailyUsage.objects.of(acme).order_by("market").values_list("market", "quantity", "unverified")
    assert list(told) == [("France", 2, 2), ("Germany", 3, 0)]


def test_running_twice_changes_nothing(acme: Company) -> None:
    use(acme, 3)
    roll_up(acme)
    before = list(DailyUsage.objects.values())
    assert roll_up(acme).days == ()
    assert count_days(acme, [NOVEMBER.date()]) == 0
    assert list(DailyUsage.objects.values()) == before


def test_a_late_record_makes_its_day_dirty_again(acme: Company) -> None:
    use(acme, 3)
    roll_up(acme)
    use(acme, 1, prefix="late")
    assert is_behind(acme)
    assert roll_up(acme).changed == 1
    assert DailyUsage.objects.get().quantity == 4


def test_what_was_taken_back_leaves_its_row(acme: Company) -> None:
    use(acme, 1, category="service")
    roll_up(acme)
    use(acme, 1, category="utility")
    assert roll_up(acme).changed == 2
    assert [row.category for row in DailyUsage.objects.all()] == ["utility"]


def test_a_company_counts_only_its_own(acme: Company, globex: Company) -> None:
    use(acme, 3)
    use(globex, 5)
    roll_up(acme)
    assert DailyUsage.objects.get().quantity == 3


def test_records_that_come_while_a_day_is_counted_leave_it_dirty(committed: Cast) -> None:
    acme = Company.objects.get(pk=committed.acme)
    use(acme, 2)
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            # Written, not committed: the count cannot see it, and must not say that it did.
            use(acme, 1, prefix="meanwhile")
            waiting = other.submit(_roll_up, acme)
            _until_it_waits(waiting)
        assert waiting.result(timeout=20).days
    assert is_behind(acme)
    roll_up(acme)
    assert DailyUsage.objects.get().quantity == 3


def _roll_up(company: Company) -> RolledUp:
    try:
        return roll_up(company)
    finally:
        connection.close()


def _until_it_waits(waiting: Future[RolledUp]) -> None:
    """The other connection has counted, and wants to take the mark away."""
    with connection.cursor() as cursor:
        while not waiting.done():
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone():
                return
    raise AssertionError("it did not wait")


FACTS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([GERMAN, FRENCH, ""]),
        st.sampled_from(["marketing", "service"]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=12,
)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=FACTS, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_any_split_into_batches_and_runs_counts_the_same(
    acme: Company, told: list[tuple[int, str, str, int]], cuts: list[int]
) -> None:
    """I-01, I-03, I-07: the last that was told of a message is what counts, however it was told."""
    with transaction.atomic():
        start = 0
        for end in [*sorted(cuts), len(told)]:
            record_usage(
                acme,
                [
                    fact(f"m{key}", address=address, category=category, occurred_at=NOVEMBER + timedelta(days=days))
                    for key, address, category, days in told[start:end]
                ],
            )
            roll_up(acme)
            start = end
        last = {key: (address, category, days) for key, address, category, days in told}
        # Where a person is follows from their number: it is the same in whatever is told of the message.
        expected = Counter((NOVEMBER.date() + timedelta(days=days), category) for _, category, days in last.values())
        counted: Counter[tuple[object, str]] = Counter()
        for row in DailyUsage.objects.of(acme):
            counted[row.day, row.category] += row.quantity
        assert counted == expected
        assert not DirtyDay.objects.exists()
        transaction.set_rollback(True)
