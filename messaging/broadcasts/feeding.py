"""Rows become messages as the pace allows; whether each person may be written to is asked again in that transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from messaging.broadcasts import costs, gates, limits
from messaging.broadcasts.audience import CONSENT_PART
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason, SkipReason
from messaging.broadcasts.texts import as_started
from messaging.channels.models import Channel
from messaging.channels.services import hold
from messaging.contacts.consent.models import Consent
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.events import tell
from messaging.message_templates.filling import Filler
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from messaging.messages.nudging import announce
from messaging.messages.pacing import lane_rate
from messaging.messages.wording import preview_of
from tenants.lib.ids import new_public_id

CONTACT, CONSENT = Contact._meta.db_table, Consent._meta.db_table
CONVERSATION, IDENTITY = Conversation._meta.db_table, ChannelIdentity._meta.db_table
MESSAGE, RECIPIENT = Message._meta.db_table, BroadcastRecipient._meta.db_table
# Rows in one transaction, for which their people are held: a fifth of a second.
BATCH = 1000
# So much of a channel's rate waits in its lane: enough that the pump is never idle, little to take back at a pause.
AHEAD = timedelta(seconds=30)
FEWEST = 200
LOOK_AGAIN = timedelta(seconds=5)

MAY_STILL = f"""
    SELECT c.id, CASE WHEN c.blocked_at IS NOT NULL THEN '{SkipReason.BLOCKED}' ELSE {CONSENT_PART} END
    FROM {CONTACT} c
    LEFT JOIN {CONSENT} everywhere
        ON everywhere.contact_id = c.id AND everywhere.purpose = %(purpose)s AND everywhere.channel_id IS NULL
    LEFT JOIN {CONSENT} here ON here.contact_id = c.id AND here.purpose = %(purpose)s AND here.channel_id = %(channel)s
    WHERE c.id = ANY(%(contacts)s)
"""


# By key and nothing else, so that the planner, who knows nothing of rows just written, has no other way to go. An
# address may have been taken away since, or have come to somebody else, who has said other things.
LOCK = f"""
SELECT id, contact_id, address, market, values, COALESCE(
    (SELECT i.contact_id = rows.contact_id FROM {IDENTITY} i WHERE i.kind = %(kind)s AND i.external_id = rows.address),
    EXISTS (SELECT 1 FROM {IDENTITY} i WHERE i.contact_id = rows.contact_id AND i.external_id = rows.address))
