"""Rows become messages as the pace allows; whether each person may be written to is asked again in that transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from messaging.broadcasts import gates
from messaging.broadcasts.audience import CONSENT_PART
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, SkipReason
from messaging.broadcasts.texts import as_started
from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.events import tell
from messaging.message_templates.filling import content_for, rendered
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from messaging.messages.nudging import announce
from messaging.messages.pacing import lane_rate
from messaging.messages.wording import preview_of

CONTACT, CONSENT, RECIPIENT = Contact._meta.db_table, Consent._meta.db_table, BroadcastRecipient._meta.db_table
BATCH = 500
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


@dataclass(frozen=True)
class Fed:
    """`made` rows got their message; `again_at` is when to look again, None when it is over."""

    made: int = 0
    again_at: datetime | None = None
    has_room: bool = False


@transaction.atomic
def feed(broadcast_id: int, now: datetime) -> Fed:
    """Make the next messages of a broadcast. Two workers never feed the same one at once."""
    broadcast = (
        Broadcast.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel", "template")
        .filter(pk=broadcast_id, state=BroadcastState.SENDING)
        .first()
    )
    if broadcast is None or broadcast.channel is None:
        return Fed()
    if gates.stop(broadcast, now):
        return Fed()
    if until := gates.closed_until(broadcast, now):
        return Fed(again_at=until)
    room = _room(broadcast, broadcast.channel, now)
    template = as_started(broadcast)
    made = _make(broadcast, broadcast.channel, template, min(room, BATCH), now) if room > 0 and template else None
    if made is not None:
        Broadcast.objects.filter(pk=broadcast.pk).update(fed_at=now)
    if made is None or made:
        return Fed(made or 0, now + LOOK_AGAIN, has_room=bool(made) and room > BATCH)
    return Fed(again_at=None if _complete(broadcast, now) else now + LOOK_AGAIN)


def _room(broadcast: Broadcast, channel: Channel, now: datetime) -> int:
    """How many messages may be added to the lane."""
    waiting = Message.objects.filter(channel=channel, lane=Lane.BULK, state=MessageState.QUEUED).count()
    wanted = max(FEWEST, int(lane_rate(channel.messages_per_second, Lane.BULK) * AHEAD.total_seconds()))
    room = wanted - waiting
    if broadcast.per_minute:
        since = (now - broadcast.fed_at).total_seconds() if broadcast.fed_at else LOOK_AGAIN.total_seconds()
        room = min(room, int(broadcast.per_minute * min(since, 60.0) // 60))
    return room


def _make(broadcast: Broadcast, channel: Channel, template: MessageTemplate, most: int, now: datetime) -> int | None:
    """The next rows with their messages; 0 when no row waits."""
    waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").order_by("id")
    next_ones = list(waiting.values_list("pk", "contact_id")[:most])
    if not next_ones:
        return 0
    contacts = sorted(contact for _pk, contact in next_ones if contact)
    # People before rows, as everybody locks them. From here on nobody's decision changes until the commit.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {CONTACT} WHERE id = ANY(%s) ORDER BY id FOR SHARE", [contacts])
        cursor.execute(MAY_STILL, {"purpose": broadcast.purpose, "channel": channel.pk, "contacts": contacts})
        no = {contact: reason for contact, reason in cursor.fetchall() if reason}
    rows = list(waiting.select_for_update(of=("self",)).filter(pk__in=[pk for pk, _contact in next_ones]))
    for row in rows:
        row.skipped = SkipReason.REMOVED if row.contact_id is None else no.get(row.contact_id, "")
    refused = [row for row in rows if row.skipped]
    BroadcastRecipient.objects.bulk_update(refused, ["skipped"])
    allowed = [row for row in rows if not row.skipped]
    if allowed:
        _write(broadcast, channel, template, allowed, now)
        announce(Lane.BULK)
    tell("broadcast", id=broadcast.public_id)
    return len(next_ones)


def _write(
    broadcast: Broadcast,
    channel: Channel,
    template: MessageTemplate,
    rows: Sequence[BroadcastRecipient],
    now: datetime,
) -> None:
    texts = [rendered(template, row.values).text for row in rows]
    threads = _conversations(channel, rows, texts, now)
    messages = []
    for row, text in zip(rows, texts, strict=True):
        conversation_id, identity_id = threads[row.contact_id or 0]
        messages.append(
            Message(
                conversation_id=conversation_id,
                channel=channel,
                identity_id=identity_id,
                direction=Direction.OUTBOUND,
                type="template",
                text=text,
                content={**content_for(template, row.values), "broadcast": broadcast.public_id},
                author_id=broadcast.author_id,
                author_name=broadcast.author_name,
                state=MessageState.QUEUED,
                lane=Lane.BULK,
                due_at=now,
                at=now,
            )
        )
    made = iter(Message.objects.bulk_create(messages))
    with connection.cursor() as cursor:
        pairs = [(row.pk, message.pk) for row, message in zip(rows, islice(made, len(rows)), strict=True)]
        cursor.execute(
            f"UPDATE {RECIPIENT} r SET message_id = p.message FROM unnest(%s::bigint[], %s::bigint[])"
            " AS p (id, message) WHERE r.id = p.id",
            [[row for row, _message in pairs], [message for _row, message in pairs]],
        )


def _conversations(
    channel: Channel, rows: Sequence[BroadcastRecipient], texts: Sequence[str], now: datetime
) -> dict[int, tuple[int, int]]:
    """Conversation and identity by contact. A new conversation is resolved: it waits for nobody until they answer."""
    ChannelIdentity.objects.bulk_create(
        [ChannelIdentity(contact_id=row.contact_id or 0, kind=channel.kind, external_id=row.address) for row in rows],
        ignore_conflicts=True,
    )
    known = ChannelIdentity.objects.filter(kind=channel.kind, external_id__in=[row.address for row in rows])
    identities = dict(known.values_list("external_id", "pk"))
    Conversation.objects.bulk_create(
        [
            Conversation(
                channel=channel,
                contact_id=row.contact_id or 0,
                identity_id=identities[row.address],
                state=ConversationState.RESOLVED,
                resolved_at=now,
                last_message_at=now,
                preview=preview_of("template", text),
                preview_direction=Direction.OUTBOUND,
            )
            for row, text in zip(rows, texts, strict=True)
        ],
        ignore_conflicts=True,
    )
    found: Any = Conversation.objects.filter(channel=channel, contact__in=[row.contact_id for row in rows])
    conversations = dict(found.values_list("contact_id", "pk"))
    return {row.contact_id: (conversations[row.contact_id], identities[row.address]) for row in rows if row.contact_id}


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
