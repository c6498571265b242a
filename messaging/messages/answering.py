"""An answer by somebody who looks at a conversation: it is not sent past what they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from messaging.channels.base import MessageType
from messaging.channels.services import hold
from messaging.conversations.models import Conversation
from messaging.message_templates.filling import content_for, rendered
from messaging.message_templates.models import MessageTemplate
from messaging.messages import agreeing
from messaging.messages.models import Direction, Message
from messaging.messages.services import reply
from tenants.models import User

# What a page says that shows no message yet.
NOTHING = "-"
MOST_SHOWN = 5


class Unseen(Exception):
    """Others have written since; `messages` are the newest of theirs, old to new."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__(f"{len(messages)} messages were not seen")
        self.messages = messages


@transaction.atomic
def answer(conversation: Conversation, *, author: User, seen: str, client_key: str, **message: Any) -> Message:
    """`services.reply`, unless others wrote since `seen`, the newest message the author's page shows; '' asks nobody.

    Raises Unseen, and what `reply` raises. The same client key again is the first message, whatever came since.
    """
    hold(conversation.channel)
    if message.get("type") == MessageType.TEMPLATE:
        # People before their conversations, as everybody locks them.
        agreeing.hold(conversation)
    # Two agents at once: the second waits here and then sees what the first has written.
    Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    is_again = client_key and Message.objects.filter(conversation=conversation, client_key=client_key).exists()
    if seen and not is_again and (found := unseen(conversation, seen, author)):
        raise Unseen(found)
    return reply(conversation, author=author, client_key=client_key, **message)


def unseen(conversation: Conversation, seen: str, author: User) -> list[Message]:
    """What the person and colleagues wrote behind `seen`, old to new; all of it when `seen` is not of this thread."""
    known = Message.objects.filter(conversation=conversation, public_id=seen).values_list("pk", flat=True).first()
    # By key and not by time: a provider's times may lie before what was on the page already.
    later = Message.objects.filter(conversation=conversation, pk__gt=known or 0)
    newest = _of_others(later, author).select_related("reply_to").order_by("-pk")[:MOST_SHOWN]
    return [*reversed(newest)]


def _of_others(messages: QuerySet[Message], author: User) -> QuerySet[Message]:
    spoken = messages.filter(direction__in=[Direction.INBOUND, Direction.OUTBOUND]).exclude(type=MessageType.REACTION)
    return spoken.exclude(direction=Direction.OUTBOUND, author_id=author.pk)


def answer_with_template(
    conversation: Conversation,
    template: MessageTemplate,
    values: Mapping[str, str],
    *,
    author: User,
    seen: str,
    client_key: str,
) -> Message:
    """`answer` with an approved template, which needs no open window."""
    return answer(
        conversation,
        author=author,
        seen=seen,
        client_key=client_key,
        type=MessageType.TEMPLATE,
        content=content_for(template, values),
        text=rendered(template, values).text,
    )
