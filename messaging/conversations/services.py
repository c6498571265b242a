"""What happens to a conversation: begun, written in, taken, given, put off, resolved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity, Contact, Label
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.events import tell
from tenants.context import current_company
from tenants.services import due

PREVIEW = 160
# The kind of due work that wakes what was put off.
WAKE = "wake-conversations"
# One statement, since every message of a customer pays for it. The list shows the newest message; the first one counts
# whatever clock it has.
NEWEST = "(last_message_at <= %(at)s OR preview_direction = '')"
WROTE = f"""
UPDATE {Conversation._meta.db_table} SET
    state = '{ConversationState.OPEN}', snoozed_until = NULL, resolved_at = NULL, unread_count = unread_count + 1,
    last_inbound_at = GREATEST(last_inbound_at, %(at)s), waiting_since = COALESCE(waiting_since, %(at)s),
    last_message_at = CASE WHEN {NEWEST} THEN %(at)s ELSE last_message_at END,
    preview = CASE WHEN {NEWEST} THEN %(preview)s ELSE preview END,
    preview_direction = CASE WHEN {NEWEST} THEN 'inbound' ELSE preview_direction END
WHERE id = %(pk)s
"""


def conversation_for(channel: Channel, contact: Contact, identity: ChannelIdentity) -> Conversation:
    """The one conversation of a contact on a channel; callers at the same time get the same."""
    found, _ = Conversation.objects.get_or_create(channel=channel, contact=contact, defaults={"identity": identity})
    if found.identity_id != identity.pk:
        Conversation.objects.filter(pk=found.pk).update(identity=identity)
        found.identity = identity
    return found


@transaction.atomic
def record_inbound(conversation: Conversation, *, preview: str, at: datetime) -> None:
    """Somebody wrote: the window opens again, the conversation is open and unread. Late messages move nothing back."""
    with connection.cursor() as cursor:
        cursor.execute(WROTE, {"pk": conversation.pk, "at": at, "preview": preview[:PREVIEW]})
    tell("conversation", id=conversation.public_id)


@transaction.atomic
def record_outbound(conversation: Conversation, *, preview: str, at: datetime) -> None:
    """We wrote: nobody waits any more."""
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=None)
    _show(conversation, preview, "outbound", at)
    tell("conversation", id=conversation.public_id)


def _show(conversation: Conversation, preview: str, direction: str, at: datetime) -> None:
    """The list shows the newest message; the first one counts whatever clock it has."""
    newest = models.Q(last_message_at__lte=at) | models.Q(preview_direction="")
    Conversation.objects.filter(newest, pk=conversation.pk).update(
        last_message_at=at, preview=preview[:PREVIEW], preview_direction=direction
    )


@transaction.atomic
def mark_read(conversation: Conversation) -> bool:
    """An agent has seen it; False when it was read already."""
    changed = Conversation.objects.filter(pk=conversation.pk, unread_count__gt=0).update(unread_count=0)
    if changed:
        tell("conversation", id=conversation.public_id)
    return bool(changed)


@transaction.atomic
def mark_unread(conversation: Conversation) -> bool:
    """Somebody shall look again; False when it is unread already."""
    changed = Conversation.objects.filter(pk=conversation.pk, unread_count=0).update(unread_count=1)
    if changed:
        tell("conversation", id=conversation.public_id)
    return bool(changed)


@transaction.atomic
def wake_snoozed(now: datetime | None = None) -> int:
    """Open again what was put off until now; how many."""
    over = Conversation.objects.filter(state=ConversationState.SNOOZED, snoozed_until__lte=now or timezone.now())
    woken = list(over.select_for_update(skip_locked=True))
    Conversation.objects.filter(pk__in=[row.pk for row in woken]).update(
        state=ConversationState.OPEN, snoozed_until=None
    )
    for row in woken:
        tell("conversation", id=row.public_id)
    return len(woken)


def next_wake() -> datetime | None:
    """When the next one is to be woken."""
    waiting = Conversation.objects.filter(state=ConversationState.SNOOZED)
    return waiting.aggregate(first=models.Min("snoozed_until"))["first"]


@transaction.atomic
def set_assignee(conversation: Conversation, assignee_id: int | None, *, seen: int | None) -> bool:
    """Give it to somebody or to nobody; False when `seen` (who had it as the caller knew) is not true any more."""
    changed = Conversation.objects.filter(pk=conversation.pk, assignee_id=seen).update(assignee_id=assignee_id)
    if changed:
        conversation.assignee_id = assignee_id
        tell("conversation", id=conversation.public_id)
    return bool(changed)


@transaction.atomic
def resolve(conversation: Conversation, now: datetime | None = None) -> bool:
    """Done; False when it was resolved already."""
    return _move(
        conversation,
        ConversationState.RESOLVED,
        resolved_at=now or timezone.now(),
        snoozed_until=None,
        waiting_since=None,
        unread_count=0,
    )


@transaction.atomic
def reopen(conversation: Conversation) -> bool:
    """Open again what was resolved or put off; False when it is open."""
    return _move(conversation, ConversationState.OPEN, resolved_at=None, snoozed_until=None)


@transaction.atomic
def snooze(conversation: Conversation, until: datetime, *, by_id: int | None = None) -> bool:
    """Put off until a time or until the contact writes; a later wish replaces an earlier one."""
    changed = Conversation.objects.filter(pk=conversation.pk).update(
        state=ConversationState.SNOOZED, snoozed_until=until, snoozed_by_id=by_id, resolved_at=None
    )
    due.announce(WAKE, current_company(), at=until)
    tell("conversation", id=conversation.public_id)
    return bool(changed)


@transaction.atomic
def set_labels(conversation: Conversation, labels: list[Label]) -> tuple[list[Label], list[Label]]:
    """Exactly these labels; which came and which went."""
    had = set(conversation.labels.all())
    wanted = set(labels)
    conversation.labels.set(wanted)
    came, went = sorted(wanted - had, key=str), sorted(had - wanted, key=str)
    if came or went:
        tell("conversation", id=conversation.public_id)
    return came, went


def _move(conversation: Conversation, state: ConversationState, **columns: Any) -> bool:
    changed = Conversation.objects.filter(pk=conversation.pk).exclude(state=state).update(state=state, **columns)
    if changed:
        conversation.state = state
        tell("conversation", id=conversation.public_id)
    return bool(changed)
