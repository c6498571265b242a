"""The numbers of a broadcast, from its rows in one statement: targeted is always the sum of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from messaging.broadcasts.models import Broadcast, BroadcastRecipient
from messaging.messages.models import Message

MESSAGE, RECIPIENT = Message._meta.db_table, BroadcastRecipient._meta.db_table
# A row's state is its message's: there is no second truth.
STATE = """
    CASE WHEN r.skipped <> '' THEN 'skipped'
         WHEN r.message_id IS NULL AND r.contact_id IS NULL THEN 'skipped'
         WHEN r.message_id IS NULL THEN 'waiting'
         WHEN m.state IN ('queued', 'sending') THEN 'in_flight'
         WHEN m.state = 'unknown' THEN 'unknown'
         WHEN m.state = 'failed' THEN 'failed'
         ELSE 'accepted' END
"""


@dataclass(frozen=True)
class Totals:
    """`delivered` and `read` are parts of `accepted`."""

    skipped: int = 0
    waiting: int = 0
    in_flight: int = 0
    accepted: int = 0
    failed: int = 0
    unknown: int = 0
    delivered: int = 0
    read: int = 0

    @property
    def targeted(self) -> int:
        return self.skipped + self.waiting + self.in_flight + self.accepted + self.failed + self.unknown


def totals_of(broadcast: Broadcast) -> Totals:
    return totals_of_many([broadcast.pk]).get(broadcast.pk, Totals())


def totals_of_many(broadcasts: Sequence[int]) -> dict[int, Totals]:
    """The numbers of several broadcasts in one statement; one without rows is not in it.

    Who has read a message has it, also where the report of that was skipped.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.broadcast_id, {STATE} AS part,
                count(*), count(COALESCE(m.delivered_at, m.read_at)), count(m.read_at)
            FROM {RECIPIENT} r LEFT JOIN {MESSAGE} m ON m.id = r.message_id
            WHERE r.broadcast_id = ANY(%s) GROUP BY 1, 2
            """,
            [list(broadcasts)],
        )
        rows: dict[int, dict[str, tuple[int, int, int]]] = defaultdict(dict)
        for broadcast_id, part, *numbers in cursor.fetchall():
            rows[broadcast_id][part] = tuple(numbers)
    return {broadcast_id: _totals(parts) for broadcast_id, parts in rows.items()}


def _totals(parts: Mapping[str, tuple[int, int, int]]) -> Totals:
    counts = {part: count for part, (count, _delivered, _read) in parts.items()}
    _count, delivered, read = parts.get("accepted", (0, 0, 0))
    return Totals(**counts, delivered=delivered, read=read)


def failures_of(broadcast: Broadcast) -> list[tuple[str, int]]:
    """Error codes with how many messages failed by each, most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.error_code, count(*) FROM {RECIPIENT} r JOIN {MESSAGE} m ON m.id = r.message_id
            WHERE r.broadcast_id = %s AND m.state = 'failed' GROUP BY 1 ORDER BY 2 DESC, 1
            """,
            [broadcast.pk],
        )
        return cursor.fetchall()


def skips_of(broadcast: Broadcast) -> list[tuple[str, int]]:
    """Reasons with how many people were skipped by each, most first."""
    rows = BroadcastRecipient.objects.filter(broadcast=broadcast).exclude(skipped="").order_by()
    return list(rows.values_list("skipped").annotate(count=Count("pk")).order_by("-count", "skipped"))
