"""The list of conversations for its templates: what is shown, what narrows it, and why it is empty."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, pgettext

from messaging.channels.base import MessageType
from messaging.channels.models import Channel
from messaging.contacts.models import Label
from messaging.conversations.models import Conversation, ConversationState
from messaging.conversations.querysets import ConversationQuerySet
from messaging.inbox import cards, shown
from messaging.inbox.filters import HOURS, Filters, not_delivered, read_filters
from messaging.inbox.ordering import behind, cut, next_to, ordered, read_cursor, write_cursor
from messaging.inbox.search import hit_in
from messaging.live import events
from messaging.messages.models import Direction, Message
from tenants.access import may
from tenants.models import Role
from tenants.request import Request, company_of

CARDS = 50
# A browser that has loaded more than this begins anew at the next change.
MOST_CARDS = 300
HOURS_OFFERED = ("2", "4", "8", "12")


def filters_of(request: Request) -> Filters:
    """The view this request is about; a part of a page says it in the page's own address."""
    query: Any = request.GET
    if request.htmx and request.htmx.current_url:
        query = dict(parse_qsl(urlsplit(request.htmx.current_url).query))
    return read_filters(query, _labels(), _channels())


def listing(request: Request, current: str, *, before: str = "") -> dict[str, Any]:
    """The list's context; `before` is the cursor of an older page."""
    # Asked before the rows: what comes between is told twice rather than not at all.
    live_from = events.newest()
    labels, channels, now = _labels(), _channels(), timezone.now()
    filters = read_filters(request.GET, labels, channels)
    rows = ordered(_rows(filters, request.user.pk), filters.sort, now)
    cursor = read_cursor(before, filters.sort) if before else None
    if cursor:
        rows = behind(rows, filters.sort, cursor, now)
    found, has_more = cut(rows, CARDS if before else _wanted(request.GET))
    people = shown.people_of(company_of(request))
    query = filters.address()
    counts = _counts(request.user.pk, filters)
    return {
        "cards": [cards.card(row, people, current=current, query=query, words=filters.words) for row in found],
        "older": write_cursor(found[-1], filters.sort, now) if has_more else "",
        "is_older_page": cursor is not None,
        "counts": counts,
        "unread": counts["unread"],
        "filters": filters,
        "scopes": _scopes(filters, counts),
        "states": _states(filters),
        "chips": _chips(filters),
        "clear_query": filters.without().address(),
        "empty": _empty(request, filters, channels, counts) if not found else None,
        "labels_offered": labels,
        "channels_offered": channels if len(channels) > 1 else [],
        "hours_offered": sorted({*HOURS_OFFERED, filters.window} & {*HOURS}, key=int),
        "scope": filters.scope,
        "state": filters.state,
        "words": filters.words,
        "query": query,
        "current": current,
        "people": people,
        "live_from": live_from,
    }


def next_in_list(request: Request, conversation: Conversation) -> Conversation | None:
    """Where an agent goes on who came from the list."""
    filters, now = filters_of(request), timezone.now()
    rows = filters.narrow(Conversation.objects.all(), request.user.pk, now)
    return next_to(rows, filters.sort, conversation, now)


def _rows(filters: Filters, user_id: int) -> ConversationQuerySet:
    """The view's conversations with all that a card shows: its labels and how its last message fares."""
    said = Message.objects.filter(conversation=OuterRef("pk"), direction__in=[Direction.INBOUND, Direction.OUTBOUND])
    newest = said.exclude(type=MessageType.REACTION).order_by("-at", "-pk")
    rows = filters.narrow(Conversation.objects.for_inbox(), user_id, timezone.now()).annotate(
        newest_id=Subquery(newest.values("public_id")[:1]),
        newest_state=Subquery(newest.values("state")[:1]),
        is_not_delivered=not_delivered(),
    )
    if filters.words:
        rows = rows.annotate(hit=hit_in(filters.words))
    return rows.prefetch_related(Prefetch("labels", Label.objects.order_by("name")))


def _wanted(query: QueryDict) -> int:
    """As many as the browser has loaded already."""
    said = query.get("rows", "")
    loaded = int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else CARDS
    return min(MOST_CARDS, max(CARDS, loaded))


def _labels() -> list[Label]:
    return list(Label.objects.order_by("name"))


def _channels() -> list[Channel]:
    return list(Channel.objects.usable().order_by("name"))


