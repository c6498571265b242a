"""All broadcasts; a new one, a copy, another name, a draft that is thrown away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.broadcasts import services
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.pages import guards, shown
from messaging.broadcasts.pages.channels import usable
from messaging.broadcasts.pages.forms import NameForm
from messaging.broadcasts.totals import Totals, totals_of_many
from tenants.access import actor_of, role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request, company_of

ROWS = 30


@require_safe
@role_required(Role.AGENT)
def broadcasts(request: Request) -> HttpResponse:
    state = request.GET.get("state", "")
    rows = Broadcast.objects.select_related("channel", "template")
    rows = rows.filter(state=state) if state in BroadcastState.values else rows
    page = page_by_key(
        rows, ("-pk",), before=request.GET.get("before", ""), after=request.GET.get("after", ""), size=ROWS
    )
    totals = totals_of_many([row.pk for row in page])
    context = {
        "page": page,
        "rows": [shown.row(row, totals.get(row.pk, Totals())) for row in page],
        "state": state if state in BroadcastState.values else "",
        "states": BroadcastState.choices,
        "may_change": guards.may_change(request),
    }
    return render(request, "broadcasts/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def new(request: Request) -> HttpResponse:
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = services.create(
            name=form.cleaned_data["name"],
            by=request.user,
            time_zone=company_of(request).time_zone,
            channel=next(iter(usable()), None),
        )
        return redirect("broadcast_audience", public_id=made.public_id)
    return render(request, "broadcasts/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@role_required(Role.ADMIN)
def duplicate(request: Request, public_id: str) -> HttpResponse:
    found = guards.find(public_id)
    name = _("%(name)s (copy)") % {"name": found.name[:100]}
    made = services.duplicate(found, name=name, by=request.user)
    messages.success(request, _("This is a copy. Nothing of it has been sent."))
    return redirect("broadcast_audience", public_id=made.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def rename(request: Request, public_id: str) -> HttpResponse:
    found = guards.find(public_id)
    form = NameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.change(found, name=form.cleaned_data["name"])
            messages.success(request, _("Saved."))
        except services.TooLate as late:
            messages.error(request, str(late))
        return redirect("broadcast", public_id=public_id)
    context: dict[str, Any] = {"form": form, "broadcast": found}
    return render(request, "broadcasts/new.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def delete(request: Request, public_id: str) -> HttpResponse:
    """Only a draft: of anything else the rows are the proof of what was sent."""
    found = guards.find_draft(public_id)
    if request.method != "POST":
        return render(request, "broadcasts/delete.html", {"broadcast": found})
    try:
        with transaction.atomic():
            services.discard(found)
            guards.record(actor_of(request), "deleted", found, request)
    except services.TooLate as late:
        messages.error(request, str(late))
        return redirect("broadcast", public_id=public_id)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": found.name})
    return redirect("broadcasts")
