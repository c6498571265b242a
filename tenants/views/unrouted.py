"""Reports that came to the platform's one address for accounts nobody has connected."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tenants.access import staff_required
from tenants.models import ProviderRoute, UnroutedAccount
from tenants.request import Request

MOST = 200


@require_safe
@staff_required
def accounts(request: Request) -> HttpResponse:
    """The newest first, with who has connected it since. What came before that is not worked on by itself."""
    rows = list(UnroutedAccount.objects.order_by("-last_seen_at", "-pk")[:MOST])
    routes = ProviderRoute.objects.filter(external_id__in=[row.external_id for row in rows])
    companies = {(route.kind, route.external_id): route.company for route in routes.select_related("company")}
    shown = [{"account": row, "company": companies.get((row.kind, row.external_id))} for row in rows]
    return render(request, "staff/webhooks.html", {"rows": shown, "is_cut": len(rows) == MOST})


@require_POST
@staff_required
def dismiss(request: Request, pk: int) -> HttpResponse:
    """Forget an account and its bodies; it comes back with its next report."""
    if UnroutedAccount.objects.filter(pk=pk).delete()[0]:
        messages.success(request, _("Forgotten. It comes back with its next report."))
    return redirect("staff_webhooks")
