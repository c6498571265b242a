"""The entries of a thread in pages by key: the newest, those before, and all that a browser shows when it asks anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message

ENTRIES = 60
# A browser that has been open for so many entries begins anew.
MOST_ENTRIES = 300


@dataclass(frozen=True)
class Page:
    """Entries from old to new. `first` is the key of the oldest, `has_older` whether any stand before it."""

    messages: Sequence[Message]
    has_older: bool
    is_cut: bool = False

    @property
    def first(self) -> str:
        return self.messages[0].public_id if self.messages else ""


def newest(conversation: Conversation) -> Page:
    return _page(_entries(conversation))


def older(conversation: Conversation, before: str) -> Page:
    """Those before an entry; 404 for one that is not of this conversation."""
    anchor = _anchor(conversation, before)
    if anchor is None:
        raise Http404
    return _page(_entries(conversation).filter(Q(at__lt=anchor.at) | Q(at=anchor.at, pk__lt=anchor.pk)))


def since(conversation: Conversation, start: str) -> Page:
    """From an entry on to the newest, as a browser shows them; only the newest, `is_cut`, when those are too many."""
    anchor = _anchor(conversation, start) if start else None
    if anchor is None:
        return newest(conversation)
    shown = _entries(conversation).filter(Q(at__gt=anchor.at) | Q(at=anchor.at, pk__gte=anchor.pk))
    found = list(shown[: MOST_ENTRIES + 1])
    if len(found) > MOST_ENTRIES:
        return Page(found[:ENTRIES][::-1], has_older=True, is_cut=True)
    # Whether more stand before is said by the link that is on the page already.
    return Page(found[::-1], has_older=False)


def first_unread(messages: Sequence[Message], unread: int) -> str:
    """The key of the first of the `unread` newest inbound messages; the oldest shown when they are more."""
    inbound = [message for message in messages if message.direction == Direction.INBOUND]
    return inbound[-unread:][0].public_id if unread and inbound else ""


def with_new_line(entries: list[dict[str, Any]], new_from: str) -> list[dict[str, Any]]:
    """The same with a line before the message that was the first unread one."""
    for place, entry in enumerate(entries):
        if new_from and entry.get("message", {}).get("id") == new_from:
            return [*entries[:place], {"new": True}, *entries[place:]]
    return entries


def _entries(conversation: Conversation) -> QuerySet[Message]:
    shown = Message.objects.filter(conversation=conversation).select_related("reply_to").prefetch_related("attachments")
    return shown.order_by("-at", "-pk")


def _anchor(conversation: Conversation, public_id: str) -> Message | None:
    found = Message.objects.filter(conversation=conversation, public_id=public_id)
    return found.only("at").first()


def _page(entries: QuerySet[Message]) -> Page:
    found = list(entries[: ENTRIES + 1])
    return Page(found[:ENTRIES][::-1], has_older=len(found) > ENTRIES)
