"""Rows become messages as the pace allows; whether each person may be written to is asked again in that transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from messaging.broadcasts import costs, gates, limits, threads
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason
from messaging.broadcasts.rows import Row, hold_next
from messaging.broadcasts.texts import as_started
from messaging.broadcasts.threads import Known
from messaging.channels.models import Channel
from messaging.channels.services import hold
from messaging.live.events import tell
from messaging.message_templates.filling import Filler
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from messaging.messages.nudging import announce
from messaging.messages.pacing import lane_rate
from tenants.lib.ids import new_public_id
from tenants.lib.inserting import Insertion

RECIPIENT = BroadcastRecipient._meta.db_table
# Rows in one transaction, for which their people are held: a fifth of a second.
BATCH = 1500
# So much of a channel's rate waits in its lane: enough that the pump is never idle, little to take back at a pause.
AHEAD = timedelta(seconds=30)
FEWEST = 200
LOOK_AGAIN = timedelta(seconds=5)

NEW_MESSAGES = Insertion(
    Message,
    {"public_id": "text", "conversation_id": "bigint", "identity_id": "bigint", "text": "text", "content": "jsonb"},
    beside={"recipient": "bigint", "price": "numeric"},
    order="recipient",
)
WRITE = f"""
WITH wanted AS ({NEW_MESSAGES.rows}), made AS ({NEW_MESSAGES.insert} RETURNING id, public_id)
UPDATE {RECIPIENT} r SET message_id = made.id, price = w.price
FROM wanted w JOIN made ON made.public_id = w.public_id WHERE r.id = w.recipient
"""


@dataclass(frozen=True)
class Feeding:
    """What all rows of a batch have in common."""

    broadcast: Broadcast
    channel: Channel
    template: MessageTemplate
    now: datetime


class Paid(NamedTuple):
    """A row whose price is put aside under the key of its message to be."""

    row: Row
    key: str
    price: Decimal | None


@dataclass(frozen=True)
class Made:
    """How many rows were looked at, and what is wrong when the budget covers no more of them."""

    looked_at: int = 0
    shortage: str = ""


@dataclass(frozen=True)
class Fed:
    """`made` rows got their message; `again_at` is when to look again, None when it is over."""

    made: int = 0
    again_at: datetime | None = None
    has_room: bool = False


@transaction.atomic
def feed(broadcast_id: int, now: datetime, *, looks_back: bool = True) -> Fed:
    """Make the next messages of a broadcast. Two workers never feed the same one at once.

    `looks_back`: whether what became of the last messages is asked too, which may stop it.
    """
    broadcast = (
        Broadcast.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel", "template")
        .filter(pk=broadcast_id, state=BroadcastState.SENDING)
        .first()
    )
    if broadcast is None or broadcast.channel is None:
        return Fed()
    hold(broadcast.channel)
    if gates.stop(broadcast, looks_back=looks_back):
        return Fed()
    if until := gates.closed_until(broadcast, now):
        return Fed(again_at=until)
    return _feed(broadcast, broadcast.channel, now)


def _feed(broadcast: Broadcast, channel: Channel, now: datetime) -> Fed:
    people = limits.people_of(channel, now)
    if (until := limits.full_until(people, now)) and _waits(broadcast):
        return Fed(again_at=until)
    room = _room(broadcast, channel, now)
    most = min(room, BATCH, people.left if people else BATCH)
    template = as_started(broadcast)
    made = _make(Feeding(broadcast, channel, template, now), most) if room > 0 and template else None
    if made is not None:
        Broadcast.objects.filter(pk=broadcast.pk).update(fed_at=now, currency=broadcast.currency)
    if made and made.shortage:
        # What the budget covers goes out: it is paid for.
        gates.pause_for(broadcast, PauseReason.BUDGET, made.shortage, takes_back=False)
        return Fed(made.looked_at)
    if made is None or made.looked_at:
        return Fed(made.looked_at if made else 0, now + LOOK_AGAIN, has_room=bool(made) and room > BATCH)
    return Fed(again_at=None if _complete(broadcast, now) else now + LOOK_AGAIN)


def _waits(broadcast: Broadcast) -> bool:
    return BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").exists()


def _room(broadcast: Broadcast, channel: Channel, now: datetime) -> int:
    """How many messages may be added to the lane."""
    waiting = Message.objects.filter(channel=channel, lane=Lane.BULK, state=MessageState.QUEUED).count()
    wanted = max(FEWEST, int(lane_rate(channel.messages_per_second, Lane.BULK) * AHEAD.total_seconds()))
    room = wanted - waiting
    if broadcast.per_minute:
        since = (now - broadcast.fed_at).total_seconds() if broadcast.fed_at else LOOK_AGAIN.total_seconds()
        room = min(room, int(broadcast.per_minute * min(since, 60.0) // 60))
    return room


def _make(feeding: Feeding, most: int) -> Made:
    """The next rows with their messages; none looked at when no row waits."""
    looked_at, rows = hold_next(feeding.broadcast, feeding.channel, most)
    if not looked_at:
        return Made()
    known = threads.hold(feeding.channel, [row for row, _reason in rows])
    refused = defaultdict[str, list[int]](list)
    for row, reason in rows:
        if reason:
            refused[reason].append(row.pk)
    for reason, keys in refused.items():
        BroadcastRecipient.objects.filter(pk__in=keys).update(skipped=reason)
    allowed = [row for row, reason in rows if not reason]
    shortage = _pay_and_write(feeding, allowed, known) if allowed else ""
    tell("broadcast", id=feeding.broadcast.public_id)
    return Made(looked_at, shortage)


def _pay_and_write(feeding: Feeding, rows: Sequence[Row], known: Known) -> str:
    """Put the price of each message aside and make it; what the budget does not cover stays a row, and is told of."""
    broadcast, now = feeding.broadcast, feeding.now
    expected = costs.expected_prices(broadcast, [(row.market, row.address) for row in rows], now)
    broadcast.currency = expected.currency
    keys = [new_public_id() for _row in rows]
    reserved = costs.put_aside(keys, expected, now)
    paid = [Paid(*one) for one in zip(rows, keys, expected.prices, strict=True)][: reserved.count]
    if paid:
        _write(feeding, paid, known)
        announce(Lane.BULK)
    return costs.shortage_words(broadcast, reserved, now) if reserved.count < len(rows) else ""


def _write(feeding: Feeding, paid: Sequence[Paid], known: Known) -> None:
    broadcast, channel, now = feeding.broadcast, feeding.channel, feeding.now
    filler = Filler(feeding.template)
    filled = [filler.fill(one.row.values) for one in paid]
    texts = [text for text, _content in filled]
    places = threads.conversations(channel, [one.row for one in paid], texts, known, now)
    wanted = [
        {
            "recipient": row.pk,
            "price": price and str(price),
            "public_id": key,
            "conversation_id": places[row.contact_id or 0][0],
            "identity_id": places[row.contact_id or 0][1],
            "text": text,
            "content": {**content, "broadcast": broadcast.public_id},
        }
        for (row, key, price), (text, content) in zip(paid, filled, strict=True)
    ]
    alike = Message(
        channel=channel,
        direction=Direction.OUTBOUND,
        type="template",
        author_id=broadcast.author_id,
        author_name=broadcast.author_name,
        state=MessageState.QUEUED,
        lane=Lane.BULK,
        due_at=now,
        at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(WRITE, NEW_MESSAGES.parameters(wanted, alike))


def _complete(broadcast: Broadcast, now: datetime) -> bool:
    """Whether everything has come to an end; an outcome nobody can know any more is one."""
    under_way = BroadcastRecipient.objects.filter(broadcast=broadcast, message__state__in=["queued", "sending"])
    unknown = BroadcastRecipient.objects.filter(
        broadcast=broadcast, message__state="unknown", message__lease_until__isnull=False
    )
    if under_way.exists() or unknown.exists():
        return False
    Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SENDING).update(
        state=BroadcastState.COMPLETED, finished_at=now
    )
    tell("broadcast", id=broadcast.public_id)
    return True
