"""What goes out: written as a queued row with all that belongs to it; nobody speaks to a provider here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.base import MessageType, OutboundMessage
from messaging.channels.capabilities import capabilities_of
from messaging.channels.checks import Problem, check_outbound
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.models import ChannelState
from messaging.channels.services import hold
from messaging.conversations.models import Conversation
from messaging.conversations.services import record_outbound
from messaging.live.events import tell
from messaging.messages import affording, agreeing
from messaging.messages.claiming import POISONED, address_of
from messaging.messages.models import PRICED_AT, REFUSED, AttachmentState, Direction, Lane, Message, MessageState
from messaging.messages.news import Changed, tell_changed
from messaging.messages.nudging import UPLOAD, announce, announce_files
from messaging.messages.wording import preview_of, text_of
from tenants.models import User

# An id the provider gave to a file of ours is not used on its last day.
MARGIN = timedelta(days=1)
# Our own code for a message of which nobody heard and that a person let be.
GIVEN_UP = "given_up"
# What the same message may be sent again after; anything else needs another message, or another person to mend it.
MENDABLE = {
    ErrorClass.RETRY_LATER,
    ErrorClass.SLOW_NUMBER,
    ErrorClass.RECONNECT,
    ErrorClass.PAUSE_NUMBER,
    ErrorClass.PAUSE_TEMPLATE,
    ErrorClass.MONEY,
}


class WindowClosed(Exception):
    """The customer service window is closed: only an approved template may be sent."""

    def __init__(self) -> None:
        super().__init__(_("The customer service window is closed. Send an approved template instead."))


class ChannelGone(Exception):
    """The channel is disconnected."""

    def __init__(self) -> None:
        super().__init__(_("This channel is disconnected."))


class ContentRefused(Exception):
    """The provider would not take it; `problems` says what and where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(str(problem.text) for problem in problems))
        self.problems = problems


class NotRetryable(Exception):
    """Sending the same once more would end the same, or it is on its way already."""

    def __init__(self) -> None:
        super().__init__(_("This message cannot be sent again."))


@transaction.atomic
def reply(
    conversation: Conversation,
    *,
    author: User | None,
    text: str = "",
    type: str = MessageType.TEXT,
    content: Mapping[str, Any] | None = None,
    reply_to: Message | None = None,
    client_key: str = "",
    lane: str = Lane.REPLIES,
    has_file: bool = False,
    now: datetime | None = None,
) -> Message:
    """Queue a message. `client_key` is the browser's name for it: the same key again gives the first message.

    `text` is what the thread shows, and what is sent when there is no `content`. With `has_file` it is due only when
    its file is at the provider; what is written to the same person later waits for it. Raises WindowClosed,
    ContentRefused, ChannelGone, for a template NotAgreed, or BudgetUsedUp.
    """
    if client_key and (first := _first(conversation, client_key)):
        return first
    hold(conversation.channel)
    now = now or timezone.now()
    content = dict(content) if content is not None else {"body": text}
    _check(conversation, type, content | ({"media_id": "-"} if has_file else {}), reply_to, now)
    if type == MessageType.TEMPLATE:
        agreeing.check(conversation, content)
    message = _message(conversation, type, text or text_of(type, content), content, lane, now=now)
    message.author_id, message.author_name = (author.pk, author.name) if author else (None, "")
    message.reply_to, message.client_key = reply_to, client_key
    if has_file:
        message.due_at = None
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        if client_key and (first := _first(conversation, client_key)):
            return first
        raise
    affording.put_aside(message, now)
    _queued(message)
    return message


def send_template(
    conversation: Conversation, *, author: User | None, content: Mapping[str, Any], text: str, **options: Any
) -> Message:
    """Queue an approved template, with or without an open window. `text` is what the person will read."""
    return reply(conversation, author=author, text=text, type=MessageType.TEMPLATE, content=content, **options)


@transaction.atomic
def react(message: Message, emoji: str, *, author: User | None, now: datetime | None = None) -> Message:
    """Queue a reaction to a message the provider knows; '' takes it back. Raises like `reply`."""
    content = {"message_id": message.external_id, "emoji": emoji}
    sent = reply(message.conversation, author=author, type=MessageType.REACTION, content=content, now=now)
    Message.objects.filter(pk=message.pk).update(reaction_out=emoji)
    message.reaction_out = emoji
    tell("message", id=message.public_id, conversation=message.conversation.public_id)
    return sent


