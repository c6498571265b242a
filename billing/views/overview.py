"""Where a company's month stands: what it has cost, what is under way, and where it leads."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.invoices.models import Invoice
from billing.plans.budget_settings import budget_of
from billing.plans.budgets import Spending, spending
from billing.plans.changing import Standing, standing
from billing.plans.periods import Period, month_of, today
from billing.plans.services import seats_used
from billing.rating.breakdown import CENT, Bill, Days, Part, bill, days, in_cents, messages_in, months_of, parts_by
from billing.views import words
from billing.views.budget import bar, warning
from tenants.access import role_required
from tenants.models import Company, Membership, Role
from tenants.request import Request, company_of
from tenants.templatetags.ui import day_month, money_short

MARKETS = 6


@require_safe
@role_required(Role.ADMIN)
def overview(request: Request) -> HttpResponse:
    company, now = company_of(request), timezone.now()
    day = today(now)
    period = month_of(day)
    money, spent, budget = bill(company, period), spending(company, now=now), budget_of(company)
    markets = parts_by(company, period, "market")
    context = {
        "period": period,
        "days_left": (period.last - day).days + 1,
        "money": money,
        "plan": _plan(company, period, standing(company, day)),
        "tiles": _tiles(money, spent, period),
        "budget": bar(budget, spent),
        "warning": warning(budget, spent),
        "chart": _chart(days(company, period), period) if markets else None,
        "markets": _markets(markets)[:MARKETS],
        "more_markets": max(0, len(markets) - MARKETS),
        "has_used": bool(markets) or bool(months_of(company)),
        "overdue": _overdue(company, day),
    }
    return render(request, "billing/overview.html", context)


def _plan(company: Company, period: Period, held: Standing) -> dict[str, Any] | None:
    if held.current is None:
        return None
    plan = held.current.plan
    used = messages_in(company, period)
    return {
        "name": plan.name,
        "fee": plan.monthly_fee,
        "currency": plan.currency,
        "seats": held.current.seats,
        "seats_used": max(seats_used(company, period), Membership.objects.filter(company=company).count()),
        "seat_fee": plan.extra_seat_fee,
        "messages": plan.included_messages,
        "messages_used": used,
        "messages_left": max(0, plan.included_messages - used),
        "message_fee": words.short_price(plan.message_fee),
        "coming": held.coming,
    }


def _tiles(money: Bill, spent: Spending, period: Period) -> list[dict[str, Any]]:
    """What adds up to what is committed; the forecast stands behind, since it is a guess."""
    messages, fee, held = (
        amount.quantize(CENT, "ROUND_HALF_UP") for amount in (money.messages, money.fee, spent.reserved)
    )
    parts = [(_("Messages"), "", messages, _("delivered and priced"))]
    if fee:
        parts.append((_("Message fee"), "+", fee, _("of the plan, beyond what it includes")))
    parts.append((_("Under way"), "+", held, _("put aside for what is being sent")))
    tiles: list[dict[str, Any]] = [
        {"label": label, "sign": sign, "value": money_short(amount, money.currency), "help": help}
        for label, sign, amount, help in parts
    ]
    so_far = sum((amount for _label, _sign, amount, _help in parts), Decimal(0))
    tiles.append({"label": _("So far"), "sign": "=", "value": money_short(so_far, money.currency), "sum": True})
    last = day_month(period.last)
    expected = {
        "label": _("Expected by %(day)s") % {"day": last},
        "value": money_short(spent.forecast, money.currency),
        "help": _("if every day costs what the days so far did"),
    }
    return [*tiles, expected]


def _chart(found: Days, period: Period) -> dict[str, Any]:
    """Every day of the month, stacked by category; rounded so that all of it is the month's sum."""
    every = [period.first + timedelta(days=number) for number in range(period.days)]
    names = sorted(found.by_category, key=words.by_tone)
    exact = [found.by_category[name].get(day, Decimal(0)) for name in names for day in every]
    cents = in_cents(exact)
    series: list[dict[str, Any]] = [
        {
            "name": words.category_of(name),
            "values": cents[place * len(every) : (place + 1) * len(every)],
            "tone": words.TONES.get(name, words.OTHER_TONE),
        }
        for place, name in enumerate(names)
    ]
    return {
        "labels": [day_month(day) for day in every],
        "series": [one for one in series if any(one["values"])],
        "is_free": not any(cents),
    }


def _markets(parts: list[Part]) -> list[dict[str, Any]]:
    """As the usage page shows them."""
    cents = in_cents(part.net for part in parts)
    return [_market(part, net) for part, net in zip(parts, cents, strict=True)]


def _market(part: Part, net: Decimal) -> dict[str, Any]:
    return {
        "name": words.market_of(part.key[0]),
        "key": part.key[0],
        "quantity": part.quantity,
        "free": part.free,
        "lowest": words.short_price(part.lowest),
        "highest": words.short_price(part.highest) if part.highest != part.lowest else None,
        "net": net,
    }


def _overdue(company: Company, day: date) -> list[Invoice]:
    return list(Invoice.objects.of_company(company).overdue(day)[:5])
