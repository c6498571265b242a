"""What happens to a conversation: begun, written in, taken, given, put off, resolved."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.events import tell

PREVIEW = 160


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
    Conversation.objects.filter(pk=conversation.pk).update(
        state=ConversationState.OPEN,
        snoozed_until=None,
        resolved_at=None,
        unread_count=F("unread_count") + 1,
    )
    newer = Conversation.objects.filter(pk=conversation.pk)
    newer.filter(last_message_at__lte=at).update(
        last_message_at=at, preview=preview[:PREVIEW], preview_direction="inbound"
    )
    newer.filter(last_inbound_at=None).update(last_inbound_at=at)
    newer.filter(last_inbound_at__lt=at).update(last_inbound_at=at)
    newer.filter(waiting_since=None).update(waiting_since=at)
    tell("conversation", id=conversation.public_id)


@transaction.atomic
def record_outbound(conversation: Conversation, *, preview: str, at: datetime) -> None:
    """We wrote: nobody waits any more."""
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=None)
    Conversation.objects.filter(pk=conversation.pk, last_message_at__lte=at).update(
        last_message_at=at, preview=preview[:PREVIEW], preview_direction="outbound"
    )
    tell("conversation", id=conversation.public_id)


@transaction.atomic
def mark_read(conversation: Conversation) -> bool:
    """An agent has seen it; False when it was read already."""
    changed = Conversation.objects.filter(pk=conversation.pk, unread_count__gt=0).update(unread_count=0)
    if changed:
        tell("conversation", id=conversation.public_id)
    return bool(changed)


@transaction.atomic
def wake_snoozed(now: datetime | None = None) -> int:
    """Open again what was put off until now; how many."""
    due = Conversation.objects.filter(state=ConversationState.SNOOZED, snoozed_until__lte=now or timezone.now())
    woken = list(due.select_for_update(skip_locked=True))
    Conversation.objects.filter(pk__in=[row.pk for row in woken]).update(
        state=ConversationState.OPEN, snoozed_until=None
    )
    for row in woken:
        tell("conversation", id=row.public_id)
    return len(woken)
