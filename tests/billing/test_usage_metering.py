"""What happened is counted once, whoever tells it how often, and never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, example, given, settings as hypothesis_settings, strategies as st

from billing.markets.models import MarketPrefix, market_table
from billing.plans.periods import today
from billing.usage.metering import KIND, billing_day, record_usage
from billing.usage.models import DirtyDay, UsageRecord
from tenants.models import Company, DueWork
from tests.billing.metered import FRENCH, GERMAN, NOVEMBER, fact, use


def test_a_charge_is_counted_once(acme: Company) -> None:
    assert record_usage(acme, [fact("a"), fact("b")]) == 2
    assert record_usage(acme, [fact("b"), fact("c"), fact("c")]) == 1
    assert UsageRecord.objects.of(acme).count() == 3


def test_two_charges_of_one_message_and_two_companies_are_counted_apart(acme: Company, globex: Company) -> None:
    assert record_usage(acme, [fact("a"), fact("a", charge="media")]) == 2
    assert record_usage(globex, [fact("a")]) == 1
    assert UsageRecord.objects.of(globex).count() == 1


@pytest.mark.parametrize(
    ("address", "market", "found_by"),
    [
        (GERMAN, "Germany", "prefix"),
        ("+12425551234", "Other", "prefix"),
        ("+15550001111", "North America", "prefix"),
        ("+821012345678", "Other", "prefix"),
        ("FR.1349", "France", "user_id"),
        ("JM.77", "Rest of Latin America", "user_id"),
        ("psid-1", "", ""),
        ("", "", ""),
    ],
)
def test_the_market_follows_from_the_number_or_the_country_of_the_user_id(
    acme: Company, address: str, market: str, found_by: str
) -> None:
    record_usage(acme, [fact(address=address)])
    record = UsageRecord.objects.get()
    assert (record.market, record.market_found_by) == (market, found_by)


def test_a_number_s_market_is_that_of_the_day(acme: Company) -> None:
    before, after = datetime(2026, 9, 30, 21, tzinfo=UTC), datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    numbers = [fact(f"m{at.hour}", address="+380501234567", occurred_at=at) for at in (before, after)]
    record_usage(acme, numbers)
    told = UsageRecord.objects.order_by("occurred_at").values_list("day", "market")
    # Midnight in Berlin is 22:00 in Greenwich.
    assert list(told) == [
        (date(2026, 9, 30), "Rest of Central & Eastern Europe"),
        (date(2026, 10, 1), "Ukraine"),
    ]


def moments(first: datetime, *, days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 86_400).map(lambda seconds: first + timedelta(seconds=seconds))


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_number_s_market_is_that_of_its_longest_prefix_on_the_day(acme: Company, data: st.DataObject) -> None:
    """I-05: the statement, the table of quotes and a look at every row say the same."""
    rows = list(MarketPrefix.objects.filter(channel_kind="whatsapp").order_by("pk"))
    prefixes = st.sampled_from(sorted({row.prefix for row in rows}))
    rest = st.from_regex(r"\A[0-9]{1,8}\Z")
    at = data.draw(moments(datetime(2025, 7, 2, tzinfo=UTC), days=900))
    numbers = data.draw(st.lists(st.builds(lambda one, more: one + more, prefixes, rest), min_size=1, max_size=8))
    with transaction.atomic():
        record_usage(
            acme, [fact(f"m{place}", address=f"+{number}", occurred_at=at) for place, number in enumerate(numbers)]
        )
        day, table = billing_day(at), market_table("whatsapp")
        found = dict(UsageRecord.objects.values_list("message_public_id", "market"))
        for place, number in enumerate(numbers):
            fitting = [
                row
                for row in rows
                if number.startswith(row.prefix) and row.valid_from <= day and (row.valid_to or date.max) >= day
            ]
            market = max(fitting, key=lambda row: len(row.prefix)).market
            assert found[f"m{place}"] == table.market_of(number, day) == market
        transaction.set_rollback(True)


@given(at=moments(datetime(2024, 1, 1, tzinfo=UTC), days=7 * 365))
@example(at=datetime(2026, 3, 28, 23, tzinfo=UTC))
@example(at=datetime(2026, 3, 29, 22, tzinfo=UTC))
@example(at=datetime(2026, 10, 24, 22, tzinfo=UTC))
@example(at=datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
@example(at=datetime(2028, 2, 28, 23, tzinfo=UTC))
def test_a_moment_is_billed_on_the_day_that_a_plain_calendar_gives(at: datetime) -> None:
    """I-24: summer time from the last Sunday of March to that of October, one o'clock in Greenwich."""
    begins, ends = (
        max(
            datetime(at.year, month, day, 1, tzinfo=UTC)
            for day in range(25, 32)
            if date(at.year, month, day).weekday() == 6
        )
        for month in (3, 10)
    )
    ahead = timedelta(hours=2 if begins <= at < ends else 1)
    assert billing_day(at) == today(at) == (at + ahead).date()


def test_other_facts_of_a_known_charge_are_a_correction_that_names_what_it_corrects(acme: Company) -> None:
    record_usage(acme, [fact(category="service", verified=False)])
    first = UsageRecord.objects.get()
    assert record_usage(acme, [fact(category="utility")]) == 0
    assert record_usage(acme, [fact(category="utility")]) == 0
    taken_back, instead = UsageRecord.objects.exclude(pk=first.pk).order_by("revision")
    assert (taken_back.quantity, taken_back.category, taken_back.corrects_id) == (-1, "service", first.pk)
    assert (instead.quantity, instead.category, instead.corrects_id) == (1, "utility", first.pk)
    assert list(UsageRecord.objects.standing()) == [instead]


def test_a_correction_can_be_corrected(acme: Company) -> None:
    for category in ("service", "utility", "marketing"):
        record_usage(acme, [fact(category=category)])
    assert UsageRecord.objects.standing().get().category == "marketing"
    assert UsageRecord.objects.count() == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda: UsageRecord.objects.update(quantity=2),
        lambda: UsageRecord.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE billing_usagerecord"),
    ],
    ids=["update", "delete", "truncate"],
)
def test_a_record_never_changes(acme: Company, change: Callable[[], Any]) -> None:
    use(acme, 1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()


def test_a_batch_is_one_statement(acme: Company, django_assert_num_queries: Callable[..., Any]) -> None:
    use(acme, 1, prefix="first")
    with django_assert_num_queries(1):
        assert use(acme, 500) == 500


def test_new_records_mark_their_days_and_ask_for_a_rollup_once(acme: Company) -> None:
    use(acme, 3)
    use(acme, 2, prefix="late", occurred_at=NOVEMBER - timedelta(days=40))
    assert list(DirtyDay.objects.order_by("day").values_list("day", flat=True)) == [
        date(2026, 10, 1),
        date(2026, 11, 10),
    ]
    assert DueWork.objects.get(kind=KIND).announced == 2
    use(acme, 5)
    assert DueWork.objects.get(kind=KIND).announced == 2


def test_nothing_new_marks_nothing(acme: Company) -> None:
    use(acme, 1, address=FRENCH)
    DirtyDay.objects.all().delete()
    assert use(acme, 1, address=FRENCH) == 0
    assert record_usage(acme, []) == 0
    assert not DirtyDay.objects.exists()
