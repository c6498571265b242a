"""The rows whose turn it is, held with their people: nobody's decision changes until the commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection

from messaging.broadcasts.audience import CONSENT_PART
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, SkipReason
from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent
from messaging.contacts.models import ChannelIdentity, Contact

CONTACT, CONSENT = Contact._meta.db_table, Consent._meta.db_table
IDENTITY, RECIPIENT = ChannelIdentity._meta.db_table, BroadcastRecipient._meta.db_table

# People before rows, as everybody locks them.
PEOPLE = f"SELECT id FROM {CONTACT} WHERE id = ANY(%s) ORDER BY id FOR SHARE"
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


def hold_next(broadcast: Broadcast, channel: Channel, most: int) -> tuple[int, list[tuple[Row, str]]]:
    """How many rows wait, up to `most`, and those of them that still do once they are held, with why they may not."""
    waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").order_by("id")
    next_ones = list(waiting.values_list("pk", "contact_id")[:most])
    contacts = sorted(contact for _pk, contact in next_ones if contact)
    no, rows = _hold(broadcast, channel, contacts, [pk for pk, _contact in next_ones]) if next_ones else ({}, [])
    return len(next_ones), [(row, row.refusal(no)) for row in rows]


def _hold(
    broadcast: Broadcast, channel: Channel, contacts: list[int], keys: list[int]
) -> tuple[dict[int, str], list[Row]]:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [contacts])
        cursor.execute(MAY_STILL, {"purpose": broadcast.purpose, "channel": channel.pk, "contacts": contacts})
        no = {contact: reason for contact, reason in cursor.fetchall() if reason}
        cursor.execute(LOCK, {"rows": keys, "kind": channel.kind})
        rows = [
            Row(pk, contact, address, market, json.loads(values), bool(is_theirs))
            for pk, contact, address, market, values, is_theirs in cursor.fetchall()
        ]
    return no, rows
