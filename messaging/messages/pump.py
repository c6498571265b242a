"""The delivery pump: sends what is due in one lane of a company, a few seconds at a time.

take a lane ─► record outcomes and claim a batch, in one transaction ─► requests in flight ─┐
                ▲                                                                           │
                └───────────────────────────────────────────────────────────────────────────┘
until nothing is due or the turn is over; then the worker is handed back, and asked for again when something waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from messaging.channels import registry, services as channels
from messaging.channels.models import ChannelState
from messaging.messages import claiming, lanes
from messaging.messages.claiming import Change, Claimed
from messaging.messages.decisions import Decision, decide, put_back
from messaging.messages.delivery import flying
from messaging.messages.lanes import Hold
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.news import Changed, tell_changed
from messaging.messages.nudging import KINDS
from messaging.messages.opting import heed_refusals, is_opt_out
from messaging.messages.pacing import Breaker, Bucket, lane_rate
from messaging.messages.reserving import let_go
from messaging.messages.stopping import stop_for_errors
from messaging.messages.wanted import unwanted
from tenants.lib.secrets import SecretUnreadable
from tenants.models import Company
from tenants.services import due

log = structlog.get_logger(__name__)

# Then the worker is handed back, so that every company gets its turn.
TURN = timedelta(seconds=4)
# An agent's answer need not wait for a slow request before it: the worker is held by that one anyway.
LONGEST_TURN = timedelta(seconds=15)
REST = timedelta(seconds=30)
MOST_CLAIMED = 500
# How long requests are waited for before the database is looked at again, in seconds.
PATIENCE = {Lane.REPLIES: 0.1, Lane.BULK: 1.0}
# Between two looks at what waits for the other lane.
MOMENT = 0.05
LOOK_AGAIN = timedelta(seconds=1)
# How long the database may be away while outcomes are kept, in seconds; well within the time of a task.
AWAY = 10.0
# The due row of a lane is kept when nothing waits: its count of announcements must only grow.
IDLE = timedelta(days=1)

Clock = Callable[[], datetime]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Delivered:
    """How a visit ended. `again`: something is due now. `others`: more channels wait for a worker."""

    sent: int = 0
    again: bool = False
    others: int = 0


def deliver(
    company: Company, lane: Lane, *, clock: Clock = timezone.now, call_others: Callable[[], None] = lambda: None
) -> Delivered:
    """One visit: settle what the dead left, send in the lane that waited longest, say when to come again.

    `call_others` is called before sending when more channels wait for a worker.
    """
    round = due.begin(KINDS[lane], company)
    _sweep(clock())
    hold, others = lanes.take(lane, clock())
    if others:
        call_others()
    turn = Turn(hold, clock) if hold else None
    if turn:
        turn.run()
    now = clock()
    next_due_at = claiming.next_due(lane) or now + IDLE
    if turn and turn.was_held_up:
        next_due_at = min(next_due_at, now + LOOK_AGAIN)
    was_settled = due.settle(round, next_due_at)
    again = bool(turn) and (next_due_at <= now or not was_settled)
    return Delivered(turn.sent if turn else 0, again, others)


@transaction.atomic
def _sweep(now: datetime) -> None:
    dead, silent = claiming.expire(now), claiming.settle_silent(now)
    # Of the silent ones nobody will hear any more; what has arrived after all is counted all the same.
    ended = [change.message for change in dead if change.state == MessageState.FAILED]
    let_go([*ended, *(change.message for change in silent if change.state == MessageState.UNKNOWN)])
    tell_changed([*dead, *silent])


@dataclass
class Turn:
    """One pump's time with one lane."""

    hold: Hold
    clock: Clock
    sent: int = 0
    was_held_up: bool = False
    grounded: list[Claimed] = field(default_factory=list)
    breaker: Breaker = field(default_factory=Breaker)

    def run(self) -> None:
        """Send until nothing is due or the time is over; every request that was begun is waited for."""
        try:
            self._fly()
        except SecretUnreadable:
            # A damaged token sends nothing, and must not be met again at every turn.
            channels.stop(self.hold.channel, ChannelState.RECONNECT, reason=channels.UNREADABLE)
        finally:
            lanes.release(self.hold, self.clock())

    def _fly(self) -> None:
        channel = self.hold.channel
        self.lane = Lane(self.hold.lane)
        self.started, self.probing, self.stopped = self.clock(), self.hold.probing, False
        credentials = channels.credentials_of(channel)
        with flying(registry.open_session, registry.adapter_for(channel.kind), credentials) as flight:
            self.flight = flight
            self.bucket = Bucket(lane_rate(channel.messages_per_second, self.lane), flight.now(), self.hold.idle)
            flight.pace(self.bucket)
            while self._cycle():
                self._let_fly()

    def _let_fly(self) -> None:
        if not self.flight.is_busy():
            time.sleep(MOMENT)
            return
        at_once = self.lane == Lane.REPLIES or self.probing
        self.flight.wait(
            enough=1 if at_once else max(1, self._batch() // 2),
            until_waiting=self._batch() // 2,
            patience=PATIENCE[self.lane],
        )

    def _cycle(self) -> bool:
        """Outcomes in, a batch out; whether to go on."""
        now = self.clock()
        decisions = self._decide(now)
        changes = [decision.change for decision in decisions]
        claimed = self._surely(partial(self._claim_after, changes, now))
        self.flight.launch(claimed)
        self.sent += sum(change.state == MessageState.SENT for change in changes)
        self._heed(decisions)
        return self.flight.is_busy() or self._waits_for_other_lane(now)

    def _surely(self, work: Callable[[], Result]) -> Result:
        """In one transaction. A database that is away for moments costs no outcome: we have it, and ask again.

        What was recorded already is not recorded twice, since an attempt has one outcome.
        """
        until = time.monotonic() + AWAY
        while True:
            try:
                with transaction.atomic():
                    return work()
            except (OperationalError, InterfaceError) as problem:
                if time.monotonic() > until:
                    raise
                log.warning("pump.database_away", error=type(problem).__name__)
                connection.close()
                time.sleep(MOMENT)

    def _claim_after(self, changes: Sequence[Change], now: datetime) -> list[Claimed]:
        """Write outcomes and take the next batch, in one transaction; nothing is taken when the lane is not ours."""
        standing = lanes.renew(self.hold, now)
        if standing is None or not standing.sends:
            self.stopped = True
        elif standing.messages_per_second != self.hold.channel.messages_per_second:
            self.bucket.rate = lane_rate(standing.messages_per_second, self.lane)
        if self.stopped:
            # Kept, since this may be done once more when the database was away.
            self.grounded += self.flight.ground()
        changed = claiming.record([*changes, *(put_back(claimed, now) for claimed in self.grounded)], now)
        room = self._room(now)
        claimed = claiming.claim(self.hold.channel, self.lane, now, room) if room else []
        let_be = unwanted(claimed, self.lane)
        changed += claiming.record(let_be, now)
        claimed = claiming.without(claimed, let_be)
        let_go(change.message for change in changed if change.state == MessageState.FAILED)
        tell_changed([change for change in changed if self._is_news(change)])
        return claimed

    def _heed(self, decisions: Sequence[Decision]) -> None:
        """What refusals say of more than their message: of the channel, and of the person."""
        channel = self.hold.channel
        if stops := [decision.stops for decision in decisions if decision.stops]:
            self._surely(partial(stop_for_errors, channel, stops))
        changes = [decision.change for decision in decisions]
        if told := [change.claimed.id for change in changes if is_opt_out(channel.kind, change.code)]:
            self._surely(partial(self._heed_opt_outs, told))

    def _heed_opt_outs(self, told: Sequence[int]) -> None:
        refused = Message.objects.filter(pk__in=told, state=MessageState.FAILED)
        heed_refusals(self.hold.channel, refused.select_related("conversation__contact"))

    def _decide(self, now: datetime) -> list[Decision]:
        """What the ended requests mean; faults and rests count at once, before anything new is claimed."""
        channel = self.hold.channel
        decisions = [decide(channel.kind, self.lane, claimed, answer, now) for claimed, answer in self.flight.landed()]
        for decision in decisions:
            self.breaker.record(failed=decision.is_fault)
        rest = max((decision.rest for decision in decisions), default=0.0)
        if self.breaker.is_open() or (self.probing and any(decision.is_fault for decision in decisions)):
            rest = max(rest, REST.total_seconds())
            log.warning("channel.rests", channel=channel.public_id, seconds=rest)
        if rest:
            self._surely(partial(lanes.rest, channel, now + timedelta(seconds=rest)))
        elif decisions and self.probing:
            self._surely(partial(lanes.end_rest, channel, now))
            self.probing = False
        self.stopped = self.stopped or bool(rest) or any(decision.stops for decision in decisions)
        return decisions

    def _batch(self) -> int:
        """At most what is sent within a second, so that a pause takes hold at once."""
        return max(1, min(MOST_CLAIMED, ceil(self.bucket.rate)))

    def _room(self, now: datetime) -> int:
        """How many to claim now: batches worth their statement, one alone after a rest, none when the turn is over."""
        if self.stopped or self._is_over(now):
            return 0
        if self.probing:
            return 0 if self.flight.is_busy() else 1
        batch, waiting = self._batch(), self.flight.waiting
        return batch - waiting if waiting <= batch // 2 else 0

    def _is_over(self, now: datetime) -> bool:
        longest = LONGEST_TURN if self.lane == Lane.REPLIES and self.flight.is_busy() else TURN
        return now - self.started >= longest

    def _waits_for_other_lane(self, now: datetime) -> bool:
        """A person's message in the other lane ends within moments: no need to hand the worker back for that."""
        if self.stopped or self._is_over(now):
            return False
        self.was_held_up = claiming.is_held_up(self.hold.channel, self.lane, now)
        return self.was_held_up

    def _is_news(self, change: Changed) -> bool:
        """A broadcast's messages are told of when the provider reports them; an answer's at once."""
        return self.lane == Lane.REPLIES or change.state in (MessageState.FAILED, MessageState.UNKNOWN)
