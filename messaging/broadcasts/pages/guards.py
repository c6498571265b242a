"""Who may open and change a broadcast's pages, and how each finds its broadcast."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404

from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.services import EDITABLE
from tenants.access import SAFE_METHODS, View, may, role_required
from tenants.models import Role
from tenants.request import Request, company_of
from tenants.services import audit
from tenants.services.audit import Actor


def admins_change(view: View) -> View:
    """Everybody of the company may look; whatever changes or sends is for admins."""
    look, change = role_required(Role.AGENT)(view), role_required(Role.ADMIN)(view)

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen: Callable[..., HttpResponseBase] = look if request.method in SAFE_METHODS else change
        return chosen(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def may_change(request: Request) -> bool:
    """Whether the page shows what only an admin can do; a visit only looks."""
    return may(request, Role.ADMIN) and request.visit is None


def may_edit(request: Request, broadcast: Broadcast) -> bool:
    return may_change(request) and broadcast.state in EDITABLE


def storable(view: View) -> View:
    """PostgreSQL's text knows no NUL, and no form of ours sends one."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if any("\0" in value for _name, values in request.POST.lists() for value in values):
            return HttpResponse(status=400)
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def find(public_id: str) -> Broadcast:
    return get_object_or_404(_rows(), public_id=public_id)


def find_draft(public_id: str) -> Broadcast:
    return get_object_or_404(_rows().filter(state=BroadcastState.DRAFT), public_id=public_id)


def hold(public_id: str) -> Broadcast:
    """With its row locked."""
    return get_object_or_404(_rows().select_for_update(of=("self",)), public_id=public_id)


def _rows() -> QuerySet[Broadcast]:
    return Broadcast.objects.select_related("channel", "template")


def record(actor: Actor, action: str, broadcast: Broadcast, request: Request, **after: Any) -> None:
    """An entry of the audit log, in the caller's transaction."""
    audit.record(actor, f"broadcast.{action}", company=company_of(request), target=broadcast.name, after=after)
