"""How many people a number's account may write to first within 24 hours, by the provider's word and our own count.

The provider does not say what becomes of a message above its limit, so a broadcast stops before it and leaves a part to
agents' templates. Counted from the messages themselves, by an index that holds nothing but templates: at the highest
limit that is finite 100,000 entries, and none where the provider sets no limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from messaging.channels.capabilities import ANY_NUMBER, capabilities_of
from messaging.channels.models import Channel
from messaging.conversations.models import Conversation
from messaging.messages.models import Message

MESSAGE, CONVERSATION, CHANNEL = Message._meta.db_table, Conversation._meta.db_table, Channel._meta.db_table
WITHIN = timedelta(hours=24)
# Of a hundred people, so many are left to agents.
KEPT = 10

# Who wrote within the day before got an answer, not a first message. A window that opened afterwards tells nothing of
# that moment, so those count.
WRITTEN_TO = f"""
SELECT count(*), min(last) FROM (
    SELECT max(m.at) AS last
    FROM {MESSAGE} m JOIN {CONVERSATION} c ON c.id = m.conversation_id
    WHERE m.channel_id IN (SELECT id FROM {CHANNEL} WHERE kind = %(kind)s AND account_external_id = %(account)s)
        AND m.direction = 'outbound' AND m.type = 'template' AND m.at > %(since)s AND m.state <> 'failed'
        AND (c.last_inbound_at IS NULL OR c.last_inbound_at > m.at OR c.last_inbound_at <= m.at - interval '24 hours')
    GROUP BY COALESCE(m.identity_id, -m.conversation_id)
) people
"""


@dataclass(frozen=True)
class People:
    """`limit` is what a broadcast may use; `free_at` is when the first of those `written_to` counts no more."""

    limit: int
    written_to: int
    free_at: datetime | None

    @property
    def left(self) -> int:
        return max(0, self.limit - self.written_to)


def people_of(channel: Channel, now: datetime) -> People | None:
    """Where the account of a number stands; None when nobody limits it, or its limit is not known."""
    limit = capabilities_of(channel.kind).daily_people.get(str(channel.health.get("daily_limit", "")))
    if limit is None or limit >= ANY_NUMBER:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            WRITTEN_TO,
            {
                "kind": channel.kind,
                "account": channel.account_external_id,
                "since": now - WITHIN,
            },
        )
        written_to, first = cursor.fetchone()
    return People(limit * (100 - KEPT) // 100, written_to, first + WITHIN if first else None)


def full_until(people: People | None, now: datetime) -> datetime | None:
    """When somebody new may be written to; None when that is now."""
    if people is None or people.left:
        return None
    return people.free_at or now + WITHIN
