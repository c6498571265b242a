"""A broadcast's start: everybody who was chosen becomes a row, in steps that may be cut off anywhere."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max

from messaging.broadcasts import audience, markets
from messaging.broadcasts.audience import CANONICAL, REACHABLE
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, SkipReason
from messaging.broadcasts.texts import message_of
from messaging.contacts.models import Contact

# Contacts looked at in one transaction: some seconds of work at the most.
STEP = 50_000
RECIPIENT, BROADCAST = BroadcastRecipient._meta.db_table, Broadcast._meta.db_table


def freeze(broadcast: Broadcast, prefixes: Mapping[str, str], *, step: int = STEP) -> bool:
    """Write the rows that are missing and let the broadcast send; False when it is not being prepared any more.

    `prefixes` are the calling prefixes of the markets, without "+".
    """
    last = Contact.objects.aggregate(last=Max("pk"))["last"] or 0
    while (until := _step(broadcast.pk, prefixes, last, step)) is not None:
        if until >= last:
            return _finish(broadcast.pk)
    return False


@transaction.atomic
def _step(broadcast_id: int, prefixes: Mapping[str, str], last: int, step: int) -> int | None:
    """One part of the contacts; the key up to which rows stand. None when somebody has stopped it."""
    broadcast = (
        Broadcast.objects.select_for_update(of=("self",))
        .select_related("channel", "template")
        .filter(pk=broadcast_id, state=BroadcastState.PREPARING)
        .first()
    )
    if broadcast is None or broadcast.channel is None:
        return None
    first, until = broadcast.frozen_until, min(broadcast.frozen_until + step, last)
    if until > first:
        sql, values = audience.people(
            broadcast.audience, broadcast.channel, broadcast.purpose, message_of(broadcast), among=(first, until)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO {RECIPIENT} (broadcast_id, contact_id, name, address, values, consent_id, market, skipped)
                SELECT %s, p.id, p.name, p.address, COALESCE(p.values, '{{}}'), p.event_id,
                    {markets.market("p.address")},
                    CASE p.part WHEN '{REACHABLE}' THEN '' ELSE p.part END
                FROM ({sql}) p {markets.joins("p.address")} ORDER BY p.id
                ON CONFLICT (broadcast_id, contact_id) DO NOTHING
                """,
                [broadcast.pk, *values, *markets.parameters(prefixes)],
            )
        Broadcast.objects.filter(pk=broadcast.pk).update(frozen_until=until)
    return until


@transaction.atomic
def _finish(broadcast_id: int) -> bool:
    """One number is written to once, also where its contacts were in different steps."""
    moved = Broadcast.objects.filter(pk=broadcast_id, state=BroadcastState.PREPARING)
    if not moved.update(state=BroadcastState.SENDING):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {RECIPIENT} r SET skipped = '{SkipReason.DUPLICATE}' FROM (
                SELECT id, row_number() OVER (PARTITION BY {CANONICAL.format(address="address")} ORDER BY id) AS place
                FROM {RECIPIENT} WHERE broadcast_id = %s AND skipped = ''
            ) d WHERE r.id = d.id AND d.place > 1
            """,
            [broadcast_id],
        )
        # The planner must not take the table for as small as it was: by itself it looks again within a minute or so.
        cursor.execute(f"ANALYZE {RECIPIENT}")
    return True
