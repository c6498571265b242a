"""The conversations that a broadcast's messages belong to, looked up and opened for many people at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from messaging.broadcasts.rows import Row
from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity
from messaging.conversations.models import Conversation, ConversationState
from messaging.messages.models import Direction
from messaging.messages.wording import preview_of
from tenants.lib.ids import new_public_id
from tenants.lib.inserting import Insertion

CONVERSATION, IDENTITY = Conversation._meta.db_table, ChannelIdentity._meta.db_table
KNOWN = f"""
SELECT w.contact, (SELECT c.id FROM {CONVERSATION} c WHERE c.channel_id = %s AND c.contact_id = w.contact),
    (SELECT i.id FROM {IDENTITY} i WHERE i.kind = %s AND i.external_id = w.address)
FROM unnest(%s::bigint[], %s::text[]) AS w (contact, address)
"""
# By key and nothing else: the planner, who knows nothing of rows just written, has no other way to go.
HOLD = f"SELECT id FROM {CONVERSATION} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
# Somebody may write at this very moment: then theirs stands.
NEW_THREADS = Insertion(
    Conversation,
    {"public_id": "text", "contact_id": "bigint", "identity_id": "bigint", "preview": "text"},
    order="contact_id",
)
OPEN = f"WITH wanted AS ({NEW_THREADS.rows}) {NEW_THREADS.insert} ON CONFLICT DO NOTHING"

# Conversation and identity by contact, as far as there are any.
Known = Mapping[int, tuple[int | None, int | None]]


def hold(channel: Channel, rows: Sequence[Row]) -> Known:
    """What is there of both. Who answers in one holds it while they ask for money: so it is held before that."""
    known = _look_up(channel, rows)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [[thread for thread, _identity in known.values() if thread]])
    return known


def conversations(
    channel: Channel, rows: Sequence[Row], texts: Sequence[str], known: Known, now: datetime
) -> dict[int, tuple[int, int]]:
    """Conversation and identity by contact. A new conversation is resolved: it waits for nobody until they answer.

    A number known from text messages becomes one of this kind of channel.
    """
    found = dict(known)
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
        found |= _look_up(channel, strangers)
    new = [(row, text) for row, text in zip(rows, texts, strict=True) if found[row.contact_id or 0][0] is None]
    if new:
        _open(channel, [(row, text, found[row.contact_id or 0][1] or 0) for row, text in new], now)
        found |= _look_up(channel, [row for row, _text in new])
    return {contact: (thread or 0, identity or 0) for contact, (thread, identity) in found.items()}


def _look_up(channel: Channel, rows: Sequence[Row]) -> Known:
    """What is there of both."""
    contacts, addresses = [row.contact_id for row in rows], [row.address for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [channel.pk, channel.kind, contacts, addresses])
        return {contact: (thread, identity) for contact, thread, identity in cursor.fetchall()}


def _open(channel: Channel, new: Sequence[tuple[Row, str, int]], now: datetime) -> None:
    """Conversations for rows, their texts and their identities."""
    wanted = [
        {
            "public_id": new_public_id(),
            "contact_id": row.contact_id,
            "identity_id": identity,
            "preview": preview_of("template", text),
        }
        for row, text, identity in new
    ]
    alike = Conversation(
        channel=channel,
        state=ConversationState.RESOLVED,
        resolved_at=now,
        last_message_at=now,
        preview_direction=Direction.OUTBOUND,
    )
    with connection.cursor() as cursor:
        cursor.execute(OPEN, NEW_THREADS.parameters(wanted, alike))
