"""What an agent does to a conversation, each a plain form: given, put off, resolved, labelled, marked unread."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as toasts
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation
from messaging.inbox.forms import AssignForm, LabelForm, SnoozeForm
from messaging.inbox.listing import filters_of, next_in_list
from messaging.inbox.views import _conversation, conversation_page
from messaging.live import presence
from messaging.messages import actions, receipts
from tenants.access import role_required
from tenants.models import Membership, Role
from tenants.request import Request, company_of


@require_POST
@role_required(Role.AGENT)
def assign(request: Request, public_id: str) -> HttpResponse:
    """Take it, give it to a colleague, or give it back."""
    found, form = _conversation(public_id), AssignForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, form)
    member = Membership.objects.filter(company=company_of(request), public_id=form.cleaned_data["to"])
    to = member.select_related("user").first()
    if form.cleaned_data["to"] and to is None:
        form.add_error("to", _("This colleague is not in the team any more."))
        return _refused(request, found, form)
    taken = actions.assign(found, to.user if to else None, by=request.user, seen=form.cleaned_data["seen"])
    if not taken:
        toasts.info(request, _("Somebody else was quicker. Look who has it now."))
    return _back(request, found)


@require_POST
@role_required(Role.AGENT)
def resolve(request: Request, public_id: str) -> HttpResponse:
    """Done. Whoever came from the list goes on with the next one there."""
    found = _conversation(public_id)
    following = next_in_list(request, found) if "next" in request.POST else found
    if actions.resolve(found, by=request.user):
        undo = _address(request, "conversation_reopen", found)
        toasts.success(request, _("Resolved: %(name)s") % {"name": found.contact.name}, extra_tags=f"undo:{undo}")
    if following is None:
        return redirect(_address(request, "inbox"))
    return _back(request, following)


@require_POST
@role_required(Role.AGENT)
def reopen(request: Request, public_id: str) -> HttpResponse:
    found = _conversation(public_id)
    actions.reopen(found, by=request.user)
    return _back(request, found)


@require_POST
@role_required(Role.AGENT)
def snooze(request: Request, public_id: str) -> HttpResponse:
    found, form = _conversation(public_id), SnoozeForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, form)
    actions.snooze(found, form.moment(), by=request.user)
    return _back(request, found)


@require_POST
@role_required(Role.AGENT)
def label(request: Request, public_id: str) -> HttpResponse:
    found, form = _conversation(public_id), LabelForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, form)
    actions.label(found, form.wanted(), by=request.user)
    return _back(request, found)


@require_POST
@role_required(Role.AGENT)
def unread(request: Request, public_id: str) -> HttpResponse:
    """Somebody shall look again; back to the list, since opening it would read it."""
    conversations.mark_unread(_conversation(public_id))
    return redirect(_address(request, "inbox"))


@require_POST
@role_required(Role.AGENT)
def typing(request: Request, public_id: str) -> HttpResponse:
    """A key was pressed: colleagues see it, and the contact too unless it is a note."""
    found = _conversation(public_id)
    presence.writes(company_of(request).schema_name, found.public_id, user_id=request.user.pk, name=request.user.name)
    if "note" not in request.POST:
        receipts.show_typing(found)
    return HttpResponse(status=204)


def _back(request: Request, conversation: Conversation) -> HttpResponse:
    return redirect(_address(request, "conversation", conversation))


def _address(request: Request, name: str, conversation: Conversation | None = None) -> str:
    """A page with the list beside it as it was."""
    path = reverse(name, args=[conversation.public_id] if conversation else [])
    query = filters_of(request).address()
    return f"{path}?{query}" if query else path


def _refused(request: Request, found: Conversation, form: Form) -> HttpResponse:
    """The page again, saying why; what was written stands in its field."""
    problems = [str(error) for errors in form.errors.values() for error in errors]
    extra: dict[str, Any] = {"problems": problems, "refused": form.data}
    return render(request, "inbox/inbox.html", conversation_page(request, found, **extra), status=422)
