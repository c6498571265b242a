"""The public pages: what Botschaft is, what it costs, who runs it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.plans.models import Plan
from billing.rating.card import Category
from billing.rating.forms import CURRENCIES, Calculator
from billing.rating.price_table import COLUMNS, price_table
from billing.rating.published import public_card
from tenants.lib.countries import names
from tenants.request import Request

LONGEST_QUERY = 60
# A made-up audience that adds up.
AUDIENCE = (
    (_("reachable"), 11_204, 1),
    (_("without consent"), 801, 4),
    (_("opted out"), 310, 5),
    (_("without this channel"), 165, 6),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The idea, with figures of the card in force."""
    calculator = Calculator({})
    on_date = timezone.localdate()
    card = public_card()
    calculator.is_valid()
    context = {
        "service": card.rate("Germany", Category.UTILITY, "USD", on_date).amount,
        "free": Decimal("0.0000"),
        "category": Category.SERVICE.label,
        "example": calculator.answers(calculator.estimate(card, on_date)),
        "audience": [{"label": label, "value": people, "tone": tone} for label, people, tone in AUDIENCE],
    }
    return render(request, "site/home.html", context)


@require_safe
def prices(request: Request) -> HttpResponse:
    """Plans, calculator and rate table; every answer has an address that can be sent to somebody."""
    calculator = Calculator(request.GET.dict())
    status = 200 if calculator.is_valid() else 422
    context = answer(calculator, timezone.localdate())
    if request.htmx:
        response = render(request, "site/_answer.html", context, status=status)
    else:
        response = render(request, "site/prices.html", context | rates(request, calculator), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def answer(calculator: Calculator, on_date: date) -> dict[str, Any]:
    """What the calculator says: rows with their lines and what each plan adds, or what is wrong."""
    plans = list(Plan.objects.on_offer())
    context: dict[str, Any] = {
        "calculator": calculator,
        "plans": plans,
        "on_date": on_date,
        "carried": list(calculator.given.items()),
    }
    if calculator.is_valid():
        estimate = calculator.estimate(public_card(), on_date)
        context["estimate"] = estimate
        context["answers"] = calculator.answers(estimate)
        context["plan_fees"] = [(plan, plan.fee_for(estimate.messages)) for plan in plans]
    return context


def rates(request: HttpRequest, calculator: Calculator) -> dict[str, Any]:
    """The table of all markets in the calculator's currency; its links carry the calculator's words on."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    table = price_table(
        public_card(),
        currency=calculator.currency,
        on_date=timezone.localdate(),
        language=get_language() or "en",
        query=query,
    )
    carried = calculator.given
    search = {"q": query} if query else {}
    return {
        "table": table,
        "columns": COLUMNS,
        "query": query,
        "table_currency": calculator.currency,
        "all_markets": urlencode(carried),
        "in_dollars": urlencode(carried | {"currency": "USD"} | search),
        "currencies": [(code, urlencode(carried | {"currency": code} | search)) for code, _name in CURRENCIES],
    }


@require_safe
def imprint(request: HttpRequest) -> HttpResponse:
    country = names(get_language() or "en").get(settings.OPERATOR["country"], settings.OPERATOR["country"])
    return render(request, "site/imprint.html", {"operator": settings.OPERATOR, "country": country})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "site/privacy.html", {"operator": settings.OPERATOR})
