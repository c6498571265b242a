"""The queue's statements: rows claimed and committed before anybody speaks to a provider, outcomes recorded in bulk.

An attempt is a committed state with a token and a lease. What is told about another token changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.db import connection

from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.news import Changed
from messaging.messages.references import reference_of
from tenants.lib.ids import new_public_id

# Longer than any request may take.
ATTEMPT = timedelta(seconds=60)
# How long a report may take to tell us of an attempt whose outcome we do not know.
GRACE = {Lane.REPLIES: timedelta(seconds=90), Lane.BULK: timedelta(minutes=15)}
MOST_LOST = 3
# Our own code for a message that kills its workers.
POISONED = "poisoned"
# Our own code for a message whose channel was disconnected before it was sent.
CHANNEL_GONE = "channel_gone"
BATCH = 500

MESSAGE, IDENTITY = Message._meta.db_table, ChannelIdentity._meta.db_table
CONVERSATION, TEMPLATE, CHANNEL = Conversation._meta.db_table, MessageTemplate._meta.db_table, Channel._meta.db_table

# One in flight per channel and person, and within a lane in the order of the queue. OFFSET 0 keeps this a look into the
# index for each row: what waits comes and goes too quickly for the planner's statistics, and a join planned for a queue
# that was empty compares every row with every other.
FREE = f"""
    NOT EXISTS (SELECT 1 FROM {MESSAGE} o WHERE o.channel_id = m.channel_id AND o.identity_id = m.identity_id
                AND o.state IN ('queued', 'sending') AND o.id <> m.id
                AND (o.state = 'sending' OR (o.lane = m.lane AND o.id < m.id)) OFFSET 0)
"""

CLAIM = f"""
WITH due AS (
    SELECT m.id, i.external_id AS address, q.external_id AS quoted
    FROM {MESSAGE} m LEFT JOIN {IDENTITY} i ON i.id = m.identity_id LEFT JOIN {MESSAGE} q ON q.id = m.reply_to_id
    WHERE m.channel_id = %s AND m.lane = %s AND m.state = 'queued' AND m.due_at <= %s AND {FREE}
    ORDER BY m.due_at, m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED
)
UPDATE {MESSAGE} m SET state = 'sending', attempts = m.attempts + 1, attempt_token = %s, lease_until = %s
FROM due WHERE m.id = due.id
RETURNING m.id, m.public_id, m.attempts, m.type, m.content, due.address, due.quoted
"""

# The rows are locked and looked at once; to ask twice made the planner compare every row with every outcome.
# Nothing waits for a channel that was disconnected: it may be connected again months later.
OUTCOMES = f"""
WITH told AS (
    SELECT id, token, state, COALESCE(external_id, '') AS external_id, COALESCE(code, '') AS code,
        COALESCE(details, '') AS details, COALESCE(refund, 0) AS refund, later
    FROM jsonb_to_recordset(%(told)s::jsonb) AS t (id bigint, token text, state text, external_id text, code text,
                                                   details text, refund int, later timestamptz)
), locked AS (
    SELECT m.id AS message_id, t.external_id, t.refund, t.later,
        CASE WHEN is_gone THEN 'failed' ELSE t.state END AS state,
        CASE WHEN is_gone THEN '{CHANNEL_GONE}' ELSE t.code END AS code,
        CASE WHEN is_gone THEN '' ELSE t.details END AS details
    FROM {MESSAGE} m JOIN told t ON t.id = m.id AND t.token = m.attempt_token
        JOIN {CHANNEL} h ON h.id = m.channel_id
        CROSS JOIN LATERAL (SELECT t.state = 'queued' AND h.state = 'disconnected' AS is_gone) g
    WHERE m.state IN ('sending', 'unknown') ORDER BY m.id FOR UPDATE OF m
)
UPDATE {MESSAGE} m SET
    state = t.state,
    external_id = CASE WHEN t.external_id = '' OR EXISTS (
            SELECT 1 FROM {MESSAGE} o
            WHERE o.channel_id = m.channel_id AND o.external_id = t.external_id AND o.external_id <> '' AND o.id <> m.id
        ) THEN m.external_id ELSE t.external_id END,
    error_code = t.code, error_details = t.details, attempts = GREATEST(m.attempts - t.refund, 0),
    lost_attempts = CASE WHEN t.state = 'unknown' THEN m.lost_attempts ELSE 0 END,
    attempt_token = CASE WHEN t.state = 'queued' THEN '' ELSE m.attempt_token END,
    due_at = CASE WHEN t.state = 'queued' THEN t.later ELSE m.due_at END,
    lease_until = CASE WHEN t.state = 'unknown' THEN t.later END,
    sent_at = CASE WHEN t.state = 'sent' THEN %(now)s ELSE m.sent_at END,
    failed_at = CASE WHEN t.state = 'failed' THEN %(now)s ELSE m.failed_at END
