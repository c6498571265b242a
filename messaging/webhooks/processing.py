"""Stored bodies, worked on in batches: every element for itself, none lost for the sake of its neighbours.

    waiting ─claim, attempt counted─► done, with what could not be understood in `problems`
       ▲                  │
       └── lease over ────┘            after MOST_ATTEMPTS: parked, the reason in `problems`

A body whose worker died is tried again alone, so that it cannot take its neighbours with it. One with an element that
came before what it is about waits, and is worked on again as a whole: what was done already does nothing twice.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest, Length
from django.utils import timezone

from messaging.channels.base import AccountEvent, Broken, Delivered, InboundMessage, StatusReport
from messaging.channels.models import Channel
from messaging.channels.registry import adapter_for
from messaging.messages import receiving, status
from messaging.messages.receiving import TargetMissing
from messaging.webhooks import account
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.problems import FAILED, NOBODYS, PARKED, UNREADABLE
from messaging.webhooks.storing import KIND, NOTED_AGAIN
from messaging.webhooks.tidying import TIDY, TIDY_EVERY
from tenants.models import Company
from tenants.services import due

log = structlog.get_logger(__name__)
BATCH = 100
MOST_BYTES = 512 * 1024
# Longer than a task may run.
LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 3
# A worker is handed back after so long, so that every company gets its turn.
TURN = 20.0
# Two that write for one person at once may meet in a lock; the second time there is nobody in the way.
TRIES = 3
LONGEST_REASON = 300
# How soon a body is tried again that came too early, and for how long: each time it waits as long as it has waited.
SOONEST, LATEST, EARLY_FOR = timedelta(seconds=5), timedelta(hours=1), timedelta(days=1)


@dataclass
class Work:
    """A body, with what went wrong in it."""

    event: WebhookEvent
    problems: list[dict[str, Any]] = field(default_factory=list)
    # What is about a message that is not here yet, and the channel it came through.
    early: list[tuple[Channel, InboundMessage]] = field(default_factory=list)

    def note(self, reason: str, raw: Any, **facts: Any) -> None:
        self.problems.append({"reason": reason[:LONGEST_REASON], "raw": raw, **facts})


def process(company: Company, *, turn: float = TURN) -> int:
    """Work on what is stored until nothing is left or the turn is over; how many bodies were done."""
    round = due.begin(KIND, company)
    ends, done = time.monotonic() + turn, 0
    while time.monotonic() < ends:
        if batch := claim(timezone.now()):
            work_on(batch)
            done += len(batch)
        elif round.announced == 0 or due.settle(round, _next_due_at()):
            if done:
                due.expect(TIDY, company, at=timezone.now() + TIDY_EVERY)
            return done
        else:
            # Something was stored meanwhile by somebody who knew that we are at it, and asked nobody.
            round = due.begin(KIND, company)
    # The row of due work stands as it is, so the sweep asks again; this asks at once.
    due.announce(KIND, company)
    return done


@transaction.atomic
def claim(now: datetime) -> list[WebhookEvent]:
    """Take fresh bodies, else one whose worker died. The attempt is counted before the work."""
    _park_the_hopeless(now)
    free = WebhookEvent.objects.select_for_update(skip_locked=True).filter(processed_at=None).order_by("id")
    is_due = Q(lease_until=None) | Q(lease_until__lte=now)
    chosen = _no_more_than_fits(free.filter(is_due, attempts=0)[:BATCH]) or [
        row.pk for row in free.filter(attempts__gt=0, lease_until__lte=now).defer("body")[:1]
    ]
    taken = WebhookEvent.objects.filter(pk__in=chosen)
    taken.update(attempts=F("attempts") + 1, lease_until=now + LEASE)
    return list(taken.order_by("id"))


def _no_more_than_fits(free: QuerySet[WebhookEvent]) -> list[int]:
    """The first ones that are together no larger than MOST_BYTES, but one at least: a large body has many elements."""
    chosen: list[int] = []
    total = 0
    for pk, size in free.annotate(size=Length("body")).values_list("pk", "size"):
        total += size
        if chosen and total > MOST_BYTES:
            break
        chosen.append(pk)
    return chosen


def work_on(batch: Sequence[WebhookEvent]) -> None:
    """Do what the bodies say; status reports of all of them are recorded in one go."""
    channels = _Channels()
    works = [Work(event) for event in batch]
    reports: dict[int, list[tuple[Work, StatusReport]]] = defaultdict(list)
    for work in works:
        for found in _elements(work, channels):
            _take(work, found, channels, reports)
    for channel_pk, of_channel in reports.items():
        _record(channels.by_pk[channel_pk], of_channel)
    for work in works:
        _take_early(work, channels)
    channels.note_inbound()
    now = timezone.now()
    channels.note_told(now)
    for work in works:
        _end(work, now)
    columns = ["processed_at", "problems", "lease_until", "attempts"]
    WebhookEvent.objects.bulk_update([work.event for work in works], columns)


def _take_early(work: Work, channels: _Channels) -> None:
    """Once more: what it is about may have been in this batch, or have got its id from one of its reports."""
    early, work.early = work.early, []
    for channel, element in early:
        _receive(work, channel, element, channels)


def _end(work: Work, now: datetime) -> None:
    event = work.event
    if work.early and now - event.received_at < EARLY_FOR:
        waited = now - event.received_at
        event.attempts, event.lease_until = 0, now + min(max(waited, SOONEST), LATEST)
        return
    for _channel, element in work.early:
        work.note("TargetMissing: it is about a message that never came", _raw(element), why=FAILED)
    event.processed_at, event.problems, event.lease_until = now, work.problems, None
    if work.problems:
        log.warning("webhook.problems", body=event.pk, count=len(work.problems))


# --- Elements ---------------------------------------------------------------------------------------------------------


class _Channels:
    """The company's channels, asked for once in a batch."""

    def __init__(self) -> None:
        # A disconnected one too: what was on its way to it is still its history.
        self.by_pk = {channel.pk: channel for channel in Channel.objects.all()}
        self.inbound: dict[int, datetime] = {}
        self.told: set[int] = set()

    def meant(self, found: Delivered, event: WebhookEvent) -> list[Channel]:
        """The channel an element names; else those of its account; else the one whose address it came to."""
        every = [channel for channel in self.by_pk.values() if channel.kind == self.kind_of(event)]
        if found.channel_external_id:
            return [channel for channel in every if channel.external_id == found.channel_external_id]
        of_account = [channel for channel in every if channel.account_external_id == found.account_external_id]
        own = self.by_pk.get(event.channel_id or 0)
        return (of_account if found.account_external_id else []) or ([own] if own else [])

    def are_told(self, meant: Sequence[Channel], event: WebhookEvent) -> None:
        """Something came for them, or to the address of one."""
        self.told |= {channel.pk for channel in meant} | ({event.channel_id} if event.channel_id else set())

    def kind_of(self, event: WebhookEvent) -> str:
        """The platform's address is WhatsApp's so far."""
        own = self.by_pk.get(event.channel_id or 0)
        return own.kind if own else "whatsapp"

    def heard(self, channel: Channel, at: datetime) -> None:
        self.inbound[channel.pk] = max(at, self.inbound.get(channel.pk, at))

    def note_inbound(self) -> None:
        """Once in a batch: written with every message it would be a row that all workers wait for."""
        for pk, at in sorted(self.inbound.items()):
            Channel.objects.filter(pk=pk).update(last_inbound_at=Greatest(Coalesce("last_inbound_at", at), at))

    def note_told(self, now: datetime) -> None:
        """That webhooks arrive; written once a minute, so that it is no row that all workers wait for."""
        stale = Q(last_webhook_at=None) | Q(last_webhook_at__lt=now - NOTED_AGAIN)
        Channel.objects.filter(stale, pk__in=self.told).update(last_webhook_at=now)


