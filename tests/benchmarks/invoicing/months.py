"""The three steps of a month, each run a second time, which must change nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from billing.invoices import issuing, month as months
from billing.invoices.models import Invoice, InvoiceSeries, InvoiceState, MonthClose, Step
from billing.invoices.month import Tools
from billing.rating.lines import rate_month
from billing.tasks import RATING
from billing.usage.rollup import roll_up
from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.benchmarks.invoicing.records import OCTOBER, RECORDS, mark_dirty
from tests.benchmarks.report import Figure, Goal, median_of
from tests.benchmarks.timing import seconds_of

CLOSED = datetime(2026, 11, 3, 8, tzinfo=UTC)
ROUNDS = 3
NONE = Goal(0, "lower")


def count(companies: list[Company]) -> list[Figure]:
    """Records to days; each round finds all days dirty and counts them anew."""
    first = sum(roll_up(company).changed for company in companies)
    assert first > 0
    again, taken = 0, []
    for _ in range(ROUNDS):
        mark_dirty([company.pk for company in companies])
        taken.append(seconds_of(lambda: [roll_up(company) for company in companies]))
        mark_dirty([company.pk for company in companies])
        again += sum(roll_up(company).changed for company in companies)
    return [
        median_of(
            "rollup_records_per_second",
            [RECORDS / seconds for seconds in taken],
            "/s",
            Goal(300_000, "higher"),
        ),
        Figure("rollup_rows_changed_by_second_run", again, "", NONE),
    ]


def price(companies: list[Company]) -> list[Figure]:
    seconds = [seconds_of(lambda company=company: rate_month(company, OCTOBER, now=CLOSED)) for company in companies]
    again = sum(rate_month(company, OCTOBER, now=CLOSED).changed for company in companies)
    return [
        median_of("rate_month_ms", [one * 1000 for one in seconds], "ms"),
        Figure("rated_lines_changed_by_second_run", again, "", NONE),
    ]


def issue(companies: list[Company]) -> list[Figure]:
    """CPU of this process, which makes and checks the document; the database's is its own."""
    staff = Actor(user=User.objects.create_user("staff@example.com", None, name="Staff"))
    tools = Tools(RATING, ask_vies=_nobody)
    months.begin_months(OCTOBER, now=CLOSED)
    reviewed = [_to_review(company, tools) for company in companies]
    _warm(companies[0])
    spent: list[float] = []
    for month in reviewed:
        assert months.approve_month(month, actor=staff, now=CLOSED)
        began = time.process_time()
        issuing.issue_invoice(Invoice.objects.get(months=month), now=CLOSED)
        spent.append((time.process_time() - began) * 1000)
    before = _standing()
    for month in reviewed:
        issuing.issue_invoice(Invoice.objects.get(months=month), now=CLOSED + timedelta(hours=1))
    months.begin_months(OCTOBER, now=CLOSED)
    return [
        median_of("cpu_ms_per_issued_document", spent, "ms", Goal(80, "lower")),
        Figure("invoices_issued", Invoice.objects.filter(state=InvoiceState.ISSUED).count(), ""),
        Figure("invoices_changed_by_second_run", len(before ^ _standing()), "", NONE),
    ]


def _to_review(company: Company, tools: Tools) -> MonthClose:
    month = months.close_month(MonthClose.objects.get(company=company), now=CLOSED, tools=tools)
    assert month.step == Step.APPROVE, month.blocks
    return month


def _warm(company: Company) -> None:
    """The first document of a process compiles the official rules."""
    issuing.check_draft(Invoice.objects.get(company=company), now=CLOSED)


def _standing() -> set[tuple[object, ...]]:
    rows = set(Invoice.objects.values_list("number", "hash", "state", "issued_at"))
    return rows | set(InvoiceSeries.objects.values_list("code", "last_serial", "last_hash", "last_issue_date"))


def _nobody(vat_id: str, **_: object) -> object:
    raise AssertionError("German companies need no proof")
