"""What providers report of our messages: forward only, in any order, however often."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.metering import Arrived, meter
from messaging.messages.models import PRICED_AT, REFUSED, Message, MessageState
from messaging.messages.news import Changed, tell_changed
from messaging.messages.opting import heed_refusals, refused_by
from messaging.messages.references import read_reference
from messaging.messages.reserving import let_go
from messaging.messages.stopping import stop_for_errors, words_of

BATCH = 500
MESSAGE, CONVERSATION = Message._meta.db_table, Conversation._meta.db_table
IDENTITY, TEMPLATE = ChannelIdentity._meta.db_table, MessageTemplate._meta.db_table

# The state follows from the times alone, so any order of the same reports ends in the same row. A report finds its
# message by the provider's id, or, before we know that, by the reference we gave. A refusal counts for the attempt it
# was told of: one of an earlier attempt, or of a message that waits to be sent again, says nothing. Of what was refused
# and then asked for again (`retry` keeps its ids) only the arrival counts. The price is that of the newest report after
# the sending, by the provider's time, which the row keeps; at one time the greater one, so that any order ends alike.
FORWARD = f"""
WITH told AS (
    SELECT * FROM unnest(%(external_ids)s::text[], %(references)s::text[], %(attempts)s::int[], %(reports)s::text[],
                         %(times)s::timestamptz[], %(codes)s::text[], %(details)s::text[], %(pricing)s::text[])
        AS t (external_id, reference, attempt, report, at, code, details, pricing)
), matched AS (
    SELECT m.id, t.* FROM told t JOIN {MESSAGE} m ON m.channel_id = %(channel)s AND m.external_id = t.external_id
    WHERE t.external_id <> '' AND m.direction = 'outbound'
    UNION ALL
    SELECT m.id, t.* FROM told t JOIN {MESSAGE} m ON m.public_id = t.reference
    WHERE t.reference <> '' AND m.channel_id = %(channel)s AND m.direction = 'outbound'
        AND NOT EXISTS (SELECT 1 FROM {MESSAGE} o
                        WHERE o.channel_id = %(channel)s AND o.external_id = t.external_id AND o.external_id <> '')
), locked AS (
    SELECT m.* FROM {MESSAGE} m WHERE m.id IN (SELECT id FROM matched) ORDER BY m.id FOR UPDATE
), folded AS (
    SELECT l.id,
        LEAST(l.sent_at, min(t.at) FILTER (WHERE t.report = 'sent')) AS sent_at,
        LEAST(l.delivered_at, min(t.at) FILTER (WHERE t.report = 'delivered')) AS delivered_at,
        LEAST(l.read_at, min(t.at) FILTER (WHERE t.report = 'read')) AS read_at,
        LEAST(l.failed_at, min(t.at) FILTER (WHERE is_refusal)) AS failed_at,
        (array_agg(t.code ORDER BY t.at, t.code) FILTER (WHERE is_refusal))[1] AS code,
        (array_agg(t.details ORDER BY t.at, t.code) FILTER (WHERE is_refusal))[1] AS details,
        (array_agg(t.pricing::jsonb ORDER BY t.at DESC, t.pricing::jsonb DESC) FILTER (WHERE is_price))[1]
            AS priced_late,
        max(t.at) FILTER (WHERE is_price) AS priced_at,
        (array_agg(t.pricing ORDER BY t.at) FILTER (WHERE t.pricing <> '' AND t.report = 'sent'))[1] AS priced_early,
        min(t.external_id) FILTER (WHERE t.external_id <> '' AND (t.report <> 'failed' OR is_refusal)) AS external_id
    FROM matched t JOIN locked l ON l.id = t.id AND (
        t.report IN ('delivered', 'read') OR NOT COALESCE(l.content->'{REFUSED}' ? t.external_id, false)
    ) CROSS JOIN LATERAL (
        SELECT t.report = 'failed' AND l.state <> 'queued' AND (
            (l.external_id <> '' AND l.external_id = t.external_id)
            OR (l.external_id = '' AND t.attempt = GREATEST(l.attempts, 1))
        ) AS is_refusal,
        t.report <> 'sent' AND t.pricing <> '' AS is_price
    ) r
    GROUP BY l.id, l.sent_at, l.delivered_at, l.read_at, l.failed_at
), new AS (
    SELECT l.id, l.state AS old_state, l.conversation_id, l.identity_id,
        f.sent_at, f.delivered_at, f.read_at, f.failed_at,
        CASE WHEN f.read_at IS NOT NULL THEN 'read'
             WHEN f.delivered_at IS NOT NULL THEN 'delivered'
             WHEN f.failed_at IS NOT NULL THEN 'failed'
             WHEN f.sent_at IS NOT NULL THEN 'sent'
             ELSE l.state END AS state,
        CASE WHEN f.code IS NOT NULL AND f.failed_at IS DISTINCT FROM l.failed_at
             THEN f.code ELSE l.error_code END AS error_code,
        CASE WHEN f.code IS NOT NULL AND f.failed_at IS DISTINCT FROM l.failed_at
             THEN f.details ELSE l.error_details END AS error_details,
        CASE WHEN is_newer THEN f.priced_late
             WHEN l.pricing = '{{}}' AND f.priced_early IS NOT NULL THEN f.priced_early::jsonb
             ELSE l.pricing END AS pricing,
        CASE WHEN is_newer THEN l.content || jsonb_build_object('{PRICED_AT}', f.priced_at)
             ELSE l.content END AS content,
        LEAST(f.delivered_at, f.read_at) AS arrived_at,
        LEAST(l.delivered_at, l.read_at) AS arrived_before, l.pricing AS priced_before,
        -- Two messages of one id would be a provider's mistake; it must not cost the others of the batch.
        CASE WHEN l.external_id = '' AND f.external_id IS NOT NULL
                  AND row_number() OVER (PARTITION BY f.external_id ORDER BY l.id) = 1
             THEN f.external_id ELSE l.external_id END AS external_id
    FROM folded f JOIN locked l ON l.id = f.id CROSS JOIN LATERAL (
        SELECT f.priced_late IS NOT NULL AND COALESCE(
            (f.priced_at, f.priced_late) > ((l.content->>'{PRICED_AT}')::timestamptz, l.pricing), true
        ) AS is_newer
    ) p
)
UPDATE {MESSAGE} m
SET state = n.state, sent_at = n.sent_at, delivered_at = n.delivered_at, read_at = n.read_at,
    failed_at = n.failed_at, error_code = n.error_code, error_details = n.error_details, pricing = n.pricing,
    external_id = n.external_id, content = n.content,
    lease_until = CASE WHEN n.state IN ('sending', 'unknown') THEN m.lease_until END
