"""The templates of the company's accounts, as Meta has them. They are written and approved there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messaging.channels.models import Channel
from messaging.message_templates import fetching
from messaging.message_templates.models import MessageTemplate
from messaging.message_templates.pages import shown
from messaging.message_templates.services import GONE
from tenants.access import role_required
from tenants.lib.paging import page_by_key
from tenants.models import Role
from tenants.request import Request

ORDER = ("name", "language", "pk")


@require_safe
@role_required(Role.ADMIN)
def templates(request: Request) -> HttpResponse:
    """By name, found by words and status; those that were deleted at Meta only where one asks for them."""
    words, status = request.GET.get("q", "").strip()[:100], request.GET.get("status", "")
    counts = dict(MessageTemplate.objects.order_by().values_list("status").annotate(Count("pk")))
    rows = MessageTemplate.objects.filter(status=status) if status else MessageTemplate.objects.exclude(status=GONE)
    rows = rows.filter(name__icontains=words.replace(" ", "_")) if words else rows
    page = page_by_key(rows, ORDER, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    accounts = fetching.accounts()
    context = {
        "page": page,
        "rows": [shown.row(one) for one in page],
        "words": words,
        "status_chosen": status,
        "filters": _filters(counts, status),
        "total": sum(counts.values()),
        "accounts": [shown.account(channel) for channel in accounts],
        "has_channels": bool(accounts) or Channel.objects.usable().exists(),
    }
    template = "message_templates/_table.html" if request.htmx and not request.htmx.boosted else None
    return render(request, template or "message_templates/list.html", context)


def _filters(counts: dict[str, int], chosen: str) -> list[dict[str, Any]]:
    """A chip for every status there is, and for the one that is chosen."""
    shown_first = [{"status": "", "label": _("All"), "count": sum(counts.values()) - counts.get(GONE, 0)}]
    others = [one for one in shown.STATUSES if counts.get(one) or one == chosen]
    others += sorted(one for one in counts if one not in shown.STATUSES)
    return shown_first + [
        {"status": one, "label": shown.status_of(one)[0], "count": counts.get(one, 0)} for one in others
    ]


@require_safe
@role_required(Role.ADMIN)
def template(request: Request, public_id: str) -> HttpResponse:
    """As the customer reads it, and what Meta says about it."""
    found = get_object_or_404(MessageTemplate, public_id=public_id)
    languages = MessageTemplate.objects.filter(account_external_id=found.account_external_id, name=found.name).order_by(
        "language"
    )
    context = {"template": found, **shown.row(found), "preview": shown.preview(found), "languages": languages}
    return render(request, "message_templates/template.html", context)


@require_POST
@role_required(Role.ADMIN)
def fetch(request: Request) -> HttpResponse:
    """Take over all templates now; what stood in the way is said on the page."""
    accounts = fetching.accounts()
    answered = [fetching.fetch(channel) for channel in accounts]
    if accounts and all(answered):
        messages.success(request, _("The templates are as Meta has them now."))
    elif not accounts:
        messages.info(request, _("No account is connected, so there is nothing to fetch."))
    else:
        messages.error(request, _("Not everything could be fetched. What was known stays; it is tried again later."))
    return redirect("templates")
