"""What happened is counted once, whoever tells it how often, and never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from billing.usage.metering import KIND, record_usage
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
