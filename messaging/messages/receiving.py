"""What people write, put into their conversation; a message that comes twice, late or in disorder does no harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from messaging.channels.base import InboundMessage, MediaRef, MessageType
from messaging.channels.models import Channel
from messaging.contacts import identities
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.conversations.services import conversation_for, record_inbound
from messaging.live.events import tell
from messaging.messages.models import Attachment, Direction, Message, MessageState
from messaging.messages.nudging import FETCH, announce_files
from messaging.messages.opting import heed_words, is_decision
from messaging.messages.people import Followers
from messaging.messages.wording import preview_of, text_of
from tenants.lib.text import file_name


class TargetMissing(Exception):
    """The message that somebody reacts to is not here."""


@transaction.atomic
def receive(channel: Channel, inbound: InboundMessage) -> Message | None:
    """The message it made or changed; None when there was nothing new in it.

    Raises TargetMissing for a reaction to a message we do not have.
    """
    return HANDLERS.get(inbound.type, _write)(channel, inbound)


# --- A message --------------------------------------------------------------------------------------------------------


def _write(channel: Channel, inbound: InboundMessage) -> Message | None:
    return _add(channel, inbound, external_id=inbound.external_id, kind=inbound.type, extra={})


def _add(
    channel: Channel, inbound: InboundMessage, *, external_id: str, kind: str, extra: dict[str, Any]
) -> Message | None:
    if _is_here(channel, external_id):
        return None
    conversation, followers = _conversation(channel, inbound)
    # Again, now that nobody else may write for this person.
    if _is_here(channel, external_id):
        return None
    text = text_of(kind, inbound.content)
    if is_decision(kind, text):
        # People before their conversations, which the message holds: an agent may send them a template just now.
        Contact.objects.select_for_update().get(pk=conversation.contact_id)
    message = Message.objects.create(
        conversation=conversation,
        channel=channel,
        identity_id=conversation.identity_id,
        direction=Direction.INBOUND,
        state=MessageState.RECEIVED,
        type=kind,
        text=text,
        content={**_content(inbound), **extra},
        external_id=external_id,
        reply_to=_quoted(channel, inbound.reply_to),
        at=inbound.at,
    )
    filename = _attach(message, inbound.media)
    # Before anything is told: a STOP takes back what waits, and pumps lock that before the live counter.
    heed_words(message, conversation)
    record_inbound(conversation, preview=preview_of(kind, message.text, filename=filename), at=inbound.at)
    _tell(message, conversation, followers)
    return message


def _is_here(channel: Channel, external_id: str) -> bool:
    return Message.objects.filter(channel=channel, external_id=external_id).exists()


def _conversation(channel: Channel, inbound: InboundMessage) -> tuple[Conversation, Followers]:
    """The conversation it belongs to; from here on nobody else writes for this person."""
    followers = Followers()
    contact, identity = identities.person_behind(
        channel.kind, inbound.sender, name=inbound.sender_name, username=inbound.username, followers=followers
    )
    return conversation_for(channel, contact, identity), followers


def _content(inbound: InboundMessage) -> dict[str, Any]:
    """The fields of its type, with where the person came from and what the provider left out."""
    content = dict(inbound.content)
    if inbound.referral:
        content["referral"] = dict(inbound.referral)
    if inbound.errors:
        content["errors"] = [asdict(error) for error in inbound.errors]
    return content


def _quoted(channel: Channel, external_id: str) -> Message | None:
    return Message.objects.filter(channel=channel, external_id=external_id).first() if external_id else None


def _attach(message: Message, media: MediaRef | None) -> str:
    """A file still to be fetched; its name as it may be shown."""
    if media is None:
        return ""
    filename = file_name(media.filename)
    Attachment.objects.create(
        message=message,
        external_id=media.external_id[:128],
        source_url=media.url,
        filename=filename,
        mime_type=media.mime_type[:100],
        is_voice=media.voice,
        due_at=timezone.now(),
    )
    announce_files(FETCH)
    return filename


def _tell(message: Message, conversation: Conversation, followers: Followers | None = None) -> None:
    for public_id in followers.changed if followers else ():
        tell("conversation", id=public_id)
    tell("message", id=message.public_id, conversation=conversation.public_id)


# --- What is about another message ------------------------------------------------------------------------------------


def _react(channel: Channel, inbound: InboundMessage) -> Message | None:
    target = _target(channel, inbound.content["message_id"])
    if target is None:
        raise TargetMissing("A reaction to a message that is not here")
    if not _is_newer(inbound.at, target.content.get("reaction_in_at")):
        return None
    target.reaction_in = inbound.content["emoji"][:32]
    target.content["reaction_in_at"] = inbound.at.isoformat()
    target.save(update_fields=["reaction_in", "content"])
    _tell(target, target.conversation)
    return target


def _edit(channel: Channel, inbound: InboundMessage) -> Message | None:
    """New words in the old place, the former kept; an edit that comes before its message stands for it."""
    content = dict(inbound.content)
    original_id, kind = content.pop("original_id"), content.pop("type")
    target = _target(channel, original_id)
    if target is None:
        extra = {"edited_at": inbound.at.isoformat(), "edits": []}
        if made := _add(channel, inbound, external_id=original_id, kind=kind, extra=extra):
            return made
        # Somebody has written it at this very moment.
        target = _target(channel, original_id)
    if (
        target is None
        or target.direction != Direction.INBOUND
        or not _is_newer(inbound.at, target.content.get("edited_at"))
    ):
        return None
    former = {"text": target.text, "until": inbound.at.isoformat()}
    edits = [*target.content.get("edits", []), former]
    kept = {key: target.content[key] for key in KEPT if key in target.content}
    target.text = text_of(kind, content)
    target.content = {**content, **kept, "edits": edits, "edited_at": inbound.at.isoformat()}
    target.save(update_fields=["text", "content"])
    _tell(target, target.conversation)
    return target


def _revoke(channel: Channel, inbound: InboundMessage) -> Message | None:
    """Mark what the person took back; a mark that comes before its message stands for it."""
    original_id = inbound.content["original_id"]
    target = _target(channel, original_id)
    mark = {"revoked_at": inbound.at.isoformat()}
    if target is None:
        if made := _add(channel, inbound, external_id=original_id, kind=MessageType.UNSUPPORTED, extra=mark):
            return made
        # Somebody has written it at this very moment.
        target = _target(channel, original_id)
    if target is None or target.direction != Direction.INBOUND or "revoked_at" in target.content:
        return None
    target.content |= mark
    target.save(update_fields=["content"])
    _tell(target, target.conversation)
    return target


# What an edit does not change.
KEPT = ("reaction_in_at", "revoked_at", "referral")


def _target(channel: Channel, external_id: str) -> Message | None:
    here = Message.objects.select_for_update(of=("self",)).select_related("conversation")
    return here.filter(channel=channel, external_id=external_id).first()


def _is_newer(at: datetime, known: str | None) -> bool:
    return known is None or at > datetime.fromisoformat(known)


# --- What is about the person -----------------------------------------------------------------------------------------


def _tell_of_person(channel: Channel, inbound: InboundMessage) -> Message | None:
    """A new number or id, a new device: an entry in the thread of somebody we know, and no message."""
    if _is_here(channel, inbound.external_id):
        return None
    addresses = [address for address in (inbound.sender, inbound.moved_to) if address]
    if not any(identities.known(channel.kind, address) for address in addresses):
        return None
    followers = Followers()
    if inbound.moved_to:
        contact, identity = identities.move(channel.kind, inbound.sender, inbound.moved_to, followers=followers)
    else:
        contact, identity = identities.person_behind(channel.kind, inbound.sender, followers=followers)
    # Again, now that nobody else may write for this person.
    if _is_here(channel, inbound.external_id):
        return None
    conversation = conversation_for(channel, contact, identity)
    message = Message.objects.create(
        conversation=conversation,
        channel=channel,
        identity=identity,
        direction=Direction.EVENT,
        type=MessageType.SYSTEM,
        text=text_of(MessageType.SYSTEM, inbound.content),
        content=_content(inbound),
        external_id=inbound.external_id,
        at=inbound.at,
    )
    _tell(message, conversation, followers)
    return message


HANDLERS: dict[MessageType, Callable[[Channel, InboundMessage], Message | None]] = {
    MessageType.REACTION: _react,
    MessageType.EDIT: _edit,
    MessageType.REVOKE: _revoke,
    MessageType.SYSTEM: _tell_of_person,
}