FROM (SELECT * FROM {RECIPIENT} WHERE id = ANY(%(rows)s) ORDER BY id FOR UPDATE) rows
WHERE message_id IS NULL AND skipped = '' ORDER BY id
"""
# Who answers in one holds it while they ask for money, so it is held before money is asked for.
THREADS = f"""
SELECT id FROM {CONVERSATION} WHERE channel_id = %s AND contact_id = ANY(%s) ORDER BY id FOR KEY SHARE
"""
KNOWN = f"""
SELECT w.contact, c.id, i.id FROM unnest(%s::bigint[], %s::text[]) AS w (contact, address)
LEFT JOIN {CONVERSATION} c ON c.channel_id = %s AND c.contact_id = w.contact
LEFT JOIN {IDENTITY} i ON i.kind = %s AND i.external_id = w.address
"""

# A batch in one statement: what differs comes as JSON, what is alike in all of them once.
OWN = {"public_id": "text", "conversation_id": "bigint", "identity_id": "bigint", "text": "text", "content": "jsonb"}
ALIKE = [column for column in Message._meta.concrete_fields if column.attname not in OWN and not column.primary_key]
WRITE = f"""
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb)
        AS w (recipient bigint, price numeric, {", ".join(f"{name} {type}" for name, type in OWN.items())})
), made AS (
    INSERT INTO {MESSAGE} ({", ".join(OWN)}, {", ".join(str(column.column) for column in ALIKE)})
    SELECT {", ".join(OWN)}, {", ".join(f"%s::{column.db_type(connection)}" for column in ALIKE)}
    FROM wanted ORDER BY recipient
    RETURNING id, public_id
)
UPDATE {RECIPIENT} r SET message_id = made.id, price = w.price
FROM wanted w JOIN made ON made.public_id = w.public_id WHERE r.id = w.recipient
"""


@dataclass(frozen=True)
class Made:
    """How many rows were looked at, and what is wrong when the budget covers no more of them."""

    looked_at: int = 0
    shortage: str = ""


class Row(NamedTuple):
    """What a message needs to know of its recipient."""

    pk: int
    contact_id: int | None
    address: str
    market: str
    values: dict[str, str]
    is_theirs: bool = True

    def refusal(self, no: Mapping[int, str]) -> str:
        """Why no message is made of it; `no` are those who may not be written to, and why."""
        if self.contact_id is None:
            return SkipReason.REMOVED
        return no.get(self.contact_id, "") or ("" if self.is_theirs else SkipReason.NO_CHANNEL)


class Paid(NamedTuple):
    """A row whose price is put aside under the key of its message to be."""

    row: Row
    key: str
    price: Decimal | None


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
    made = _make(broadcast, channel, template, most, now) if room > 0 and template else None
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


def _make(broadcast: Broadcast, channel: Channel, template: MessageTemplate, most: int, now: datetime) -> Made:
    """The next rows with their messages; none looked at when no row waits."""
    waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").order_by("id")
    next_ones = list(waiting.values_list("pk", "contact_id")[:most])
    if not next_ones:
        return Made()
    contacts = sorted(contact for _pk, contact in next_ones if contact)
    # People before rows, as everybody locks them. From here on nobody's decision changes until the commit.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {CONTACT} WHERE id = ANY(%s) ORDER BY id FOR SHARE", [contacts])
        cursor.execute(MAY_STILL, {"purpose": broadcast.purpose, "channel": channel.pk, "contacts": contacts})
        no = {contact: reason for contact, reason in cursor.fetchall() if reason}
        cursor.execute(LOCK, {"rows": [pk for pk, _contact in next_ones], "kind": channel.kind})
        rows = [
            Row(pk, contact, address, market, json.loads(values), bool(is_theirs))
            for pk, contact, address, market, values, is_theirs in cursor.fetchall()
        ]
        cursor.execute(THREADS, [channel.pk, contacts])
    allowed, refused = list[Row](), defaultdict[str, list[int]](list)
    for row in rows:
        if reason := row.refusal(no):
            refused[reason].append(row.pk)
        else:
            allowed.append(row)
    for reason, keys in refused.items():
        BroadcastRecipient.objects.filter(pk__in=keys).update(skipped=reason)
    shortage = _pay_and_write(broadcast, channel, template, allowed, now) if allowed else ""
    tell("broadcast", id=broadcast.public_id)
    return Made(len(next_ones), shortage)


def _pay_and_write(
    broadcast: Broadcast,
    channel: Channel,
    template: MessageTemplate,
    rows: Sequence[Row],
    now: datetime,
) -> str:
    """Put the price of each message aside and make it; what the budget does not cover stays a row, and is told of."""
    expected = costs.expected_prices(broadcast, [(row.market, row.address) for row in rows], now)
    broadcast.currency = expected.currency
    keys = [new_public_id() for _row in rows]
    reserved = costs.put_aside(keys, expected, now)
    paid = [Paid(*one) for one in zip(rows, keys, expected.prices, strict=True)][: reserved.count]
    if paid:
        _write(broadcast, channel, template, paid, now)
        announce(Lane.BULK)
    return costs.shortage_words(broadcast, reserved, now) if reserved.count < len(rows) else ""


def _write(
    broadcast: Broadcast,
    channel: Channel,
    template: MessageTemplate,
    paid: Sequence[Paid],
    now: datetime,
) -> None:
    filler = Filler(template)
    filled = [filler.fill(one.row.values) for one in paid]
    threads = _conversations(channel, [one.row for one in paid], [text for text, _content in filled], now)
    wanted = [
        {
            "recipient": row.pk,
            "price": price and str(price),
            "public_id": key,
            "conversation_id": threads[row.contact_id or 0][0],
            "identity_id": threads[row.contact_id or 0][1],
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
        cursor.execute(WRITE, [json.dumps(wanted), *(_stored(alike, column) for column in ALIKE)])


def _stored(message: Message, column: Any) -> Any:
    """A field's value as the database takes it."""
    return column.get_db_prep_save(getattr(message, column.attname), connection)


def _conversations(
    channel: Channel, rows: Sequence[Row], texts: Sequence[str], now: datetime
) -> dict[int, tuple[int, int]]:
    """Conversation and identity by contact. A new conversation is resolved: it waits for nobody until they answer.

    A number known from text messages becomes one of this kind of channel.
    """
    found = _known(channel, rows)
    strangers = [row for row in rows if found[row.contact_id or 0][1] is None]
    if strangers:
        # Somebody may write at this very moment: then theirs stands.
        ChannelIdentity.objects.bulk_create(
            [
                ChannelIdentity(contact_id=row.contact_id or 0, kind=channel.kind, external_id=row.address)
                for row in strangers
            ],
            ignore_conflicts=True,
        )
        found |= _known(channel, strangers)
    new = [(row, text) for row, text in zip(rows, texts, strict=True) if found[row.contact_id or 0][0] is None]
    if new:
        Conversation.objects.bulk_create(
            [_new_conversation(channel, row, found[row.contact_id or 0][1] or 0, text, now) for row, text in new],
            ignore_conflicts=True,
        )
        found |= _known(channel, [row for row, _text in new])
    return {contact: (thread or 0, identity or 0) for contact, (thread, identity) in found.items()}


def _known(channel: Channel, rows: Sequence[Row]) -> dict[int, tuple[int | None, int | None]]:
    """What is there of both, by contact."""
    contacts, addresses = [row.contact_id for row in rows], [row.address for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [contacts, addresses, channel.pk, channel.kind])
        return {contact: (thread, identity) for contact, thread, identity in cursor.fetchall()}


def _new_conversation(channel: Channel, row: Row, identity_id: int, text: str, now: datetime) -> Conversation:
    return Conversation(
        channel=channel,
        contact_id=row.contact_id or 0,
        identity_id=identity_id,
        state=ConversationState.RESOLVED,
        resolved_at=now,
        last_message_at=now,
        preview=preview_of("template", text),
        preview_direction=Direction.OUTBOUND,
    )


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
