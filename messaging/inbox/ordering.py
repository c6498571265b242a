"""The list's orders, paged by key. A cursor holds the row's place as it was, so a row that moves doubles no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Case, DateTimeField, F, Q, When

from messaging.conversations.models import WINDOW, Conversation
from messaging.conversations.querysets import ConversationQuerySet

WRITTEN = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class Cursor:
    """Behind which place a page begins: the value it is ordered by (None stands last), then the key."""

    value: datetime | None
    pk: int


def ordered(rows: ConversationQuerySet, sort: str, now: datetime) -> ConversationQuerySet:
    """Newest first; or who waits longest, or whose window closes soonest, and after them all others."""
    if sort == "newest":
        return rows.order_by("-last_message_at", "-pk")
    return rows.alias(place=_place(sort, now)).order_by(F("place").asc(nulls_last=True), "-pk")


def behind(rows: ConversationQuerySet, sort: str, cursor: Cursor, now: datetime) -> ConversationQuerySet:
    """Only those after `cursor` in the same order."""
    value, tie = cursor.value, Q(pk__lt=cursor.pk)
    if sort == "newest":
        # The first condition is what the index is entered by.
        return rows.filter(last_message_at__lte=value).filter(Q(last_message_at__lt=value) | tie)
    rows = rows.alias(place=_place(sort, now))
    if value is None:
        return rows.filter(tie, place=None)
    return rows.filter(Q(place__gt=value) | Q(place=value) & tie | Q(place=None))


def cursor_of(conversation: Conversation, sort: str, now: datetime) -> Cursor:
    """Where a conversation stands in an order."""
    return Cursor(_value(conversation, sort, now), conversation.pk)


def write_cursor(conversation: Conversation, sort: str, now: datetime) -> str:
    """A cursor for the address."""
    value = _value(conversation, sort, now)
    return f"{value.astimezone(UTC).strftime(WRITTEN) if value else ''}~{conversation.public_id}"


def read_cursor(written: str, sort: str) -> Cursor | None:
    """None for nonsense: the page then begins at the top. A row that has gone still marks its place."""
    place, separator, public_id = written.partition("~")
    if not separator or (not place and sort == "newest"):
        return None
    try:
        value = datetime.strptime(place, WRITTEN).replace(tzinfo=UTC) if place else None
    except ValueError:
        return None
    pk = Conversation.objects.filter(public_id=public_id).values_list("pk", flat=True).first()
    return Cursor(value, pk or 0)


def next_to(rows: ConversationQuerySet, sort: str, conversation: Conversation, now: datetime) -> Conversation | None:
    """The one after it in the list, else the first: where an agent goes on."""
    others = ordered(rows.exclude(pk=conversation.pk), sort, now)
    after: Conversation | None = behind(others, sort, cursor_of(conversation, sort, now), now).first()
    return after or others.first()


def cut(rows: ConversationQuerySet, size: int) -> tuple[Sequence[Conversation], bool]:
    """At most `size` of them, and whether there are more."""
    found = list(rows[: size + 1])
    return found[:size], len(found) > size


def _value(conversation: Conversation, sort: str, now: datetime) -> datetime | None:
    if sort == "newest":
        return conversation.last_message_at
    if sort == "waiting":
        return conversation.waiting_since
    return conversation.last_inbound_at if conversation.window_is_open(now) else None


def _place(sort: str, now: datetime) -> F | Case:
    if sort == "waiting":
        return F("waiting_since")
    is_open = When(last_inbound_at__gt=now - WINDOW, then=F("last_inbound_at"))
    return Case(is_open, default=None, output_field=DateTimeField())