FROM locked t, {CONVERSATION} c
WHERE m.id = t.message_id AND c.id = m.conversation_id
RETURNING m.public_id, c.public_id, m.state
"""

# `failed_at` stays empty: nobody refused it, so a report that it was sent still counts. The state is asked for in a way
# that only the index of leases fits: that of the order holds all that waits, and the planner does not know how much.
EXPIRE = f"""
WITH dead AS (
    SELECT id FROM {MESSAGE}
    WHERE state IN ('sending', 'unknown') AND state || '' = 'sending' AND lease_until <= %(now)s
    ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
)
UPDATE {MESSAGE} m SET lost_attempts = m.lost_attempts + 1,
    state = CASE WHEN m.lost_attempts + 1 >= {MOST_LOST} THEN 'failed' ELSE 'unknown' END,
    error_code = CASE WHEN m.lost_attempts + 1 >= {MOST_LOST} THEN '{POISONED}' ELSE '' END,
    lease_until = CASE WHEN m.lost_attempts + 1 >= {MOST_LOST} THEN NULL
                       WHEN m.lane = 'bulk' THEN %(bulk)s ELSE %(replies)s END
FROM dead, {CONVERSATION} c WHERE m.id = dead.id AND c.id = m.conversation_id
RETURNING m.public_id, c.public_id, m.state
"""

SETTLE = f"""
WITH silent AS (
    SELECT m.id, m.lane = 'bulk' AND m.type = 'template' AND EXISTS (
        SELECT 1 FROM {TEMPLATE} t JOIN {CHANNEL} h ON h.account_external_id = t.account_external_id
        WHERE h.id = m.channel_id AND h.state <> 'disconnected'
            AND t.name = m.content->>'name' AND t.language = m.content->>'language' AND upper(t.category) = 'UTILITY'
    ) AS again
    FROM {MESSAGE} m WHERE m.state = 'unknown' AND m.lease_until <= %(now)s
    ORDER BY m.id LIMIT {BATCH} FOR UPDATE OF m SKIP LOCKED
)
UPDATE {MESSAGE} m SET lease_until = NULL,
    state = CASE WHEN s.again THEN 'queued' ELSE m.state END,
    due_at = CASE WHEN s.again THEN %(now)s ELSE m.due_at END,
    attempt_token = CASE WHEN s.again THEN '' ELSE m.attempt_token END
FROM silent s, {CONVERSATION} c WHERE m.id = s.id AND c.id = m.conversation_id
RETURNING m.public_id, c.public_id, m.state
"""

NEXT = f"""
SELECT LEAST(
    (SELECT min(lease_until) FROM {MESSAGE} WHERE state IN ('sending', 'unknown') AND lane = %(lane)s),
    (SELECT min(GREATEST(first.due_at, c.resting_until)) FROM {CHANNEL} c CROSS JOIN LATERAL (
        SELECT m.due_at FROM {MESSAGE} m
        WHERE m.channel_id = c.id AND m.lane = %(lane)s AND m.state = 'queued' AND m.due_at IS NOT NULL AND {FREE}
        ORDER BY m.due_at, m.id LIMIT 1
    ) first WHERE c.state = 'connected')
)
"""

# A person's other lane has one in flight: it ends within moments, and nobody tells us when.
HELD_UP = f"""
SELECT EXISTS (
    SELECT 1 FROM {MESSAGE} m
    WHERE m.channel_id = %(channel)s AND m.lane = %(lane)s AND m.state = 'queued' AND m.due_at <= %(now)s AND EXISTS (
        SELECT 1 FROM {MESSAGE} o WHERE o.channel_id = m.channel_id AND o.identity_id = m.identity_id
            AND o.state = 'sending' AND o.lane <> m.lane AND o.lease_until > %(now)s OFFSET 0)
)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One attempt: what is to be sent, and the token that its outcome must carry."""

    id: int
    token: str
    attempt: int
    message: OutboundMessage


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt's outcome makes of its message. `later` is when it is due again, or known to be lost."""

    claimed: Claimed
    state: MessageState
    external_id: str = ""
    code: str = ""
    details: str = ""
    is_counted: bool = True
    later: datetime | None = None


