"""Conversations and messages follow their people: two contacts become one, an address takes another's place."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import F

from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.messages.models import Message, MessageState


@dataclass
class Followers:
    """Keeps the conversations that changed, for whoever tells of them at the end of the transaction."""

    changed: list[str] = field(default_factory=list)

    def merge(self, kept: Contact, gone: Contact) -> None:
        """Move all conversations; where both talked on one channel, their messages become one thread."""
        channels = {row.channel_id: row for row in kept.conversations.select_for_update().order_by("pk")}
        for conversation in gone.conversations.select_for_update().order_by("pk"):
            self.changed.append(conversation.public_id)
            if conversation.channel_id in channels:
                self.changed.append(channels[conversation.channel_id].public_id)
                _join(channels[conversation.channel_id], conversation)
            else:
                Conversation.objects.filter(pk=conversation.pk).update(contact=kept)

    def replace(self, old: ChannelIdentity, new: ChannelIdentity) -> None:
        """Answers, and what still waits to be sent, go to the new address."""
        Conversation.objects.filter(identity=old).update(identity=new)
        Message.objects.filter(identity=old, state=MessageState.QUEUED).update(identity=new)


def _join(kept: Conversation, gone: Conversation) -> None:
    """One thread of two: the newer one says what the list shows, and what is open stays open."""
    gone.messages.update(conversation=kept)
    newer = max(kept, gone, key=lambda one: one.last_message_at)
    inbound = [at for at in (kept.last_inbound_at, gone.last_inbound_at) if at]
    waiting = [at for at in (kept.waiting_since, gone.waiting_since) if at]
    is_open = ConversationState.OPEN in (kept.state, gone.state)
    Conversation.objects.filter(pk=kept.pk).update(
        state=ConversationState.OPEN if is_open else newer.state,
        snoozed_until=None if is_open else newer.snoozed_until,
        resolved_at=None if is_open else newer.resolved_at,
        identity=newer.identity_id,
        last_message_at=newer.last_message_at,
        preview=newer.preview,
        preview_direction=newer.preview_direction,
        unread_count=F("unread_count") + gone.unread_count,
        last_inbound_at=max(inbound, default=None),
        waiting_since=min(waiting, default=None),
        assignee_id=kept.assignee_id or gone.assignee_id,
    )
    kept.labels.add(*gone.labels.all())
    gone.delete()
