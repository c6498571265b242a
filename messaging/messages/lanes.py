"""Who sends: one pump per channel and lane holds its lease, so that its rate limit is local and exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from messaging.channels.models import Channel, ChannelState, SendingLane
from messaging.messages.models import Lane, Message
from tenants.lib.database import database
from tenants.lib.ids import new_public_id

# A pump renews it several times a second; after its death another one takes over this much later.
LEASE = timedelta(seconds=15)
LANE, CHANNEL, MESSAGE = SendingLane._meta.db_table, Channel._meta.db_table, Message._meta.db_table


@dataclass(frozen=True)
class Hold:
    """A lane that is ours. `idle` is for how many seconds nobody sent in it, `probing` that the channel has rested."""

    channel: Channel
    lane: str
    holder: str
    idle: float
    probing: bool


@dataclass(frozen=True)
class Standing:
    """How a channel stands at the moment of a claim: a pause is a row's state, seen at once."""

    sends: bool
    messages_per_second: int


def most_pumps() -> int:
    """A company gets at most half of a queue's workers, and always one."""
    return max(1, int(settings.SENDING_WORKERS) // 2)


@transaction.atomic
def take(lane: str, now: datetime) -> tuple[Hold | None, int]:
    """The lane that waited longest, if one is free and the company has a worker left; and how many more wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{database.schema_name} {lane}"])
    held = SendingLane.objects.filter(lane=lane, lease_until__gt=now).exclude(holder="").count()
    waiting = _waiting(lane, now)
    room = min(most_pumps() - held, len(waiting))
    if room <= 0:
        return None, 0
    return _hold(waiting[0], lane, now), room - 1


def renew(hold: Hold, now: datetime) -> Standing | None:
    """Keep the lane, and read how its channel stands; None when another pump has taken it.

    Inside the claim's transaction. Both lanes of the channel are locked until its end, so that two lanes never claim
    for the same person at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH lanes AS (SELECT id FROM {LANE} WHERE channel_id = %s ORDER BY id FOR UPDATE)
            UPDATE {LANE} l SET lease_until = %s FROM lanes, {CHANNEL} c
            WHERE l.id = lanes.id AND l.lane = %s AND l.holder = %s AND c.id = l.channel_id
            RETURNING c.state, c.resting_until, c.messages_per_second
            """,
            [hold.channel.pk, now + LEASE, hold.lane, hold.holder],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    state, resting_until, rate = row
    return Standing(state == ChannelState.CONNECTED and (resting_until is None or resting_until <= now), rate)


def release(hold: Hold, now: datetime) -> None:
    """Give the lane back; its lease keeps when it was last used."""
    SendingLane.objects.filter(channel=hold.channel, lane=hold.lane, holder=hold.holder).update(
        holder="", lease_until=now
    )


def rest(channel: Channel, until: datetime) -> None:
    """Try nothing on a channel before `until`; a longer rest stands."""
    others = Channel.objects.filter(pk=channel.pk)
    (others.filter(resting_until=None) | others.filter(resting_until__lt=until)).update(resting_until=until)


def end_rest(channel: Channel, now: datetime) -> None:
    """A call worked: the channel is well again, unless it was sent to rest meanwhile."""
    Channel.objects.filter(pk=channel.pk, resting_until__lte=now).update(resting_until=None)


def _waiting(lane: str, now: datetime) -> list[Channel]:
    """Channels with something due that nobody sends for now, the one that waited longest first."""
    return list(
        Channel.objects.raw(
            f"""
            SELECT c.* FROM {CHANNEL} c LEFT JOIN {LANE} l ON l.channel_id = c.id AND l.lane = %(lane)s
            WHERE c.state = 'connected' AND (c.resting_until IS NULL OR c.resting_until <= %(now)s)
                AND (l.lease_until IS NULL OR l.lease_until <= %(now)s)
                AND EXISTS (SELECT 1 FROM {MESSAGE} m WHERE m.channel_id = c.id AND m.lane = %(lane)s
                            AND m.state = 'queued' AND m.due_at <= %(now)s)
            ORDER BY l.lease_until NULLS FIRST, c.id
            """,
            {"lane": lane, "now": now},
        )
    )


def _hold(channel: Channel, lane: str, now: datetime) -> Hold:
    SendingLane.objects.bulk_create(
        [SendingLane(channel=channel, lane=name) for name in Lane.values], ignore_conflicts=True
    )
    row = SendingLane.objects.get(channel=channel, lane=lane)
    holder = new_public_id()
    SendingLane.objects.filter(pk=row.pk).update(holder=holder, lease_until=now + LEASE)
    idle = (now - row.lease_until).total_seconds() if row.lease_until else 1.0
    return Hold(channel, lane, holder, idle, probing=channel.resting_until is not None)
