"""The shared inbox: the list, a conversation, and what an agent does to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation, ConversationState, Label
from messaging.inbox import composing, shown
from messaging.inbox.forms import AssignForm, LabelForm, SnoozeForm
from messaging.inbox.search import found_by
from messaging.live import events
from messaging.messages import actions
from messaging.messages.models import Message
from tenants.access import role_required
from tenants.models import Membership, Role
from tenants.request import Request, company_of

CARDS = 50
ENTRIES = 60
SCOPES = ("mine", "unassigned", "all")


@require_safe
@role_required(Role.AGENT)
def inbox(request: Request) -> HttpResponse:
    return render(request, "inbox/inbox.html", {**_list(request, ""), "pane": "list"})


@require_safe
@role_required(Role.AGENT)
def list_part(request: Request) -> HttpResponse:
    """The list alone, when something changed."""
    return render(request, "inbox/_list.html", _list(request, request.GET.get("current", "")))


@require_safe
@role_required(Role.AGENT)
def conversation(request: Request, public_id: str) -> HttpResponse:
    """The list with one conversation open beside it; opening it reads it (a visit only looks)."""
    found = _conversation(public_id)
    if request.visit is None and conversations.mark_read(found):
        found.unread_count = 0
    context = {**_list(request, public_id), **_thread(request, found), "pane": "main"}
    return render(request, "inbox/inbox.html", context)


@require_safe
@role_required(Role.AGENT)
def thread(request: Request, public_id: str) -> HttpResponse:
    """The entries alone, when something was written; `open` is what the page knows of the window."""
    found = _conversation(public_id)
    if request.visit is None:
        conversations.mark_read(found)
    context = _thread(request, found)
    changed = "open" in request.GET and request.GET["open"] != ("1" if context["window_is_open"] else "0")
    return render(request, "inbox/_refresh.html", {**context, "composer_changed": changed})


@require_POST
@role_required(Role.AGENT)
def assign(request: Request, public_id: str) -> HttpResponse:
    """Take it, give it to a colleague, or give it back."""
    found, form = _conversation(public_id), AssignForm(request.POST)
    if form.is_valid():
        member = Membership.objects.filter(company=company_of(request), public_id=form.cleaned_data["to"])
        to = member.select_related("user").first()
        taken = actions.assign(found, to.user if to else None, by=request.user, seen=form.cleaned_data["seen"])
        if not taken:
            toasts.info(request, _("Somebody else was quicker. Look who has it now."))
    return redirect("conversation", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def resolve(request: Request, public_id: str) -> HttpResponse:
    actions.resolve(_conversation(public_id), by=request.user)
    return redirect("conversation", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def reopen(request: Request, public_id: str) -> HttpResponse:
    actions.reopen(_conversation(public_id), by=request.user)
    return redirect("conversation", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def snooze(request: Request, public_id: str) -> HttpResponse:
    found, form = _conversation(public_id), SnoozeForm(request.POST)
    if form.is_valid():
        actions.snooze(found, form.cleaned_data["until"], by=request.user)
    return redirect("conversation", public_id=public_id)


@require_POST
@role_required(Role.AGENT)
def label(request: Request, public_id: str) -> HttpResponse:
    found, form = _conversation(public_id), LabelForm(request.POST)
    if form.is_valid():
        actions.label(found, form.wanted(), by=request.user)
    return redirect("conversation", public_id=public_id)


def _conversation(public_id: str) -> Conversation:
    return get_object_or_404(Conversation.objects.for_inbox(), public_id=public_id)


def _list(request: Request, current: str) -> dict[str, Any]:
    """What the list shows: scope, state and words stand in the address, so a view can be shared."""
    # Asked before the rows: what comes between is told twice rather than not at all.
    live_from = events.newest()
    scope = request.GET.get("scope", "all")
    state = request.GET.get("state", ConversationState.OPEN)
    words = request.GET.get("q", "").strip()[:100]
    rows = Conversation.objects.for_inbox().in_scope(scope, request.user.pk)
    rows = found_by(rows, words) if words else rows.filter(state=state)
    query = urlencode({"scope": scope, "state": state, **({"q": words} if words else {})})
    people = shown.people_of(company_of(request))
    return {
        "cards": [shown.card(row, people, current=current, query=f"?{query}") for row in rows[:CARDS]],
        "counts": Conversation.objects.counts(request.user.pk),
        "scope": scope if scope in SCOPES else "all",
        "state": state,
        "states": ConversationState.choices,
        "words": words,
        "query": query,
        "current": current,
        "people": people,
        "live_from": live_from,
    }


def _thread(request: Request, found: Conversation) -> dict[str, Any]:
    now = timezone.now()
    newest = Message.objects.filter(conversation=found).select_related("reply_to").order_by("-at", "-pk")[:ENTRIES]
    rows = list(newest)
    people = shown.people_of(company_of(request))
    assignee = people.get(found.assignee_id or 0)
    return {
        "conversation": found,
        "contact": found.contact,
        "identities": list(found.contact.identities.all()),
        "entries": shown.entries(reversed(rows), found),
        "assignee": assignee,
        "members": Membership.objects.filter(company=company_of(request)).select_related("user").order_by("user__name"),
        "labels": list(found.labels.order_by("name")),
        "all_labels": list(Label.objects.order_by("name")),
        "window_is_open": found.window_is_open(now),
        "window_words": shown.window_words(found, now),
        "ring": shown.ring_share(found, now),
        **composing.context(request, found, rows),
        "may_write": request.visit is None,
        "snoozes": SnoozeForm.base_fields["until"].choices,  # type: ignore[attr-defined]
    }
