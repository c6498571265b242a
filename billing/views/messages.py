"""The messages behind a number: of a month's row, or of an invoice's line. As a page and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.invoices.models import Invoice, InvoiceLine
from billing.plans.periods import Period
from billing.rating.charges import messages_behind
from billing.rating.each import Priced, priced, priced_one_by_one
from billing.rating.rate import reported_words
from billing.rating.reasons import reason_of
from billing.usage.models import DailyUsage, UsageRecord, UsageRecordQuerySet
from billing.views import words
from billing.views.usage import WAYS, asked_month, month_word, names_of
from tenants.access import role_required
from tenants.lib.paging import page_by_key
from tenants.lib.sheets import CsvAnswer
from tenants.models import Company, Role
from tenants.request import Request, company_of
from tenants.services.things import things

SIZE = 50
# Beyond so many pages of a line its file is the way.
MOST_PAGES = 200


@require_safe
@role_required(Role.ADMIN)
def of_month(request: Request) -> HttpResponse:
    company, period = company_of(request), asked_month(request)
    way, key = _asked(request, period)
    records = _records(company, period, way, key)
    before, after = (request.GET.get(name, "") for name in ("before", "after"))
    page = page_by_key(
        records, ("-day", "-occurred_at", "-pk"), before=_number(before), after=_number(after), size=SIZE, key="pk"
    )
    query = {name: request.GET[name] for name in ("by", "of") if name in request.GET}
    context = {
        "title": names_of([key], way)[key] if way else _("All messages"),
        "period": period,
        "page": page,
        "rows": _shown([_told(one) for one in priced(company, page.rows)]),
        "back_url": f"{reverse('billing_usage')}?{urlencode({'month': month_word(period), 'by': way or 'day'})}",
        "csv_url": f"{reverse('billing_messages_csv')}?{urlencode({'month': month_word(period), **query})}",
    }
    return render(request, "billing/messages.html", context)


@require_safe
@role_required(Role.ADMIN)
def of_month_as_csv(request: Request) -> HttpResponseBase:
    """All of them in order of time, written day by day."""
    company, period = company_of(request), asked_month(request)
    way, key = _asked(request, period)
    wanted = _filter(way, key)
    records = UsageRecord.objects.of(company).standing().filter(**wanted)
    days = list(_days(company, period, wanted))
    by_day = (record for day in days for record in records.filter(day=day).in_order().iterator())
    told = map(_told, priced_one_by_one(company, period, by_day))
    return CsvAnswer(_csv(told), name=f"botschaft-{month_word(period)}-messages.csv")


@require_safe
@role_required(Role.ADMIN)
def of_line(request: Request, public_id: str, position: int) -> HttpResponse:
    """What a line of an invoice counts."""
    company = company_of(request)
    line = _line(company, public_id, position)
    number = min(max(1, int(_number(request.GET.get("page", "")) or 1)), MOST_PAGES)
    found = list(islice(_behind(company, line), (number - 1) * SIZE, number * SIZE + 1))
    context = {
        "title": line.description,
        "invoice": line.invoice,
        "line": line,
        "count": abs(int(line.quantity)),
        "price": words.short_price(line.unit_price),
        "rows": _shown(found[:SIZE]),
        "earlier": number - 1,
        "later": number + 1 if len(found) > SIZE and number < MOST_PAGES else 0,
        "back_url": reverse("billing_invoice", args=[public_id]),
        "csv_url": reverse("billing_line_csv", args=[public_id, position]),
    }
    return render(request, "billing/messages.html", context)


@require_safe
@role_required(Role.ADMIN)
def of_line_as_csv(request: Request, public_id: str, position: int) -> HttpResponseBase:
    company = company_of(request)
    line = _line(company, public_id, position)
    return CsvAnswer(_csv(_behind(company, line)), name=f"{line.invoice.number}-{position}-messages.csv")


# --- Which --------------------------------------------------------------------------------------------------------


def _asked(request: Request, period: Period) -> tuple[str, tuple[str, ...]]:
    """The row of the usage page that the address names; all of the month without one."""
    way, of = request.GET.get("by", ""), request.GET.get("of", "")
    if not way or "of" not in request.GET:
        return "", ()
    if way not in WAYS:
        raise Http404
    if way == "origin":
        origin, _colon, broadcast = of.partition(":")
        return way, (origin, broadcast)
    if way == "day":
        _day_in(of, period)
    return way, (of,)


def _day_in(text: str, period: Period) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not period.first <= day <= period.last:
        raise Http404
    return day


def _records(company: Company, period: Period, way: str, key: tuple[str, ...]) -> UsageRecordQuerySet:
    """The company's own, and only of days that have such, so that a rare market is not looked for in a million."""
    wanted = _filter(way, key)
    return UsageRecord.objects.of(company).standing().filter(day__in=_days(company, period, wanted), **wanted)


