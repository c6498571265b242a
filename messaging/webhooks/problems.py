"""What could not be worked on, for the people who look after a number: how many, when, and why, and nobody's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.webhooks.models import WebhookEvent

UNREADABLE, NOBODYS, FAILED, PARKED = "unreadable", "nobodys", "failed", "parked"
WHY = {
    UNREADABLE: _("A part was not as the provider describes it."),
    NOBODYS: _("It is about a number that is not connected here."),
    FAILED: _("Working on it failed on our side; the operator has to look at it."),
    PARKED: _("Working on it broke off several times; the operator has to look at it."),
}
# Looked at for a page, newest first.
MOST = 50


@dataclass(frozen=True)
class Unread:
    """One reason in one body. `detail` is a word for the operator that names nobody."""

    at: datetime
    why: Any
    detail: str
    count: int


def unread_of(channel: Channel) -> tuple[Sequence[Unread], bool]:
    """What came for a channel, or for the whole company, and could not be read; and whether there is more.

    The element itself stays in its row: it may hold what a person wrote.
    """
    rows = (
        WebhookEvent.objects.exclude(problems=[])
        .filter(Q(channel=channel) | Q(channel=None))
        .order_by("-id")
        .values_list("received_at", "problems")[: MOST + 1]
    )
    found = [one for at, problems in rows[:MOST] for one in _reasons(at, problems)]
    return found, len(rows) > MOST


def _reasons(at: datetime, problems: Sequence[dict[str, Any]]) -> Sequence[Unread]:
    """Equal reasons of a body are one line."""
    counts: dict[tuple[str, str], int] = {}
    for problem in problems:
        why = str(problem.get("why", FAILED))
        key = (why, _detail(why, str(problem.get("reason", ""))))
        counts[key] = counts.get(key, 0) + 1
    return [Unread(at, WHY.get(why, WHY[FAILED]), detail, count) for (why, detail), count in counts.items()]


def _detail(why: str, reason: str) -> str:
    """The reader's own words name a field; an error's may quote a row, so only its kind is shown."""
    if why == UNREADABLE:
        return reason
    return reason.partition(":")[0] if why == FAILED and ":" in reason else ""
