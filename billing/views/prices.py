"""A company's own price list."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from billing.plans.changing import standing
from billing.plans.periods import today
from billing.rating.own_prices import own_prices
from billing.rating.price_table import COLUMNS
from billing.rating.rules import rules_on
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request, company_of


@require_safe
@role_required(Role.ADMIN)
def prices(request: Request) -> HttpResponse:
    company, day = company_of(request), today(timezone.now())
    query = request.GET.get("q", "").strip()[:60]
    table = own_prices(company, day=day, language=get_language() or "en", query=query)
    held = standing(company, day)
    context = {
        "table": table,
        "columns": COLUMNS,
        "query": query,
        "day": day,
        "rules": rules_on(day),
        "plan": held.current.plan if held.current else None,
        "included": held.current.included if held.current else {},
    }
    return render(request, "billing/prices.html", context)