FROM new n JOIN {CONVERSATION} c ON c.id = n.conversation_id
    LEFT JOIN {IDENTITY} i ON i.id = COALESCE(n.identity_id, c.identity_id)
WHERE m.id = n.id AND (m.state, m.sent_at, m.delivered_at, m.read_at, m.failed_at, m.error_code, m.pricing,
                       m.external_id, m.content)
    IS DISTINCT FROM (n.state, n.sent_at, n.delivered_at, n.read_at, n.failed_at, n.error_code, n.pricing,
                      n.external_id, n.content)
RETURNING m.public_id, c.public_id, m.state, n.old_state <> m.state,
    -- What is charged: told when it is new, and again when it is other than it seemed.
    CASE WHEN (n.arrived_at, n.pricing) IS DISTINCT FROM (n.arrived_before, n.priced_before) THEN n.arrived_at END,
    m.pricing, m.type, m.lane, m.author_id, i.external_id,
    CASE WHEN m.type = 'template' AND n.pricing = '{{}}' THEN (
        SELECT t.category FROM {TEMPLATE} t
        WHERE t.account_external_id = %(account)s
            AND t.name = m.content->>'name' AND t.language = m.content->>'language'
    ) END,
    m.content->>'broadcast', COALESCE(m.content->>'is_test', '') = 'true'
"""


def record_reports(channel: Channel, reports: Sequence[StatusReport]) -> int:
    """Move messages forward by what the provider told; how many moved. A repeated or late report moves nothing."""
    moved = sum(_record(channel, batch) for batch in _batches(reports))
    refusals = [report.error for report in reports if report.report == Report.FAILED and report.error]
    stop_for_errors(channel, refusals)
    heed_refusals(channel, refused_by(channel, reports))
    return moved


def _batches(reports: Sequence[StatusReport]) -> Iterator[Sequence[StatusReport]]:
    return (reports[start : start + BATCH] for start in range(0, len(reports), BATCH))


@transaction.atomic
def _record(channel: Channel, reports: Sequence[StatusReport]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(FORWARD, _columns(channel, reports))
        rows = cursor.fetchall()
    meter(channel, [row for row in map(Arrived.from_row, rows) if row is not None])
    let_go(row[0] for row in rows if _came_to_nothing(row))
    tell_changed([Changed(message, conversation, state) for message, conversation, state, *_ in rows])
    return sum(moved for _, _, _, moved, *_ in rows)


def _came_to_nothing(row: Sequence[Any]) -> bool:
    state, has_moved = row[2], row[3]
    return bool(has_moved) and state == MessageState.FAILED


def _columns(channel: Channel, reports: Sequence[StatusReport]) -> dict[str, Any]:
    references = [read_reference(report.reference) for report in reports]
    errors = [report.error for report in reports]
    return {
        "channel": channel.pk,
        "account": channel.account_external_id,
        "external_ids": [report.external_id for report in reports],
        "references": [public_id for public_id, _ in references],
        "attempts": [attempt for _, attempt in references],
        "reports": [report.report.value for report in reports],
        "times": [report.at for report in reports],
        "codes": [error.code[:32] if error else "" for error in errors],
        "details": [words_of(error)[:2000] if error else "" for error in errors],
        "pricing": [json.dumps(dict(report.pricing)) if report.pricing else "" for report in reports],
    }