def _elements(work: Work, channels: _Channels) -> Sequence[Delivered]:
    try:
        return adapter_for(channels.kind_of(work.event)).parse(bytes(work.event.body))
    except ValueError as error:
        work.note(str(error), None, parked=True, why=UNREADABLE)
        return []


def _take(
    work: Work, found: Delivered, channels: _Channels, reports: dict[int, list[tuple[Work, StatusReport]]]
) -> None:
    element = found.element
    meant = channels.meant(found, work.event)
    channels.are_told(meant, work.event)
    if isinstance(element, Broken):
        work.note(element.reason, element.raw, why=UNREADABLE)
    elif not meant:
        work.note(f"No channel {found.channel_external_id or found.account_external_id}", _raw(element), why=NOBODYS)
    elif isinstance(element, InboundMessage):
        _receive(work, meant[0], element, channels)
    elif isinstance(element, StatusReport):
        reports[meant[0].pk].append((work, element))
    else:
        for channel in meant:
            _alone(work, element, _handling(channel, found.account_external_id, element, work.event.received_at))


def _receive(work: Work, channel: Channel, element: InboundMessage, channels: _Channels) -> None:
    try:
        if _alone(work, element, lambda: receiving.receive(channel, element)):
            channels.heard(channel, element.at)
    except TargetMissing:
        work.early.append((channel, element))


