"""What a list shows, as its address says it: every view can be shared, and words that mean nothing are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _, ngettext

from messaging.channels.base import MessageType
from messaging.channels.models import Channel
from messaging.contacts.models import Label
from messaging.conversations.models import WINDOW, ConversationState
from messaging.conversations.querysets import ConversationQuerySet
from messaging.inbox.search import found_by
from messaging.messages.models import Direction, Message, MessageState

SCOPES = ("all", "mine", "unassigned")
SORTS = ("newest", "waiting", "closing")
CLOSED = "closed"
HOURS = tuple(str(hours) for hours in range(1, 24))
LONGEST_WORDS = 100


@dataclass(frozen=True)
class Filters:
    """A view of the inbox. `state` is '' while words are looked for in all of them."""

    scope: str = "all"
    state: str = ConversationState.OPEN
    words: str = ""
    label: Label | None = None
    channel: Channel | None = None
    unread: bool = False
    failed: bool = False
    window: str = ""
    sort: str = "newest"

    def address(self, **changes: Any) -> str:
        """The query of this view, or of one that differs in `changes`; what goes without saying is not said."""
        view = replace(self, **changes)
        said = {
            "scope": view.scope if view.scope != "all" else "",
            "state": view.state if view.state != _usual_state(view.words) else "",
            "q": view.words,
            "label": view.label.public_id if view.label else "",
            "channel": view.channel.public_id if view.channel else "",
            "unread": "1" if view.unread else "",
            "failed": "1" if view.failed else "",
            "window": view.window,
            "sort": view.sort if view.sort != "newest" else "",
        }
        return urlencode({key: value for key, value in said.items() if value})

    def narrowing(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Each filter as the part of a sentence: words, value, and what takes it away."""
        parts: list[tuple[str, str, dict[str, Any]]] = []
        if self.words:
            anywhere = {"words": "", "state": self.state or ConversationState.OPEN}
            parts.append((_("with the words"), _("“%(words)s”") % {"words": self.words}, anywhere))
        if self.unread:
            parts.append(("", _("unread"), {"unread": False}))
        if self.failed:
            parts.append(("", _("not delivered"), {"failed": False}))
        if self.label:
            parts.append((_("labelled"), self.label.name, {"label": None}))
        if self.channel:
            parts.append((_("on"), self.channel.name, {"channel": None}))
        if self.window:
            parts.append((_("window"), window_words(self.window), {"window": ""}))
        return parts

    def without(self) -> Filters:
        """The same place without any filter; the order stays."""
        return Filters(scope=self.scope, state=self.state or ConversationState.OPEN, sort=self.sort)

    def narrow(self, rows: ConversationQuerySet, user_id: int, now: datetime) -> ConversationQuerySet:
        rows = rows.in_scope(self.scope, user_id)
        if self.state:
            rows = rows.filter(state=self.state)
        if self.words:
            rows = found_by(rows, self.words)
        if self.label:
            rows = rows.filter(labels=self.label)
        if self.channel:
            rows = rows.filter(channel=self.channel)
        if self.unread:
            rows = rows.filter(unread_count__gt=0)
        if self.failed:
            rows = rows.filter(not_delivered())
        return rows.filter(_window(self.window, now)) if self.window else rows


def read_filters(query: Mapping[str, str], labels: Sequence[Label], channels: Sequence[Channel]) -> Filters:
    """The view an address names."""
    # The page's own address, as a part of it tells it, is no address that was asked for: it may hold anything.
    words = " ".join(query.get("q", "").replace("\0", " ").split())[:LONGEST_WORDS]
    window = query.get("window", "")
    state = _one_of(ConversationState.values, query.get("state", ""), _usual_state(words))
    return Filters(
        scope=_one_of(SCOPES, query.get("scope", ""), "all"),
        state=state,
        words=words,
        label=next((label for label in labels if label.public_id == query.get("label")), None),
        channel=next((channel for channel in channels if channel.public_id == query.get("channel")), None),
        unread=query.get("unread") == "1",
        failed=query.get("failed") == "1",
        window=_one_of((CLOSED, *HOURS), window, ""),
        sort=_one_of(SORTS, query.get("sort", ""), "newest"),
    )


def _usual_state(words: str) -> str:
    """Words are looked for everywhere, unless the address says where."""
    return "" if words else ConversationState.OPEN


def window_words(window: str) -> str:
    if window == CLOSED:
        return _("closed")
    hours = int(window)
    return ngettext("closes within %(count)d hour", "closes within %(count)d hours", hours) % {"count": hours}


def not_delivered() -> Exists:
    """Conversations whose last word of ours did not arrive: a later one that went out makes up for it."""
    ours = Message.objects.filter(direction=Direction.OUTBOUND).exclude(type=MessageType.REACTION)
    later: QuerySet[Message] = ours.filter(conversation=OuterRef("conversation"), at__gt=OuterRef("at"))
    failed = ours.filter(conversation=OuterRef("pk"), state=MessageState.FAILED)
    return Exists(failed.filter(~Exists(later.exclude(state=MessageState.FAILED))))


def _window(window: str, now: datetime) -> Q:
    opened_after = now - WINDOW
    if window == CLOSED:
        return Q(last_inbound_at=None) | Q(last_inbound_at__lte=opened_after)
    return Q(last_inbound_at__gt=opened_after, last_inbound_at__lte=opened_after + timedelta(hours=int(window)))


def _one_of(known: Sequence[str], said: str, otherwise: str) -> str:
    return said if said in known else otherwise
