"""Counting what arrived, as the reports' path does it in batches of 500, against a bare COPY of the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

from django.db import connection, transaction

from billing.usage.metering import UsageFact, record_usage
from billing.usage.models import UsageRecord
from config.demo.console import Console
from tenants.models import Company
from tests.benchmarks.people import open_shop
from tests.benchmarks.report import Figure, median_of
from tests.benchmarks.timing import Work, in_turns

RECORDS, BATCH, ROUNDS = 50_000, 500, 5
RECORD, COPY = UsageRecord._meta.db_table, "bench_usage_copy"
MARKETS = ("+49151", "+33612", "+44770", "+34612", "+39333")


def measure(console: Console) -> list[Figure]:
    company = open_shop("usage")
    _make_place()
    rounds = iter(range(ROUNDS + 1))
    copies: list[list[tuple[object, ...]]] = []

    def ours() -> Work:
        number = next(rounds)
        return partial(_record, company, number)

    def bare() -> Work:
        copies.append(_newest_rows())
        return partial(_copy, copies[-1])

    with console.step(f"Count {RECORDS} messages {ROUNDS} times"):
        _record(company, next(rounds))
        taken = in_turns({"bare": bare, "ours": ours}, rounds=ROUNDS)
    ratio = [one / other for one, other in zip(taken["bare"], taken["ours"], strict=True)]
    return [
        median_of("usage_records_per_second", [RECORDS / seconds for seconds in taken["ours"]], "/s"),
        median_of("bare_copy_records_per_second", [RECORDS / seconds for seconds in taken["bare"]], "/s"),
        Figure(
            "ratio_to_bare_copy",
            median(taken["bare"]) / median(taken["ours"]),
            "×",
            spread=(min(ratio), max(ratio)),
        ),
    ]


def _facts(number: int) -> Iterator[UsageFact]:
    at = datetime(2026, 11, 1, 8, tzinfo=UTC)
    for one in range(RECORDS):
        yield UsageFact(
            message_public_id=f"{number:02}{one:012}",
            conversation_public_id=f"c{one % 20_000:012}",
            channel_kind="whatsapp",
            channel_public_id="channel",
            number="2001",
            account_external_id="1001",
            address=f"{MARKETS[one % len(MARKETS)]}{one:07}",
            category="utility",
            pricing_type="regular",
            verified=True,
            origin="broadcast",
            broadcast_public_id="broadcast",
            occurred_at=at + timedelta(seconds=one * 40),
        )


def _record(company: Company, number: int) -> None:
    facts = list(_facts(number))
    for start in range(0, RECORDS, BATCH):
        # Each batch of reports is a transaction.
        with transaction.atomic():
            record_usage(company, facts[start : start + BATCH])


def _make_place() -> None:
    """A table with the same columns, constraints and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {COPY} (LIKE {RECORD} INCLUDING ALL)")


def _newest_rows() -> list[tuple[object, ...]]:
    """What was counted last, ready to be written again; the place is empty as the table once was."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {COPY}")
        cursor.execute(f"SELECT * FROM {RECORD} ORDER BY id DESC LIMIT {RECORDS}")
        return cursor.fetchall()


def _copy(rows: list[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {COPY} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
