"""The composer: audience, message, timing, review, in any order; each save keeps what was said so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from messaging.broadcasts import services
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.pages import audience_input, guards, message_input, picking, shown
from messaging.broadcasts.pages.channels import usable
from messaging.broadcasts.pages.forms import TimingForm
from messaging.broadcasts.pages.looking import STEPS, Look, look_at, preview_of
from messaging.contacts.consent.models import Purpose
from messaging.contacts.models import ContactList, Label
from tenants.access import actor_of, role_required
from tenants.models import Role
from tenants.request import Request

StepView = Callable[[Request, Broadcast], HttpResponse]
NAMES = {
    "audience": lambda: _("Audience"),
    "message": lambda: _("Message"),
    "timing": lambda: _("Timing"),
    "review": lambda: _("Review"),
}


def step(view: StepView) -> Callable[..., HttpResponseBase]:
    """A page of the composer. What has been started meanwhile is shown as it is."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @guards.admins_change
    @guards.storable
    @vary_on_headers("HX-Request")
    @wraps(view)
    def guarded(request: Request, public_id: str) -> HttpResponse:
        found = guards.find(public_id)
        if found.is_started():
            return _away(request, found)
        try:
            return view(request, found)
        except services.TooLate as late:
            messages.error(request, str(late))
            return _away(request, found)

    return guarded


# --- Audience ---------------------------------------------------------------------------------------------------------


@step
def audience(request: Request, found: Broadcast) -> HttpResponse:
    known = audience_input.fields()
    if request.method == "POST":
        return _save_audience(request, found, known)
    form = audience_input.from_kept(found.audience, found.purpose, known)
    if (added := audience_input.new_condition(request.GET.get("add", ""), known)) is not None:
        form.conditions.append(added)
    return _audience_page(request, found, form, known)


def _save_audience(request: Request, found: Broadcast, known: audience_input.Known) -> HttpResponse:
    try:
        form = audience_input.from_post(request.POST, known)
    except audience_input.UnknownCondition:
        form = audience_input.from_kept(found.audience, found.purpose, known)
        form.errors["conditions"] = _("One of the conditions is not known any more. Look at them again.")
        return _audience_page(request, found, form, known, status=422)
    _keep(found, audience=form.kept(), purpose=form.purpose)
    if "add" in request.POST or "remove" in request.POST:
        query = urlencode({"add": request.POST.get("new_field", "")}) if "add" in request.POST else ""
        return redirect(f"{reverse('broadcast_audience', args=[found.public_id])}?{query}#conditions")
    if request.htmx:
        return _saved(request, found, "broadcasts/_counted.html")
    if not form.check():
        return _audience_page(request, found, form, known, status=422)
    return _next(request, found, "message")


def _audience_page(
    request: Request,
    found: Broadcast,
    form: audience_input.AudienceInput,
    known: audience_input.Known,
    *,
    status: int = 200,
) -> HttpResponse:
    lists = ContactList.objects.annotate(number=Count("contacts")).order_by("name")
    context = {
        "form": form,
        "fields": [(name, label) for name, (label, _kind) in known.items()],
        "lists": list(lists),
        "labels": list(Label.objects.annotate(number=Count("contacts")).order_by("name")),
        "purposes": Purpose.choices,
    }
    return _page(request, found, "audience", context, status=status)


# --- Message ----------------------------------------------------------------------------------------------------------


@step
def message(request: Request, found: Broadcast) -> HttpResponse:
    what = request.POST.get("what", "") if request.method == "POST" else ""
    if what == "channel":
        return _choose_channel(request, found)
    if what == "template":
        return _choose_template(request, found)
    if what == "values" and found.template is not None:
        return _bind(request, found)
    return _message_page(request, found)


def _choose_channel(request: Request, found: Broadcast) -> HttpResponse:
    chosen = next((one for one in usable() if one.public_id == request.POST.get("channel")), None)
    if chosen is None:
        return _message_page(
            request, found, refused=_("This number is not there any more. Choose another."), status=422
        )
    values: dict[str, Any] = {"channel": chosen}
    if found.template and found.template.account_external_id != chosen.account_external_id:
        values |= {"template": None, "bindings": {}}
    _keep(found, **values)
    return _next(request, found, "message")


def _choose_template(request: Request, found: Broadcast) -> HttpResponse:
    chosen = picking.find(found.channel, request.POST.get("template", ""))
    if chosen is None:
        refused = _("This template was paused or withdrawn just now. Choose another one.")
        return _message_page(request, found, refused=refused, status=422)
    # The same places mean the same: another language of a template keeps what was said.
    kept = found.bindings if found.template and found.template.name == chosen.name else {}
    _keep(found, template=chosen, bindings=kept or message_input.begun(chosen))
    return _next(request, found, "message")


def _bind(request: Request, found: Broadcast) -> HttpResponse:
    assert found.template is not None
    rows = message_input.from_post(found.template, request.POST, message_input.sources())
    _keep(found, bindings={row.place.path: row.kept() for row in rows if row.kept()})
    if request.htmx:
        return _saved(request, found, "broadcasts/_saved.html")
    for row in rows:
        row.check()
    if any(row.error for row in rows):
        return _message_page(request, found, rows=rows, status=422)
    return _next(request, found, "timing")


