"""Do the books agree? Numbers and hashes of every series, and usage counted three ways. Read only, and asked for.

Reading every document again takes its time, so a worker does it and the page shows what it found last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection

from billing.invoices import chain
from billing.invoices.models import Invoice, InvoiceSeries
from billing.plans.periods import month_of, today
from billing.rating.models import RatedLine, UnratedUsage
from billing.usage.models import DailyUsage, DirtyDay, UsageRecord
from tenants.models import Company

KIND = "billing.check_books"
# With its form: what an older version kept is not read.
FOUND = "billing.books.1"
SHOWN = 50
# So many months back, this one included, usage is counted.
MONTHS = 3

RECORD, DAILY, LINE = UsageRecord._meta.db_table, DailyUsage._meta.db_table, RatedLine._meta.db_table
UNRATED, DIRTY = UnratedUsage._meta.db_table, DirtyDay._meta.db_table

# A day that is dirty is counted in a moment, so its company's month is left out.
COUNTS = f"""
WITH records AS (
    SELECT company_id, date_trunc('month', day)::date AS month, sum(quantity) AS quantity FROM {RECORD}
    WHERE day >= %(since)s GROUP BY 1, 2
), days AS (
    SELECT company_id, date_trunc('month', day)::date AS month, sum(quantity) AS quantity FROM {DAILY}
    WHERE day >= %(since)s GROUP BY 1, 2
), lines AS (
    SELECT company_id, month, sum(quantity) AS quantity FROM {LINE}
    WHERE month >= %(since)s AND kind = 'usage' GROUP BY 1, 2
), unrated AS (
    SELECT company_id, month, sum(quantity) AS quantity FROM {UNRATED}
    WHERE month >= %(since)s AND missing <> 'subscription' GROUP BY 1, 2
), counted AS (
    SELECT company_id, month, COALESCE(records.quantity, 0) AS records, COALESCE(days.quantity, 0) AS days,
        COALESCE(lines.quantity, 0)::bigint AS lines, COALESCE(unrated.quantity, 0) AS unrated
    FROM records FULL JOIN days USING (company_id, month) FULL JOIN lines USING (company_id, month)
        FULL JOIN unrated USING (company_id, month)
)
SELECT company_id, month, records, days, lines, unrated,
    NOT EXISTS (SELECT 1 FROM {DIRTY} d
                WHERE d.company_id = c.company_id AND date_trunc('month', d.day)::date = c.month) AS is_counted
FROM counted c ORDER BY month DESC, company_id
"""


@dataclass(frozen=True)
class SeriesCheck:
    """A row of numbers, and the places where it is not what was issued."""

    code: str
    prefix: str
    documents: int
    breaks: list[chain.Break]


@dataclass(frozen=True, slots=True)
class UsageGap:
    """A company's month whose messages are not the same everywhere."""

    company: str
    public_id: str
    month: date
    records: int
    days: int
    lines: int
    unrated: int


@dataclass(frozen=True)
class Books:
    """What a check found. `messages` were counted in `months` months of companies."""

    at: datetime
    series: list[SeriesCheck] = field(default_factory=list)
    months: int = 0
    messages: int = 0
    gaps: list[UsageGap] = field(default_factory=list)
    behind: int = 0

    @property
    def is_well(self) -> bool:
        return not self.gaps and not any(one.breaks for one in self.series)


def check_books(now: datetime) -> Books:
    """Read everything again, and keep what was found for the page."""
    found = Books(at=now, series=[_checked(one) for one in InvoiceSeries.objects.order_by("code")], **_usage(now))
    cache.set(FOUND, found, timeout=None)
    return found


def last_check() -> Books | None:
    found: Books | None = cache.get(FOUND)
    return found


def _checked(series: InvoiceSeries) -> SeriesCheck:
    documents = Invoice.objects.filter(series=series).count()
    return SeriesCheck(series.code, series.prefix, documents, chain.verify(series)[:SHOWN])


def _usage(now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"since": _since(today(now))})
        rows = cursor.fetchall()
    counted = [row for row in rows if row[6]]
    wrong = [row for row in counted if not row[2] == row[3] == row[4] + row[5]]
    companies = Company.objects.in_bulk({row[0] for row in wrong[:SHOWN]})
    gaps = [
        UsageGap(companies[row[0]].name, companies[row[0]].public_id, *map(_whole, row[1:6]))
        for row in wrong[:SHOWN]
        if row[0] in companies
    ]
    messages = sum(int(row[2]) for row in counted)
    return {"months": len(counted), "messages": messages, "gaps": gaps, "behind": len(rows) - len(counted)}


def _whole(value: Any) -> Any:
    return value if isinstance(value, date) else int(value)


def _since(day: date) -> date:
    first = month_of(day).first
    for _step in range(MONTHS - 1):
        first = month_of(date.fromordinal(first.toordinal() - 1)).first
    return first