@transaction.atomic
def retry(message: Message) -> Message:
    """A new attempt of what failed for a passing reason, or of which nobody heard and a person asks for it.

    Raises NotRetryable, WindowClosed, ChannelGone, NotAgreed or BudgetUsedUp.
    """
    hold(message.channel)
    is_template = message.type == MessageType.TEMPLATE
    if is_template:
        agreeing.hold(message.conversation)
    message = Message.objects.select_for_update(of=("self",)).select_related("conversation__channel").get(pk=message.pk)
    if not may_retry(message):
        raise NotRetryable
    check_way(message.conversation, message.type)
    if is_template:
        agreeing.check(message.conversation, message.content)
    _remember_refusal(message)
    message.state, message.due_at, message.attempt_token, message.lease_until = "queued", timezone.now(), "", None
    message.error_code = message.error_details = message.external_id = ""
    message.sent_at = message.failed_at = None
    message.pricing, message.lost_attempts = {}, 0
    message.content.pop(PRICED_AT, None)
    if _upload_again(message):
        message.content.pop("media_id", None)
        message.due_at = None
    message.save(update_fields=[*RETRIED])
    affording.put_aside(message, timezone.now())
    _announce(message)
    return message


RETRIED = (
    "state due_at attempt_token lease_until error_code error_details external_id sent_at failed_at pricing"
    " lost_attempts content"
).split()


def _remember_refusal(message: Message) -> None:
    """What the provider has refused did not leave, however late it still reports that it was sent."""
    if message.state == MessageState.FAILED and message.failed_at and message.external_id:
        message.content[REFUSED] = [*message.content.get(REFUSED, []), message.external_id]


def _upload_again(message: Message) -> bool:
    """Have its file handed over anew, when the provider never got it or will not have it any more."""
    kept_until = timezone.now() - timedelta(days=capabilities_of(message.channel.kind).upload_days) + MARGIN
    ours = message.attachments.exclude(key="")
    old = ours.filter(Q(uploaded_at=None) | Q(uploaded_at__lt=kept_until))
    if not old.update(state=AttachmentState.OUTGOING, due_at=timezone.now(), attempts=0, error=""):
        return False
    announce_files(UPLOAD)
    return True


def may_retry(message: Message) -> bool:
    """Whether a person may ask for another attempt."""
    if message.asks_a_person():
        return True
    if message.state != MessageState.FAILED:
        return False
    own = message.error_code in (POISONED, GIVEN_UP)
    return own or rule_for(message.channel.kind, message.error_code).means in MENDABLE


@transaction.atomic
def give_up(message: Message) -> bool:
    """Let a message be of which nobody heard in its grace; a report may still tell that it arrived.

    False when that came first, or may come yet.
    """
    silent = Message.objects.filter(pk=message.pk, state=MessageState.UNKNOWN, lease_until=None)
    changed = silent.update(state=MessageState.FAILED, error_code=GIVEN_UP, attempt_token="", lease_until=None)
    message.refresh_from_db()
    if changed:
        tell_changed([Changed(message.public_id, message.conversation.public_id, message.state)])
    return bool(changed)


def _first(conversation: Conversation, client_key: str) -> Message | None:
    return Message.objects.filter(conversation=conversation, client_key=client_key).first()


def _check(
    conversation: Conversation, type: str, content: dict[str, Any], reply_to: Message | None, now: datetime
) -> None:
    check_way(conversation, type, now)
    to = address_of(conversation.identity.external_id)
    quoted = reply_to.external_id if reply_to else ""
    outbound = OutboundMessage("", to, MessageType(type), content, quoted)
    if problems := check_outbound(conversation.channel.kind, outbound):
        raise ContentRefused(problems)


def check_way(conversation: Conversation, type: str, now: datetime | None = None) -> None:
    """Whether anything of this type may be written now. Raises WindowClosed or ChannelGone."""
    channel = conversation.channel
    if channel.state == ChannelState.DISCONNECTED:
        raise ChannelGone
    window = capabilities_of(channel.kind).window
    if window and type != MessageType.TEMPLATE and not conversation.window_is_open(now):
        raise WindowClosed


def _message(
    conversation: Conversation, type: str, text: str, content: dict[str, Any], lane: str, *, now: datetime
) -> Message:
    return Message(
        conversation=conversation,
        channel_id=conversation.channel_id,
        identity_id=conversation.identity_id,
        direction=Direction.OUTBOUND,
        type=type,
        text=text,
        content=content,
        state=MessageState.QUEUED,
        lane=lane,
        due_at=now,
        at=now,
    )


def _queued(message: Message) -> None:
    """All that belongs to a queued row; the live events last, since they hold a lock until the commit."""
    announce(message.lane)
    preview = preview_of(message.type, message.text, filename=str(message.content.get("filename", "")))
    if message.type != MessageType.REACTION:
        record_outbound(message.conversation, preview=preview, at=message.at)
    tell("message", id=message.public_id, conversation=message.conversation.public_id)


def _announce(message: Message) -> None:
    announce(message.lane)
    tell_changed([Changed(message.public_id, message.conversation.public_id, message.state)])
