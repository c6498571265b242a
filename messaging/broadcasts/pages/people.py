"""The first people of a part of an audience: who they are, and why they are in it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from messaging.broadcasts import audience
from messaging.broadcasts.audience import REACHABLE
from messaging.broadcasts.models import SkipReason
from messaging.broadcasts.pages import guards, shown
from messaging.broadcasts.pages.looking import counted
from messaging.contacts.models import Contact
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request

MOST = 50


@require_safe
@role_required(Role.AGENT)
@vary_on_headers("HX-Request")
def people(request: Request, public_id: str) -> HttpResponse:
    found = guards.find(public_id)
    part = request.GET.get("part", REACHABLE)
    if part not in audience.PARTS or found.channel is None:
        raise Http404
    keys = audience.sample(found.audience, found.channel, found.purpose, part, message=counted(found), most=MOST + 1)
    rows = Contact.objects.for_list().filter(pk__in=keys[:MOST]).order_by("pk")
    context = {
        "broadcast": found,
        "people": rows,
        "label": shown.PART_NAMES[part],
        "reason": "" if part == REACHABLE else SkipReason(part).label,
        "more": len(keys) > MOST,
        "most": MOST,
    }
    return render(request, "broadcasts/_people.html" if request.htmx else "broadcasts/people.html", context)