def _days(company: Company, period: Period, wanted: dict[str, Any]) -> QuerySet[DailyUsage, date]:
    """The days of the month that have such messages, in order."""
    days = DailyUsage.objects.of(company).between(period.first, period.last).filter(**wanted)
    return days.order_by("day").values_list("day", flat=True).distinct()


def _filter(way: str, key: tuple[str, ...]) -> dict[str, Any]:
    match way:
        case "day":
            return {"day": date.fromisoformat(key[0])}
        case "market":
            return {"market": key[0]}
        case "category":
            return {"category__in": reported_words(key[0])}
        case "number":
            return {"channel_public_id": key[0]}
        case "origin":
            return {"origin": key[0], "broadcast_public_id": key[1]}
        case _:
            return {}


def _line(company: Company, public_id: str, position: int) -> InvoiceLine:
    """A line of the company's own invoice that counts messages of its own."""
    invoices = Invoice.objects.of_company(company)
    lines = InvoiceLine.objects.filter(invoice__in=invoices.filter(public_id=public_id)).select_related("invoice")
    line = get_object_or_404(lines, position=position)
    if not has_messages(company, line):
        raise Http404
    return line


def has_messages(company: Company, line: InvoiceLine) -> bool:
    """Whether the line counts messages, and the key of what it charges is the company's."""
    is_own = line.charge_key.startswith(f"{company.public_id}/") and line.charge_key.count("/") == 3
    return line.unit == "message" and is_own


def _behind(company: Company, line: InvoiceLine) -> Iterator[Told]:
    """Each with the line's own price, which is what was charged."""
    price, currency = words.short_price(line.unit_price), line.invoice.currency
    own = (record for record in messages_behind(line.charge_key) if record.company_id == company.pk)
    return (Told(record, price, currency) for record in own)


def _number(text: str) -> str:
    """A key of a row; anything else is none."""
    return text if text.isascii() and text.isdigit() and len(text) < 19 else ""


# --- How they are shown -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A message with its price; None when it has none yet."""

    record: UsageRecord
    price: Decimal | None
    currency: str = ""
    reason: str = ""


def _told(one: Priced) -> Told:
    if one.rated is None:
        return Told(one.record, None)
    return Told(one.record, words.short_price(one.rated.unit_price), one.rated.currency, reason_of(one.rated))


def _shown(found: Sequence[Told]) -> list[dict[str, Any]]:
    conversations = things("conversation", [one.record.conversation_public_id for one in found])
    return [
        {
            "at": one.record.occurred_at,
            "category": words.category_of(one.record.category),
            "market": words.market_of(one.record.market),
            "origin": words.origin_of(one.record.origin),
            "is_guess": not one.record.verified,
            "conversation": conversations.get(one.record.conversation_public_id),
            "message": one.record.message_public_id,
            "price": one.price,
            "currency": one.currency,
            "reason": one.reason,
        }
        for one in found
    ]


HEAD = (
    "delivered_at day category reported_category pricing_type verified market origin number price currency"
    " message conversation broadcast"
).split()


def _csv(found: Iterable[Told]) -> Iterator[Sequence[Any]]:
    """Names of columns and codes are the same in every language, since programs read them."""
    yield HEAD
    for one in found:
        record = one.record
        yield (
            record.occurred_at.isoformat(timespec="seconds"),
            record.day.isoformat(),
            words.category_of(record.category),
            record.category,
            record.pricing_type,
            "yes" if record.verified else "no",
            record.market,
            record.origin,
            record.number,
            "" if one.price is None else format(one.price, "f"),
            one.currency,
            record.message_public_id,
            record.conversation_public_id,
            record.broadcast_public_id,
        )
