"""Files that are worked on by one worker at a time, each attempt counted before the work.

While somebody works on a row, its `due_at` is when that attempt counts as lost; at the same time it is the attempt's
token: what is told about another one changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F, Min, QuerySet

from messaging.channels.models import ChannelState
from messaging.live.events import tell
from messaging.messages.models import Attachment, AttachmentState

# Longer than a round may take; the tasks' own limit is shorter.
LEASE = timedelta(minutes=6)
# Attempts of which nobody heard the end: such a file kills its workers.
MOST_ATTEMPTS = 6
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(hours=1)
# How often to look whether a channel that needs a new connection has got one.
STANDSTILL = timedelta(minutes=5)
# The due row is kept when nothing waits: its count of announcements must only grow.
IDLE = timedelta(days=1)
# Nobody can be asked for a file through one of these.
CLOSED = (ChannelState.RECONNECT, ChannelState.DISCONNECTED)

# Seeded by the system; only spreads retries, guards nothing.
_random = Random()  # noqa: S311


def waiting(state: AttachmentState) -> QuerySet[Attachment]:
    return Attachment.objects.filter(state=state, due_at__isnull=False)


@transaction.atomic
def claim(state: AttachmentState, now: datetime, most: int) -> list[Attachment]:
    """Take up to `most` files that are due, those that waited longest first."""
    due = waiting(state).filter(due_at__lte=now, attempts__lt=MOST_ATTEMPTS)
    free = due.exclude(message__channel__state__in=CLOSED).select_for_update(of=("self",), skip_locked=True)
    found = list(free.select_related("message__conversation", "message__channel").order_by("due_at", "pk")[:most])
    lease = now + LEASE
    Attachment.objects.filter(pk__in=[row.pk for row in found]).update(due_at=lease, attempts=F("attempts") + 1)
    for row in found:
        row.due_at, row.attempts = lease, row.attempts + 1
    return found


def hopeless(state: AttachmentState, now: datetime) -> list[Attachment]:
    """Those whose last attempt was lost too. None is claimed any more, and `change` lets one worker end it."""
    lost = waiting(state).filter(due_at__lte=now, attempts__gte=MOST_ATTEMPTS)
    return list(lost.select_related("message__conversation", "message__channel"))


def change(row: Attachment, **columns: Any) -> bool:
    """Write an attempt's outcome; False when the row is gone or the attempt is another's by now."""
    same = Attachment.objects.filter(pk=row.pk, state=row.state, due_at=row.due_at)
    return bool(same.update(**columns))


def put_off(row: Attachment, until: datetime, *, is_counted: bool = True) -> None:
    """Later again. An attempt that was nobody's fault is not counted."""
    change(row, due_at=until, attempts=row.attempts if is_counted else row.attempts - 1)


def later(row: Attachment, now: datetime) -> datetime:
    """When to try again what could not be reached: longer each time, and not all at once."""
    wait = min(max((now - row.created_at) / 3, SHORTEST), LONGEST)
    return now + wait * _random.uniform(0.5, 1)


def next_due(state: AttachmentState, now: datetime) -> datetime:
    """When to look again."""
    rows = waiting(state)
    first: datetime | None = rows.exclude(message__channel__state__in=CLOSED).aggregate(first=Min("due_at"))["first"]
    if first is not None:
        return first
    return now + (STANDSTILL if rows.exists() else IDLE)


def tell_of(row: Attachment) -> None:
    """Last in a transaction."""
    message = row.message
    tell("message", id=message.public_id, conversation=message.conversation.public_id)
