"""One visit to a company's broadcasts: what is due begins, what is begun goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from django.utils import timezone

from billing.plans.quotes import prefixes_at
from messaging.broadcasts import feeding, freezing, services
from messaging.broadcasts.models import Broadcast, BroadcastState, PauseReason
from messaging.broadcasts.services import NotReady, TooLate

log = structlog.get_logger(__name__)
# Then the worker is handed back, so that every company gets its turn.
TURN = 10.0
# Seconds between two looks at what became of a broadcast's messages while batch follows batch.
LOOK_BACK = 1.0
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Ran:
    """`again_at`: when to come again, None when nothing runs; `at_once`: the turn was over before the work."""

    made: int = 0
    again_at: datetime | None = None
    at_once: bool = False


def run(*, clock: Clock = timezone.now, turn: float = TURN) -> Ran:
    """Begin, prepare and feed until nothing can be done now, or the turn is over."""
    ends, made, times = time.monotonic() + turn, 0, list[datetime]()
    running = Broadcast.objects.filter(
        state__in=[BroadcastState.SCHEDULED, BroadcastState.PREPARING, BroadcastState.SENDING]
    )
    # The one that was fed longest ago first.
    for broadcast in running.select_related("channel", "template").order_by("fed_at", "pk"):
        now = clock()
        if broadcast.state == BroadcastState.SCHEDULED:
            if broadcast.scheduled_at and broadcast.scheduled_at > now:
                times.append(broadcast.scheduled_at)
                continue
            if not _begin(broadcast, now):
                continue
        if broadcast.state == BroadcastState.PREPARING and not freezing.freeze(broadcast, prefixes_at(now)):
            continue
        fed = _feed(broadcast, clock, ends)
        made += fed.made
        if fed.again_at:
            times.append(fed.again_at)
    return Ran(made, min(times, default=None), at_once=time.monotonic() >= ends and bool(times))


def _feed(broadcast: Broadcast, clock: Clock, ends: float) -> feeding.Fed:
    """Feed it while it has room. What became of its messages is asked every second, not with every batch."""
    made, looked_at = 0, -LOOK_BACK
    while True:
        looks_back = time.monotonic() - looked_at >= LOOK_BACK
        looked_at = time.monotonic() if looks_back else looked_at
        fed = feeding.feed(broadcast.pk, clock(), looks_back=looks_back)
        made += fed.made
        if not fed.has_room or time.monotonic() >= ends:
            return replace(fed, made=made)


def _begin(broadcast: Broadcast, now: datetime) -> bool:
    """Start what was scheduled; what cannot start any more is paused, so that somebody looks at it."""
    try:
        services.start(broadcast, now=now)
    except TooLate:
        return False
    except NotReady as problem:
        log.warning("broadcast.not_ready", broadcast=broadcast.public_id)
        Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SCHEDULED).update(
            state=BroadcastState.DRAFT,
            scheduled_at=None,
            pause_reason=PauseReason.TEMPLATE,
            pause_details=str(problem),
        )
        return False
    return True