def claim(channel: Channel, lane: str, now: datetime, most: int) -> list[Claimed]:
    """Take up to `most` due messages: at most one per person, none whose predecessor is still on its way."""
    token = new_public_id()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [channel.pk, lane, now, most, token, now + ATTEMPT])
        rows = cursor.fetchall()
    return [_claimed(token, row) for row in sorted(rows, key=itemgetter(0))]


def record(changes: Sequence[Change], now: datetime) -> list[Changed]:
    """Write outcomes in one statement. Those of an attempt that somebody has decided about since change nothing."""
    if not changes:
        return []
    told = [_told(change, known) for change, known in zip(changes, _first_of_each_id(changes), strict=True)]
    return _run(OUTCOMES, {"now": now, "told": json.dumps(told)})


def _told(change: Change, external_id: str) -> dict[str, Any]:
    """As the statement reads it: what is empty, as nearly all is of a message that was sent, is left out."""
    told: dict[str, Any] = {"id": change.claimed.id, "token": change.claimed.token, "state": change.state.value}
    if external_id:
        told["external_id"] = external_id
    if change.code or change.details:
        told |= {"code": change.code[:32], "details": change.details[:2000]}
    if not change.is_counted:
        told["refund"] = 1
    if change.later:
        told["later"] = change.later.isoformat()
    return told


def without(claimed: Sequence[Claimed], changes: Sequence[Change]) -> list[Claimed]:
    """Those whose outcome is not known yet."""
    ended = {change.claimed.id for change in changes}
    return [one for one in claimed if one.id not in ended]


def expire(now: datetime) -> list[Changed]:
    """Attempts whose worker died: nobody knows whether they were sent, so they are never simply sent again."""
    graces = {lane.value: now + grace for lane, grace in GRACE.items()}
    return _run(EXPIRE, {"now": now, **graces})


def settle_silent(now: datetime) -> list[Changed]:
    """What no report has told of in its grace: bulk utility messages go again, the rest asks a person."""
    return _run(SETTLE, {"now": now})


def next_due(lane: str) -> datetime | None:
    """When there is something to do in a lane again; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, {"lane": lane})
        found: datetime | None = cursor.fetchone()[0]
    return found


def is_held_up(channel: Channel, lane: str, now: datetime) -> bool:
    """Whether something due waits only for the channel's other lane."""
    with connection.cursor() as cursor:
        cursor.execute(HELD_UP, {"channel": channel.pk, "lane": lane, "now": now})
        return bool(cursor.fetchone()[0])


def _run(statement: str, values: dict[str, Any]) -> list[Changed]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Changed(*row) for row in cursor.fetchall()]


def _claimed(token: str, row: tuple[Any, ...]) -> Claimed:
    key, public_id, attempt, type, content, address, quoted = row
    values = json.loads(content) if isinstance(content, str) else content
    reference = reference_of(public_id, attempt)
    message = OutboundMessage(reference, address_of(address or ""), MessageType(type), values, quoted or "")
    return Claimed(key, token, attempt, message)


def address_of(external_id: str) -> Address:
    """A telephone number begins with "+"; anything else is the provider's own id."""
    return Address(phone=external_id) if external_id.startswith("+") else Address(user_id=external_id)


def _first_of_each_id(changes: Sequence[Change]) -> list[str]:
    """A provider that gives one id to two messages must not cost the others of the batch their outcome."""
    owner = {change.external_id: change.claimed.id for change in reversed(changes)}
    return [change.external_id if owner[change.external_id] == change.claimed.id else "" for change in changes]
