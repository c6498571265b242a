"""Our prices: lists over time, for all and for single companies; and exchange rates."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.plans.periods import today
from billing.rating import price_lists as services
from billing.rating.desk_forms import ExchangeRateForm, PriceListForm
from billing.rating.exchange import pairs_needed
from billing.rating.models import ExchangeRate, PriceList
from billing.rating.names import market_name
from billing.views.staff.page import company_of_page, crumbs, desk_page, refused, tab_crumb
from tenants.access import staff_required
from tenants.models import Company
from tenants.request import Request
from tenants.services.errors import Refused

SHOWN = 500


@require_safe
@staff_required
def prices(request: Request) -> HttpResponse:
    """The list for all, then those of companies; each with its versions."""
    lists = PriceList.objects.select_related("company").prefetch_related("overrides")
    common = lists.filter(company=None).order_by("currency", "-valid_from")
    own = lists.exclude(company=None).order_by("company__name", "company", "currency", "-valid_from")[:SHOWN]
    context = {
        "common": [{"currency": currency, "lists": list(of_one)} for currency, of_one in groupby(common, _currency)],
        "own": [
            {"company": company, "currency": currency, "lists": list(of_one)}
            for (company, currency), of_one in groupby(own, lambda one: (one.company, one.currency))
        ],
        "today": today(timezone.now()),
    }
    return desk_page(request, "staff/billing/prices.html", "staff_billing_prices", context)


def _currency(one: PriceList) -> str:
    return one.currency


@require_safe
@staff_required
def price_list(request: Request, public_id: str) -> HttpResponse:
    """One version with its fixed prices."""
    found = get_object_or_404(PriceList.objects.select_related("company"), public_id=public_id)
    overrides = [
        {"market": market_name(one.market) if one.market else "", "category": one.get_category_display(), "one": one}
        for one in found.overrides.order_by("market", "category")
    ]
    context = {"list": found, "overrides": overrides, "today": today(timezone.now())}
    context["crumbs"] = crumbs(tab_crumb("staff_billing_prices"), ("", found.label))
    return desk_page(request, "staff/billing/price_list.html", "staff_billing_prices", context)


@require_http_methods(["GET", "POST"])
@staff_required
def add(request: Request) -> HttpResponse:
    """A new version of the list for all, or with ?company= of a company's own."""
    key = request.GET.get("company", "")
    company = company_of_page(key) if key else None
    form = PriceListForm(request.POST or None, initial=_start(company))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.set_prices(company, by=request.user, **form.cleaned_data)
        except services.LaterList:
            form.add_error("valid_from", _("There is a list from this day or a later one already. Choose a later day."))
        else:
            messages.success(request, _("The price list is set."))
            return redirect("staff_billing_price_list", public_id=made.public_id)
    context = {
        "form": form,
        "title": _("New price list for %(company)s") % {"company": company} if company else _("New price list for all"),
        "text": _(
            "It holds from its day on. What is rated before stays as it is, and a list that holds is never edited."
        ),
        "submit": _("Set the prices"),
        "crumbs": crumbs(tab_crumb("staff_billing_prices"), ("", _("New price list"))),
        "back": reverse("staff_billing_prices"),
    }
    return desk_page(request, "staff/billing/ask.html", "", context, status=422 if form.is_bound else 200)


def _start(company: Company | None) -> dict[str, Any]:
    """As the list that holds now, so that one figure can be changed."""
    held = PriceList.objects.filter(company=company).prefetch_related("overrides").order_by("-valid_from").first()
    if held is None:
        return {}
    fixed = [f"{one.market or '*'}; {one.category}; {one.unit_price.normalize():f}" for one in held.overrides.all()]
    return {
        "currency": held.currency,
        "markup_percent": held.markup_percent.normalize(),
        "floor": held.floor.normalize(),
        "fixed": "\n".join(fixed),
    }


@require_http_methods(["GET", "POST"])
@staff_required
def exchange(request: Request) -> HttpResponse:
    """Every rate with its day, what is missing, and a form for the next."""
    day = today(timezone.now())
    form = ExchangeRateForm(request.POST or None, initial={"valid_from": day})
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        try:
            services.enter_exchange_rate(asked.pop("base"), asked.pop("quote"), **asked, by=request.user)
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The exchange rate is entered."))
            return redirect("staff_billing_exchange")
    rows = ExchangeRate.objects.order_by("base", "quote", "-valid_from", "-pk")[:SHOWN]
    needed = [{"pair": pair, "is_old": pair.is_old(day)} for pair in pairs_needed(day)]
    context = {"form": form, "rows": rows, "needed": needed, "today": day}
    status = 422 if form.is_bound else 200
    return desk_page(request, "staff/billing/exchange.html", "staff_billing_exchange", context, status=status)
