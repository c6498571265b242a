"""What a colleague does to a conversation, with its entry in the thread: who, what, when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from messaging.contacts.models import Label
from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation
from messaging.live.events import tell
from messaging.messages.models import Direction, Message
from tenants.models import User


def entry(
    conversation: Conversation, kind: str, *, author: User | None, now: datetime | None = None, **facts: Any
) -> Message:
    """Add an event to the thread; `facts` are plain values the page turns into a sentence."""
    return Message.objects.create(
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=Direction.EVENT,
        type=kind,
        content=facts,
        author_id=author.pk if author else None,
        author_name=author.name if author else "",
        at=now or timezone.now(),
    )


@transaction.atomic
def note(conversation: Conversation, *, author: User, text: str, now: datetime | None = None) -> Message:
    """A word for colleagues only; it never reaches a provider."""
    written = Message.objects.create(
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=Direction.NOTE,
        text=text,
        author_id=author.pk,
        author_name=author.name,
        at=now or timezone.now(),
    )
    tell("message", id=written.public_id, conversation=conversation.public_id)
    return written


@transaction.atomic
def assign(
    conversation: Conversation, to: User | None, *, by: User, seen: int | None, now: datetime | None = None
) -> bool:
    """Give a conversation to a member or to nobody; False when somebody else was first."""
    if not conversations.set_assignee(conversation, to.pk if to else None, seen=seen):
        return False
    is_self = bool(to and to.pk == by.pk)
    entry(conversation, "assigned", author=by, now=now, to=to.name if to else "", is_self=is_self)
    return True


@transaction.atomic
def resolve(conversation: Conversation, *, by: User, now: datetime | None = None) -> bool:
    if not conversations.resolve(conversation, now):
        return False
    entry(conversation, "resolved", author=by, now=now)
    return True


@transaction.atomic
def reopen(conversation: Conversation, *, by: User, now: datetime | None = None) -> bool:
    if not conversations.reopen(conversation):
        return False
    entry(conversation, "reopened", author=by, now=now)
    return True


@transaction.atomic
def snooze(conversation: Conversation, until: datetime, *, by: User, now: datetime | None = None) -> None:
    conversations.snooze(conversation, until, by_id=by.pk)
    entry(conversation, "snoozed", author=by, now=now, until=until.isoformat())


@transaction.atomic
def label(conversation: Conversation, labels: list[Label], *, by: User, now: datetime | None = None) -> bool:
    """Put exactly these labels on; False when they were there already."""
    came, went = conversations.set_labels(conversation, labels)
    if came or went:
        names = {"came": [str(one) for one in came], "went": [str(one) for one in went]}
        entry(conversation, "labelled", author=by, now=now, **names)
    return bool(came or went)