def _counts(user_id: int, filters: Filters) -> dict[str, Any]:
    """What waits behind each scope, and what of it is unread for this person. All that is resolved is not counted."""
    state = filters.state if filters.state == ConversationState.SNOOZED else ConversationState.OPEN
    own, nobodys, here = Q(assignee_id=user_id), Q(assignee_id=None), Q(state=state)
    waiting = Conversation.objects.filter(state__in={state, ConversationState.OPEN})
    return waiting.aggregate(
        mine=Count("pk", filter=here & own),
        unassigned=Count("pk", filter=here & nobodys),
        all=Count("pk", filter=here),
        unread=Count("pk", filter=Q(state=ConversationState.OPEN, unread_count__gt=0) & (own | nobodys)),
    )


def _scopes(filters: Filters, counts: dict[str, Any]) -> list[dict[str, Any]]:
    names = {"mine": _("Mine"), "unassigned": _("Nobody's"), "all": _("All")}
    shows_counts = filters.state in (ConversationState.OPEN, ConversationState.SNOOZED)
    return [
        {
            "url": _url(filters.address(scope=scope)),
            "label": name,
            "count": counts[scope] if shows_counts else "",
            "current": filters.scope == scope,
        }
        for scope, name in names.items()
    ]


def _states(filters: Filters) -> list[dict[str, Any]]:
    meanings = {
        ConversationState.OPEN: (_("Open"), _("Somebody still has to do something")),
        ConversationState.SNOOZED: (
            pgettext("a state", "Put off"),
            _("They come back at their time, or when the contact writes"),
        ),
        ConversationState.RESOLVED: (_("Resolved"), _("Done. A message from the contact opens them again")),
    }
    return [
        {
            "url": _url(filters.address(state=state.value)),
            "name": name,
            "meaning": meaning,
            "current": filters.state == state,
        }
        for state, (name, meaning) in meanings.items()
    ]


def _chips(filters: Filters) -> list[dict[str, str]]:
    return [
        {"words": words, "value": value, "remove_url": _url(filters.address(**away))}
        for words, value, away in filters.narrowing()
    ]


def _empty(request: Request, filters: Filters, channels: list[Channel], counts: dict[str, Any]) -> dict[str, str]:
    """Why there is nothing, and the one step that leads on."""
    if not channels and not filters.narrowing():
        return _no_channel(request)
    if parts := filters.narrowing():
        sentence = ", ".join(f"{words} {value}".strip() for words, value, _away in parts)
        return {
            "icon": "search",
            "title": _("Nothing found"),
            "text": _("No conversation fits: %(filters)s.") % {"filters": sentence},
            "action_url": _url(filters.without().address()),
            "action_label": _("Clear the filters"),
        }
    return _nothing_left(filters, counts)


def _no_channel(request: Request) -> dict[str, str]:
    url = _channels_url()
    if may(request, Role.ADMIN):
        return {
            "icon": "plug",
            "title": _("No number is connected yet"),
            "text": _("Connect a WhatsApp number; what customers write to it appears here."),
            "action_url": url,
            "action_label": _("Connect a number") if url else "",
        }
    return {
        "icon": "plug",
        "title": _("No number is connected yet"),
        "text": _("An admin of your company can connect one; what customers write to it appears here."),
    }


def _nothing_left(filters: Filters, counts: dict[str, Any]) -> dict[str, str]:
    if filters.state == ConversationState.SNOOZED:
        title, text = _("Nothing is put off"), _("What you put off waits here until its time.")
    elif filters.state == ConversationState.RESOLVED:
        title, text = _("Nothing is resolved yet"), _("What is done can be found here again.")
    elif filters.scope == "mine" and counts["unassigned"]:
        return {
            "icon": "check-circle",
            "title": _("Nothing of yours is open"),
            "text": _("There are conversations nobody has taken yet."),
            "action_url": _url(filters.address(scope="unassigned")),
            "action_label": _("Look at nobody's"),
        }
    else:
        title = _("All done")
        text = _("When a customer writes, their conversation appears by itself.")
    return {"icon": "check-circle", "title": title, "text": text}


def _channels_url() -> str:
    try:
        return reverse("channels")
    except NoReverseMatch:
        return ""


def _url(query: str) -> str:
    return f"{reverse('inbox')}?{query}" if query else reverse("inbox")
