"""Taking back what still waits: a pause, an end, a person who opts out or is blocked. What is on its way stays so.

Should it come back into the queue, it is asked for again when it is claimed the next time (`unwanted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from messaging.broadcasts.audience import CONSENT_PART
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason, SkipReason
from messaging.channels.models import Channel
from messaging.contacts import identities, services as contacts
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import Consent
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.messages import wanted
from messaging.messages.models import Lane, Message
from messaging.messages.nudging import announce
from messaging.messages.reserving import let_go

MESSAGE, RECIPIENT, BROADCAST = Message._meta.db_table, BroadcastRecipient._meta.db_table, Broadcast._meta.db_table
CONVERSATION = Conversation._meta.db_table
CONTACT, CONSENT = Contact._meta.db_table, Consent._meta.db_table
# Our own codes for a message that was refused for now and then not wanted any more.
CANCELLED, OPTED_OUT, BLOCKED = "cancelled", "opted_out", "blocked"

# A message nobody has tried is forgotten and its row waits again; one that was tried keeps its attempts and its report.
# The rows are locked first, so that the pump takes a message or we do, never both.
TAKE_BACK = f"""
WITH mine AS (
    SELECT m.id, m.attempts, m.public_id FROM {MESSAGE} m JOIN {RECIPIENT} r ON r.message_id = m.id JOIN {BROADCAST} b
        ON b.id = r.broadcast_id
    WHERE m.state = 'queued' AND {{whose}} ORDER BY m.id FOR UPDATE OF m
), freed AS (
    UPDATE {RECIPIENT} r SET message_id = NULL, skipped = %(skipped)s FROM mine
    WHERE r.message_id = mine.id AND mine.attempts = 0
)
SELECT id, public_id, attempts FROM mine
"""

# What the budget covered is paid for and goes out, whatever else waits.
UNWANTED = f"""
SELECT id, code FROM (
    SELECT r.message_id AS id, CASE
        WHEN b.state = '{BroadcastState.CANCELLED}' THEN '{CANCELLED}'
        WHEN c.blocked_at IS NOT NULL THEN '{BLOCKED}'
        WHEN ({CONSENT_PART}) IS NOT NULL THEN '{OPTED_OUT}'
        WHEN b.state = '{BroadcastState.PAUSED}' AND b.pause_reason <> '{PauseReason.BUDGET}' THEN '' END AS code
    FROM {RECIPIENT} r JOIN {BROADCAST} b ON b.id = r.broadcast_id JOIN {CONTACT} c ON c.id = r.contact_id
        LEFT JOIN {CONSENT} everywhere
            ON everywhere.contact_id = c.id AND everywhere.purpose = b.purpose AND everywhere.channel_id IS NULL
        LEFT JOIN {CONSENT} here
            ON here.contact_id = c.id AND here.purpose = b.purpose AND here.channel_id = b.channel_id
    WHERE r.message_id = ANY(%s)
) q WHERE code IS NOT NULL
"""


# By the thread, which follows them when two contacts become one, also where each had a row.
THEIRS = f"m.conversation_id IN (SELECT id FROM {CONVERSATION} WHERE contact_id = %(contact)s)"

FOLLOW = f"""
UPDATE {RECIPIENT} r SET contact_id = %(kept)s WHERE r.contact_id = %(gone)s AND NOT EXISTS (
    SELECT 1 FROM {RECIPIENT} k WHERE k.broadcast_id = r.broadcast_id AND k.contact_id = %(kept)s)
"""
# Where both have a row: who has a message keeps it, and of two that wait the one who stays is written to.
ONCE = f"""
UPDATE {RECIPIENT} r SET skipped = %(skipped)s FROM {RECIPIENT} o
WHERE r.contact_id IN (%(kept)s, %(gone)s) AND r.message_id IS NULL AND r.skipped = ''
    AND o.broadcast_id = r.broadcast_id AND o.contact_id IN (%(kept)s, %(gone)s) AND o.id <> r.id
    AND (o.message_id IS NOT NULL OR o.skipped = '' AND o.contact_id = %(kept)s)
"""


class Taken(NamedTuple):
    key: int
    public_id: str
    attempts: int

    @property
    def was_tried(self) -> bool:
        return self.attempts > 0


@transaction.atomic
def withdraw(broadcast: Broadcast, *, for_good: bool) -> int:
    """Take back all of a broadcast that nobody has claimed; how many. `for_good`: nothing of it is sent any more."""
    taken = _take_back("b.id = %(broadcast)s", {"broadcast": broadcast.pk, "skipped": ""})
    held = Message.objects.filter(pk__in=[one.key for one in taken if one.was_tried])
    if for_good:
        held.update(state="failed", error_code=CANCELLED, failed_at=timezone.now(), due_at=None)
        waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="")
        waiting.update(skipped=SkipReason.CANCELLED)
    else:
        held.update(due_at=None)
    let_go(one.public_id for one in taken if for_good or not one.was_tried)
    return len(taken)


@transaction.atomic
def give_back(broadcast: Broadcast) -> None:
    """What was held by a pause is due again."""
    held = Message.objects.filter(recipient__broadcast=broadcast, state="queued", due_at=None)
    if held.update(due_at=timezone.now()):
        announce(Lane.BULK)


def withdraw_person(contact: Contact, purpose: str, channel: Channel | None) -> None:
    """Somebody has opted out, in the caller's transaction: nothing of this purpose that still waits goes to them."""
    whose = f"{THEIRS} AND b.purpose = %(purpose)s"
    values: dict[str, Any] = {"contact": contact.pk, "purpose": purpose, "skipped": SkipReason.OPTED_OUT}
    if channel is not None:
        whose, values = f"{whose} AND m.channel_id = %(channel)s", {**values, "channel": channel.pk}
    _end(_take_back(whose, values), OPTED_OUT)


def withdraw_blocked(contact: Contact) -> None:
    """A colleague has blocked them, in the caller's transaction: nothing that still waits goes to them."""
    _end(_take_back(THEIRS, {"contact": contact.pk, "skipped": SkipReason.BLOCKED}), BLOCKED)


def follow_person(kept: Contact, gone: Contact) -> None:
    """Two contacts are one person: their rows are one's, and in one broadcast they are written to once."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW, {"kept": kept.pk, "gone": gone.pk})
        cursor.execute(ONCE, {"kept": kept.pk, "gone": gone.pk, "skipped": SkipReason.DUPLICATE})


def unwanted(messages: Sequence[int]) -> dict[int, str]:
    """Of claimed ones those that are not sent, with their code; '' holds those of a pause."""
    with connection.cursor() as cursor:
        cursor.execute(UNWANTED, [list(messages)])
        return dict(cursor.fetchall())


def _end(taken: list[Taken], code: str) -> None:
    Message.objects.filter(pk__in=[one.key for one in taken if one.was_tried]).update(
        state="failed", error_code=code, failed_at=timezone.now(), due_at=None
    )
    let_go(one.public_id for one in taken)


def _take_back(whose: str, values: dict[str, Any]) -> list[Taken]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK.format(whose=whose), values)
        taken = [Taken(*row) for row in cursor.fetchall()]
        untried = [one.key for one in taken if not one.was_tried]
        cursor.execute(f"DELETE FROM {MESSAGE} WHERE id = ANY(%s)", [untried])
    return taken


consent.on_stop(withdraw_person)
contacts.on_block(withdraw_blocked)
wanted.on_claim(Lane.BULK, unwanted)
identities.before_merge(follow_person)