def _message_page(
    request: Request,
    found: Broadcast,
    *,
    rows: list[message_input.Binding] | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    is_choosing = found.template is None or "choose" in request.GET or bool(refused)
    if rows is None:
        rows = message_input.from_kept(found.template, found.bindings) if found.template else []
    context = {
        "channels": usable(),
        "picker": picking.picker(found, request.GET) if is_choosing and found.channel else None,
        "is_choosing": is_choosing,
        "bindings": rows,
        "sources": message_input.sources().items(),
        "refused": refused,
    }
    return _page(request, found, "message", context, status=status)


@require_safe
@role_required(Role.AGENT)
def preview(request: Request, public_id: str) -> HttpResponse:
    """The phone alone, with the message of the next person."""
    found = guards.find(public_id)
    context = {"broadcast": found, "preview": preview_of(found, _place(request))}
    return render(request, "broadcasts/_preview.html", context)


# --- Timing -----------------------------------------------------------------------------------------------------------


@step
def timing(request: Request, found: Broadcast) -> HttpResponse:
    form = TimingForm(request.POST or None, zone=found.time_zone, initial=_timing_of(found))
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "zone": shown.zone_name(found)}
        return _page(request, found, "timing", context, status=422 if form.is_bound else 200)
    _keep_timing(request, found, form.values())
    return _next(request, found, "review")


@transaction.atomic
def _keep_timing(request: Request, found: Broadcast, values: dict[str, Any]) -> None:
    """A scheduled one is a draft again without a time, and moves with another."""
    if found.state != BroadcastState.SCHEDULED:
        _keep(found, **values)
    elif values["scheduled_at"] is None:
        services.unschedule(found)
        _keep(found, **values)
        guards.record(actor_of(request), "unscheduled", found, request)
    else:
        _keep(found, **values)
        services.reschedule(found, values["scheduled_at"])
        guards.record(actor_of(request), "scheduled", found, request, at=values["scheduled_at"].isoformat())


def _timing_of(found: Broadcast) -> dict[str, Any]:
    local = timezone.localtime(found.scheduled_at, ZoneInfo(found.time_zone)) if found.scheduled_at else None
    return {
        "when": "at" if local else "now",
        "date": local.date() if local else None,
        "time": local.time() if local else None,
        "quiet_from": found.quiet_from,
        "quiet_until": found.quiet_until,
        "per_minute": found.per_minute,
    }


# --- Review -----------------------------------------------------------------------------------------------------------


@step
def review(request: Request, found: Broadcast) -> HttpResponse:
    return _page(request, found, "review", {})


def _keep(found: Broadcast, **values: Any) -> None:
    """Save; what a scheduled one is expected to cost follows."""
    services.change(found, **values)
    if found.state == BroadcastState.SCHEDULED:
        quote = look_at(found).quote
        services.change(found, estimate=quote.as_values() if quote else {})


# --- The page around a step -------------------------------------------------------------------------------------------


def _page(
    request: Request, found: Broadcast, current: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    look = look_at(found)
    whole = {
        **_side(request, found, look),
        **context,
        "steps": _steps(found, look, current),
        "current": current,
        "badge": shown.badge(found),
        "starts": shown.local_time(found, found.scheduled_at) if found.scheduled_at else "",
        "could_not_start": found.state == BroadcastState.DRAFT and found.pause_reason,
    }
    return render(request, f"broadcasts/{current}.html", whole, status=status)


def _side(request: Request, found: Broadcast, look: Look) -> dict[str, Any]:
    """What stands beside every step: phone, what is missing, cost."""
    return {
        "broadcast": found,
        "look": look,
        "parts": shown.parts(found, look.parts),
        "blockers": [
            {
                "text": one.text,
                "url": reverse(f"broadcast_{one.step}", args=[found.public_id]),
                "step": NAMES[one.step](),
            }
            for one in look.blockers
        ],
        "preview": preview_of(found, _place(request)),
        "may_edit": guards.may_edit(request, found),
        "may_change": guards.may_change(request),
        "saved_at": timezone.now(),
    }


def _steps(found: Broadcast, look: Look, current: str) -> list[dict[str, Any]]:
    open_steps = {one.step for one in look.blockers}
    states = {name: "" if name in open_steps or name == "review" else "done" for name in STEPS}
    if current == "review":
        states |= dict.fromkeys(open_steps, "problem")
    states[current] = "current"
    return [
        {"url": reverse(f"broadcast_{name}", args=[found.public_id]), "label": NAMES[name](), "state": states[name]}
        for name in STEPS
    ]


def _saved(request: Request, found: Broadcast, template: str) -> HttpResponse:
    """What an autosave brings: the bar, and the side column out of band."""
    return render(request, template, {**_side(request, found, look_at(found)), "oob": True})


def _next(request: Request, found: Broadcast, name: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(f"broadcast_{name}", public_id=found.public_id)


def _away(request: Request, found: Broadcast) -> HttpResponse:
    answer = redirect("broadcast", public_id=found.public_id)
    return HttpResponse(status=204, headers={"HX-Redirect": answer.url}) if request.htmx else answer


def _place(request: Request) -> int:
    who = request.GET.get("who", "")
    return int(who) if who.isdecimal() and len(who) < 4 else 0