def _handling(channel: Channel, account_id: str, element: AccountEvent, received_at: datetime) -> Callable[[], object]:
    return lambda: account.handle(channel, account_id, element, at=element.at or received_at)


def _record(channel: Channel, of_channel: Sequence[tuple[Work, StatusReport]]) -> None:
    """All reports at once; when that fails, each for itself, so that only the bad one is kept aside."""
    try:
        _again(lambda: status.record_reports(channel, [report for _work, report in of_channel]))
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001  (whatever one report does, the others count)
        for work, report in of_channel:
            _alone(work, report, _recording(channel, report))


def _recording(channel: Channel, report: StatusReport) -> Callable[[], object]:
    return lambda: status.record_reports(channel, [report])


def _alone(work: Work, element: InboundMessage | StatusReport | AccountEvent, act: Callable[[], object]) -> bool:
    """Act, and keep the element aside when that fails; False then. What comes too early is told to the caller.

    A database that is away ends the whole batch: its lease runs out and it is tried again.
    """
    try:
        _again(act)
    except (OperationalError, InterfaceError, TargetMissing):
        raise
    except Exception as error:  # noqa: BLE001  (whatever one element does, its neighbours go on)
        log.warning("webhook.element_kept_aside", body=work.event.pk, error=type(error).__name__)
        work.note(f"{type(error).__name__}: {error}", _raw(element), why=FAILED)
        return False
    return True


def _again(act: Callable[[], object]) -> None:
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            act()
            return
        except (IntegrityError, OperationalError):
            if last:
                raise


def _raw(element: InboundMessage | StatusReport | AccountEvent) -> Any:
    return dict(element.value) if isinstance(element, AccountEvent) else dict(element.raw)


# --- The end of a body ------------------------------------------------------------------------------------------------


def _park_the_hopeless(now: datetime) -> None:
    """Bodies that took their worker with them each time; a person looks at them."""
    hopeless = WebhookEvent.objects.filter(processed_at=None, attempts__gte=MOST_ATTEMPTS, lease_until__lte=now)
    reason = {
        "reason": f"{MOST_ATTEMPTS} workers did not come to an end with it",
        "raw": None,
        "parked": True,
        "why": PARKED,
    }
    if parked := hopeless.update(processed_at=now, problems=[reason]):
        log.error("webhook.parked", count=parked)


def _next_due_at() -> datetime | None:
    """When the first lease of another worker, or wait of a body, is over; None when nothing waits.

    A body that another worker is about to take shows no lease yet.
    """
    fresh = Count("pk", filter=Q(lease_until=None))
    waiting = WebhookEvent.objects.filter(processed_at=None).aggregate(fresh=fresh, first=Min("lease_until"))
    times = [waiting["first"], timezone.now() + LEASE if waiting["fresh"] else None]
    return min((time for time in times if time), default=None)
