"""What the composer begins with: a quote, words that are written anew, one of the small forms, or a note."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from messaging.channels.capabilities import capabilities_of
from messaging.conversations.models import Conversation
from messaging.inbox import costs, shown
from messaging.inbox.extras import EXTRAS, ContentForm, Extra, offered
from messaging.inbox.kinds import is_people_s
from messaging.inbox.remedies import writes_freely
from messaging.messages.answering import NOTHING
from messaging.messages.models import Direction, Message
from tenants.lib.ids import new_public_id
from tenants.request import Request, company_of

# From so many characters on the page counts them.
NEARLY = 0.8


def context(request: Request, conversation: Conversation, rows: Iterable[Message]) -> dict[str, Any]:
    """For `inbox/_composer.html`; `rows` are the messages the page shows."""
    kind = conversation.channel.kind
    asked = request.GET
    may_write_freely = writes_freely(conversation)
    quote = quoted(conversation, asked.get("quote", "")) if may_write_freely else None
    key, seen = new_public_id(), newest(rows)
    most = capabilities_of(kind).text
    return {
        "writes_freely": may_write_freely,
        "client_key": key,
        "seen": seen,
        "quote": shown.quote_of(quote, conversation) if quote else None,
        "typed": _words_of(conversation, asked.get("anew", "")),
        "mode": "note" if asked.get("write") == "note" else "reply",
        "extras": offered(kind),
        **extra_context(chosen(conversation, asked.get("more", "")), kind, {"client_key": key, "seen": seen}),
        "limit": most,
        "count_from": int(most * NEARLY),
        "cost": costs.expected(company_of(request), conversation) if may_write_freely else None,
    }


def extra_context(extra: Extra | None, kind: str, initial: dict[str, str]) -> dict[str, Any]:
    form: ContentForm | None = extra.form(kind=kind, initial=initial) if extra else None
    return {"extra": extra, "extra_form": form}


def chosen(conversation: Conversation, key: str) -> Extra | None:
    """One of the small forms, if the channel can send such and may now."""
    extra = EXTRAS.get(key)
    return extra if extra in offered(conversation.channel.kind) and writes_freely(conversation) else None


def newest(rows: Iterable[Message]) -> str:
    """The message that came in last, whatever time it carries."""
    last = max(rows, key=lambda row: row.pk, default=None)
    return last.public_id if last else NOTHING


def quoted(conversation: Conversation, public_id: str) -> Message | None:
    """A message of this conversation that the provider knows; anything else is not quoted."""
    if not public_id or not capabilities_of(conversation.channel.kind).quotes:
        return None
    found = Message.objects.filter(conversation=conversation, public_id=public_id).exclude(external_id="").first()
    return found if found and is_people_s(found) else None


def _words_of(conversation: Conversation, public_id: str) -> str:
    """What a message of ours said, to write it anew."""
    if not public_id:
        return ""
    ours = Message.objects.filter(conversation=conversation, direction=Direction.OUTBOUND, public_id=public_id)
    return ours.values_list("text", flat=True).first() or ""
