"""From records to days: counted anew for the days that are behind, so that running twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from billing.usage.models import DIMENSIONS, DailyUsage, DirtyDay, UsageRecord
from tenants.models import Company

RECORD, DAILY, DIRTY = UsageRecord._meta.db_table, DailyUsage._meta.db_table, DirtyDay._meta.db_table
NAMES = ", ".join(DIMENSIONS)
SAME = " AND ".join(f"c.{name} = d.{name}" for name in DIMENSIONS)

ROLL_UP = f"""
WITH counted AS (
    SELECT day, {NAMES}, sum(quantity) AS quantity, COALESCE(sum(quantity) FILTER (WHERE NOT verified), 0) AS unverified
    FROM {RECORD} WHERE company_id = %(company)s AND day = ANY(%(days)s)
    GROUP BY day, {NAMES} HAVING sum(quantity) > 0
), gone AS (
    DELETE FROM {DAILY} d WHERE company_id = %(company)s AND day = ANY(%(days)s)
        AND NOT EXISTS (SELECT 1 FROM counted c WHERE c.day = d.day AND {SAME})
    RETURNING day
), written AS (
    INSERT INTO {DAILY} AS d (company_id, day, {NAMES}, quantity, unverified)
    SELECT %(company)s, day, {NAMES}, quantity, unverified FROM counted
    ON CONFLICT (company_id, day, {NAMES}) DO UPDATE
    SET quantity = EXCLUDED.quantity, unverified = EXCLUDED.unverified
    WHERE (d.quantity, d.unverified) IS DISTINCT FROM (EXCLUDED.quantity, EXCLUDED.unverified)
    RETURNING day
)
SELECT day FROM gone UNION ALL SELECT day FROM written
"""


@dataclass(frozen=True)
class RolledUp:
    """The days that were counted, and how many of their rows changed."""

    days: tuple[date, ...] = ()
    changed: int = 0


def marks_of(company: Company) -> dict[date, int]:
    """The days that are behind, oldest first, with their marks."""
    return dict(DirtyDay.objects.filter(company=company).order_by("day").values_list("day", "marks"))


@transaction.atomic
def roll_up(company: Company, marks: Mapping[date, int] | None = None) -> RolledUp:
    """Bring the days that are behind up to date, or those whose `marks` were read before something else was.

    Records that commit meanwhile wait on nothing: their mark differs, so their day stays dirty. One at a time per
    company, since a slow count must not write over a newer one.
    """
    hold(company)
    marks = marks_of(company) if marks is None else marks
    if not marks:
        return RolledUp()
    changed = count_days(company, list(marks))
    _take_away(company, marks)
    return RolledUp(tuple(marks), changed)


def _take_away(company: Company, marks: Mapping[date, int]) -> None:
    """Remove the marks that are as they were seen.

    In SQL, since Django's delete() looks first and deletes by key then: a mark made in between would be lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {DIRTY} d USING unnest(%s::date[], %s::int[]) AS seen (day, marks)
            WHERE d.company_id = %s AND d.day = seen.day AND d.marks = seen.marks
            """,
            [list(marks), list(marks.values()), company.pk],
        )


def count_days(company: Company, days: list[date]) -> int:
    """Count these days anew; how many rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(ROLL_UP, {"company": company.pk, "days": days})
        return len(cursor.fetchall())


def hold(company: Company) -> None:
    """Let nobody else roll up or rate this company until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing.usage:{company.pk}"])


def is_behind(company: Company) -> bool:
    return DirtyDay.objects.filter(company=company).exists()
