"""The shared inbox: the list, and a conversation. What is written is in message_views.py, what is done in acts.py."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from messaging.contacts.models import Label, Tone
from messaging.conversations.models import Conversation
from messaging.inbox import composing, pages, shown
from messaging.inbox.attaching import attaching
from messaging.inbox.forms import SnoozeForm
from messaging.inbox.listing import filters_of, listing
from messaging.messages import receipts
from tenants.access import role_required
from tenants.models import Membership, Role
from tenants.request import Request, company_of


@require_safe
@role_required(Role.AGENT)
def inbox(request: Request) -> HttpResponse:
    context = listing(request, "", before=request.GET.get("before", ""))
    return render(request, "inbox/inbox.html", {**context, "pane": "list"})


@require_safe
@role_required(Role.AGENT)
def list_part(request: Request) -> HttpResponse:
    """The conversations alone: again when something changed, or those behind the ones that are shown."""
    before = request.GET.get("before", "")
    template = "inbox/_cards.html" if before else "inbox/_rows.html"
    return render(request, template, listing(request, request.GET.get("current", ""), before=before))


@require_safe
@role_required(Role.AGENT)
def conversation(request: Request, public_id: str) -> HttpResponse:
    """The list with one conversation open beside it; opening it reads it (a visit only looks)."""
    found = conversation_of(public_id)
    unread = found.unread_count
    if request.visit is None and receipts.read(found):
        found.unread_count = 0
    before = request.GET.get("before", "")
    page = pages.older(found, before) if before else pages.newest(found)
    new_from = "" if before else pages.first_unread(page.messages, unread)
    context = conversation_page(request, found, page, new_from=new_from, is_older_part=bool(before))
    return render(request, "inbox/inbox.html", context)


@require_safe
@role_required(Role.AGENT)
def thread(request: Request, public_id: str) -> HttpResponse:
    """The entries alone, when something was written.

    `since` is the oldest one on the page, `new` the first that was unread, `open` what the page knows of the window,
    `unseen` that it lies behind another window: then nobody has read what is new.
    """
    found = conversation_of(public_id)
    if request.visit is None and "unseen" not in request.GET:
        receipts.read(found)
    page = pages.since(found, request.GET.get("since", ""))
    context = thread_context(request, found, page, new_from=request.GET.get("new", ""))
    changed = "open" in request.GET and request.GET["open"] != ("1" if context["window_is_open"] else "0")
    return render(request, "inbox/_refresh.html", {**context, "composer_changed": changed})


@require_safe
@role_required(Role.AGENT)
def older(request: Request, public_id: str) -> HttpResponse:
    """The entries before those on the page; `part`: again, without the way to still older ones."""
    found, before = conversation_of(public_id), request.GET.get("before", "")
    page = pages.older(found, before)
    context = {"conversation": found, "contact": found.contact, "may_write": request.visit is None, "before": before}
    context |= {"page": page, "entries": shown.entries(page.messages, found)}
    return render(request, "inbox/_log.html" if "part" in request.GET else "inbox/_older.html", context)


def conversation_of(public_id: str) -> Conversation:
    return get_object_or_404(Conversation.objects.for_inbox(), public_id=public_id)


def conversation_page(
    request: Request, found: Conversation, page: pages.Page | None = None, **extra: Any
) -> dict[str, Any]:
    """The whole page with a conversation open."""
    listed = listing(request, found.public_id)
    shown_part = thread_context(request, found, page, query=listed["query"], **extra)
    return {**listed, **shown_part, "pane": "main"}


def thread_context(
    request: Request,
    found: Conversation,
    page: pages.Page | None = None,
    *,
    new_from: str = "",
    query: str | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """A conversation's context, its newest entries unless `page` says which; `query` is the list it was opened from."""
    page = page or pages.newest(found)
    now = timezone.now()
    people = shown.people_of(company_of(request))
    members = list(Membership.objects.filter(company=company_of(request)).select_related("user").order_by("user__name"))
    return {
        "conversation": found,
        "contact": found.contact,
        "identities": list(found.contact.identities.all()),
        "page": page,
        "entries": pages.with_new_line(shown.entries(page.messages, found), new_from),
        "new_from": new_from,
        "assignee": people.get(found.assignee_id or 0),
        "snoozed_by": people.get(found.snoozed_by_id or 0),
        "members": members,
        "own_membership": next((one for one in members if one.user_id == request.user.pk), None),
        "labels": list(found.labels.order_by("name")),
        "all_labels": list(Label.objects.order_by("name")),
        "tones": Tone.choices,
        "window_is_open": found.window_is_open(now),
        "window_words": shown.window_words(found, now),
        "ring": shown.ring_share(found, now),
        "attaching": attaching(found.channel.kind),
        **composing.context(request, found, page.messages),
        "may_write": request.visit is None,
        "snoozes": SnoozeForm.ready(),
        "query": filters_of(request).address() if query is None else query,
        **extra,
    }
