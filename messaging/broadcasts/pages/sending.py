"""From draft to sent: the last question, and what stops and ends a broadcast. Each leaves an entry in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from messaging.broadcasts import services
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.pages import guards, shown
from messaging.broadcasts.pages.looking import Look, look_at
from messaging.broadcasts.totals import totals_of
from tenants.access import actor_of, role_required
from tenants.models import Role
from tenants.request import Request
from tenants.templatetags.ui import number


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
@transaction.atomic
def send(request: Request, public_id: str) -> HttpResponse:
    """The last question, then the start or the wait for its time. `mark` is what was agreed to.

    The row is held meanwhile: a colleague who changes the audience at this moment is before the question or too late.
    """
    found = guards.hold(public_id) if request.method == "POST" else guards.find(public_id)
    if found.state != BroadcastState.DRAFT:
        return redirect("broadcast", public_id=public_id)
    look = look_at(found)
    if look.blockers:
        messages.error(request, _("This is not ready to be sent yet."))
        return redirect("broadcast_review", public_id=public_id)
    has_changed = request.method == "POST" and request.POST.get("mark") != look.mark
    if request.method != "POST" or has_changed:
        context = {
            "broadcast": found,
            "look": look,
            "has_changed": has_changed,
            "starts": shown.local_time(found, found.scheduled_at) if found.scheduled_at else "",
        }
        return render(request, "broadcasts/send.html", context, status=409 if has_changed else 200)
    try:
        _begin(request, found, look)
    except (services.TooLate, services.NotReady) as problem:
        messages.error(request, str(problem))
        return redirect("broadcast_review", public_id=public_id)
    return redirect("broadcast", public_id=public_id)


@transaction.atomic
def _begin(request: Request, found: Broadcast, look: Look) -> None:
    estimate = look.quote.as_values() if look.quote else {}
    facts: dict[str, Any] = {"count": look.reachable}
    if look.quote:
        facts |= {"total": f"{look.quote.total} {look.quote.currency}"}
    if found.scheduled_at is None:
        services.start(found, estimate=estimate)
        guards.record(actor_of(request), "started", found, request, **facts)
        return
    services.change(found, estimate=estimate, pause_reason="", pause_details="")
    services.schedule(found, found.scheduled_at)
    guards.record(actor_of(request), "scheduled", found, request, at=found.scheduled_at.isoformat(), **facts)


@require_POST
@role_required(Role.ADMIN)
def unschedule(request: Request, public_id: str) -> HttpResponse:
    return _act(request, public_id, "unscheduled", services.unschedule)


@require_POST
@role_required(Role.ADMIN)
def pause(request: Request, public_id: str) -> HttpResponse:
    return _act(request, public_id, "paused", services.pause)


@require_POST
@role_required(Role.ADMIN)
def resume(request: Request, public_id: str) -> HttpResponse:
    return _act(request, public_id, "resumed", services.resume)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def cancel(request: Request, public_id: str) -> HttpResponse:
    """Says what still goes and what does not, before it ends it."""
    found = guards.find(public_id)
    if request.method == "POST":
        return _act(request, public_id, "cancelled", services.cancel)
    if found.state not in services.CANCELLABLE:
        return redirect("broadcast", public_id=public_id)
    return render(request, "broadcasts/cancel.html", {"broadcast": found, "totals": totals_of(found)})


def _act(request: Request, public_id: str, action: str, act: Callable[[Broadcast], object]) -> HttpResponse:
    found = guards.find(public_id)
    try:
        with transaction.atomic():
            result = act(found)
            guards.record(actor_of(request), action, found, request)
    except (services.TooLate, services.NotReady) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _done(action, result if isinstance(result, int) else 0))
    return redirect("broadcast", public_id=public_id)


def _done(action: str, taken: int) -> str:
    if action == "cancelled" and taken:
        words = ngettext(
            "Cancelled. %(count)s message was taken back.", "Cancelled. %(count)s messages were taken back.", taken
        )
        return words % {"count": number(taken)}
    return {
        "unscheduled": _("It will not start by itself any more."),
        "paused": _("Paused. Nothing that waits goes out."),
        "resumed": _("It goes on."),
        "cancelled": _("Cancelled."),
    }[action]
