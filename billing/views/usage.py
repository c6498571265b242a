"""A month's messages and what they cost: by day, market, category, number or origin."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.plans.periods import Period, month_of, today
from billing.rating.breakdown import CENT, Bill, Part, bill, days, in_cents, months_of, parts_by
from billing.views import words
from tenants.access import role_required
from tenants.models import Role
from tenants.request import Request, company_of
from tenants.services.things import things
from tenants.templatetags.ui import day_month, money_short

WAYS = {
    "day": (_("Day"), _("By day")),
    "market": (_("Market"), _("By market")),
    "category": (_("Category"), _("By category")),
    "number": (_("Number"), _("By number")),
    "origin": (_("What for"), _("By purpose")),
}


@require_safe
@role_required(Role.ADMIN)
def usage(request: Request) -> HttpResponse:
    company = company_of(request)
    period, way = asked_month(request), request.GET.get("by", "")
    way = way if way in WAYS else "day"
    parts = days(company, period).parts if way == "day" else parts_by(company, period, way)
    money = bill(company, period)
    now = month_of(today(timezone.now()))
    rows = _rows(parts, period, way)
    context = {
        "period": period,
        "months": sorted({*months_of(company), now, period}, reverse=True),
        "way": way,
        "head": WAYS[way][0],
        "tabs": [
            {"url": f"?{urlencode({'month': month_word(period), 'by': key})}", "label": label, "current": key == way}
            for key, (_head, label) in WAYS.items()
        ],
        "rows": rows,
        "quantity": sum(part.quantity for part in parts),
        "free": sum(part.free for part in parts),
        "sum": sum((row["net"] for row in rows), Decimal(0)),
        "money": money,
        "tiles": _tiles(money),
        "is_current": period == now,
        "csv_url": f"{reverse('billing_messages_csv')}?{urlencode({'month': month_word(period)})}",
    }
    return render(request, "billing/usage.html", context)


def asked_month(request: Request) -> Period:
    """The month the address names as 2026-11; this one for anything else."""
    try:
        return month_of(date.fromisoformat(f"{request.GET.get('month', '')}-01"))
    except (ValueError, OverflowError):
        # The last month there is has no day after it.
        return month_of(today(timezone.now()))


def month_word(period: Period) -> str:
    return f"{period.first:%Y-%m}"


def _rows(parts: list[Part], period: Period, way: str) -> list[dict[str, Any]]:
    names = names_of([part.key for part in parts], way)
    # The column adds up to the cent.
    cents = in_cents(part.net for part in parts)
    return [
        {
            "name": names[part.key],
            "url": f"{reverse('billing_messages')}?"
            + urlencode({"month": month_word(period), "by": way, "of": ":".join(part.key)}),
            "quantity": part.quantity,
            "free": part.free,
            "lowest": words.short_price(part.lowest),
            "highest": words.short_price(part.highest) if part.highest != part.lowest else None,
            "net": net,
        }
        for part, net in zip(parts, cents, strict=True)
    ]


def names_of(keys: list[tuple[str, ...]], way: str) -> dict[tuple[str, ...], str]:
    """What rows are called; numbers and broadcasts by the names they have today."""
    if way == "day":
        return {key: day_month(date.fromisoformat(key[0])) for key in keys}
    if way == "market":
        return {key: words.market_of(key[0]) for key in keys}
    if way == "category":
        return {key: words.category_of(key[0]) for key in keys}
    kind = "channel" if way == "number" else "broadcast"
    found = things(kind, [key[-1] for key in keys])
    called = {public_id: thing.name for public_id, thing in found.items()}
    if way == "number":
        return {key: called.get(key[0]) or str(_("A number that is gone")) for key in keys}
    return {key: _origin(key, called) for key in keys}


def _origin(key: tuple[str, ...], called: dict[str, str]) -> str:
    origin, broadcast = key
    if not broadcast:
        return words.origin_of(origin)
    return f"{words.origin_of(origin)}: {called.get(broadcast) or _('removed')}"


def _tiles(money: Bill) -> list[dict[str, Any]]:
    parts = [(_("Messages"), money.messages), (_("Message fee of the plan"), money.fee)]
    parts += [(label, net) for label, net in ((_("Plan"), money.plan), (_("Further seats"), money.seats)) if net]
    rounded = [(label, net.quantize(CENT, "ROUND_HALF_UP")) for label, net in parts]
    tiles: list[dict[str, Any]] = [
        {"label": label, "sign": "+" if place else "", "value": money_short(net, money.currency)}
        for place, (label, net) in enumerate(rounded)
    ]
    total = sum((net for _label, net in rounded), Decimal(0))
    return [*tiles, {"label": _("Before VAT"), "sign": "=", "value": money_short(total, money.currency), "sum": True}]
