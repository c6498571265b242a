"""The table of due work: announced where work arises, read by the sweep, settled by who did it.

announce(kind, company)          inside the transaction that makes the work
expect(kind, company, at)        the same for work that comes back by itself, such as tidying
round = begin(kind, company)     the worker remembers what was announced so far
settle(round, next_due_at)       nothing left (None) or the time of what is left; if somebody announced
                                 meanwhile, the row stays as they left it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from tenants.models import Company, DueWork

# For as long the sweep leaves a row alone after it has asked for it; a lost nudge costs this much.
PATIENCE = timedelta(seconds=30)
# For as long somebody who was asked is trusted to be at it.
AT_IT = timedelta(seconds=2)
BATCH = 500

Nudge = Callable[[Company | None], None]
_nudges: dict[str, Nudge] = {}


@dataclass(frozen=True)
class Round:
    kind: str
    company_id: int | None
    announced: int


def on_due(kind: str, nudge: Nudge) -> None:
    """Name who asks a worker to do work of this kind."""
    _nudges[kind] = nudge


def announce(kind: str, company: Company | None = None, *, at: datetime | None = None, asks_again: bool = True) -> None:
    """There is work of this kind, now or at `at`; an earlier time already known stands. A worker is asked on commit.

    With `asks_again=False` nobody is asked while somebody who was asked just now is at it. Only for work whose rounds
    go on until `settle` says yes: then they find what was announced meanwhile.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {DueWork._meta.db_table} AS d (kind, company_id, due_at, announced) VALUES (%s, %s, %s, 1)
            ON CONFLICT (kind, company_id) DO UPDATE
            SET due_at = LEAST(d.due_at, EXCLUDED.due_at), announced = d.announced + 1
            RETURNING due_at
            """,
            [kind, company.pk if company else None, at or now],
        )
        (due_at,) = cursor.fetchone()
    is_at_it = now - AT_IT < due_at < now
    if at is None and kind in _nudges and (asks_again or not is_at_it):
        transaction.on_commit(lambda: _nudges[kind](company))


def expect(kind: str, company: Company | None = None, *, at: datetime) -> None:
    """There will be work of this kind at `at`, unless some is known already: that stands, and its worker goes on."""
    row = DueWork(kind=kind, company=company, due_at=at)
    DueWork.objects.bulk_create([row], ignore_conflicts=True)


def begin(kind: str, company: Company | None = None) -> Round:
    """Start a round of work; call it before looking at the rows to do."""
    announced = DueWork.objects.filter(kind=kind, company=company).values_list("announced", flat=True).first() or 0
    return Round(kind, company.pk if company else None, announced)


def settle(round: Round, next_due_at: datetime | None) -> bool:
    """End a round; False when new work was announced meanwhile and the row was left for it."""
    if next_due_at is None:
        return _done(round)
    row = DueWork.objects.filter(kind=round.kind, company=round.company_id, announced=round.announced)
    return bool(row.update(due_at=next_due_at))


def _done(round: Round) -> bool:
    """In SQL: Django's delete() looks first and deletes by key then, and what is announced in between would be lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {DueWork._meta.db_table}
            WHERE kind = %s AND company_id IS NOT DISTINCT FROM %s AND announced = %s
            """,
            [round.kind, round.company_id, round.announced],
        )
        return bool(cursor.rowcount)


@transaction.atomic
def sweep(now: datetime | None = None) -> int:
    """Ask for all that is due, and look again after PATIENCE; how many rows were asked for."""
    now = now or timezone.now()
    due = list(
        DueWork.objects.filter(due_at__lte=now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("company")
        .order_by("due_at")[:BATCH]
    )
    DueWork.objects.filter(pk__in=[row.pk for row in due]).update(due_at=now + PATIENCE)
    for row in due:
        if row.kind in _nudges:
            _nudges[row.kind](row.company)
    return len(due)
