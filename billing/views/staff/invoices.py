"""All invoices, and one of them with everything that belongs to it."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.invoices import desk
from billing.invoices.forms import OVERDUE, InvoiceFilterForm, month_in
from billing.invoices.models import CHANGEABLE, Invoice, InvoiceKind, InvoiceLine, InvoiceState, MonthClose, Step
from billing.invoices.month_words import words_of
from billing.invoices.tax_words import decision_in_words, proof_of
from billing.invoices.taxing import seller_day
from billing.rating.behind import lines_of, messages_behind
from billing.rating.models import PriceList, Rate, RatedLine
from billing.rating.names import market_name
from billing.rating.rule_words import explained, rule_in_words
from billing.usage.models import UsageRecord
from billing.views.staff.page import crumbs, desk_page, invoice_crumbs, invoice_of_page, name_of, tab_crumb
from billing.views.staff.remedies import troubles_of
from tenants.access import staff_required
from tenants.lib.paging import Page, page_by_key
from tenants.lib.sheets import CsvAnswer
from tenants.models import Company
from tenants.request import Request

PAGE_SIZE = 50
CSV_COLUMNS = (
    *("time", "day", "number", "market", "category", "pricing_type", "origin", "message", "broadcast"),
    *("rule", "rate_card", "rate", "exchange_rate", "price", "currency"),
)


# --- The list --------------------------------------------------------------------------------------


@require_safe
@staff_required
def invoices(request: Request) -> HttpResponse:
    """Newest first, found by number or company, by state, month and company."""
    form = InvoiceFilterForm(request.GET)
    form.is_valid()
    asked, today = form.cleaned_data, seller_day(timezone.now())
    month, words, state = month_in(asked.get("month", "")), asked.get("q", ""), asked.get("state", "")
    company = Company.objects.filter(public_id=asked["company"]).first() if asked.get("company") else None
    rows = Invoice.objects.all()
    rows = rows.filter(company=company) if company else rows
    rows = rows.filter(period_first=month) if month else rows
    rows = rows.filter(_found_by(words)) if words else rows
    counts = _counts(rows, today)
    page = page_by_key(
        _in_state(rows, state, today).for_list(),
        ("-id",),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "page": page,
        "rows": [{"invoice": one, "days_overdue": one.days_overdue(today)} for one in page],
        "words": words,
        "state": state,
        "month": month,
        "months": desk.months_known(),
        "company": company,
        "filters": _filters(counts),
    }
    return desk_page(request, "staff/billing/invoices.html", "staff_billing_invoices", context)


def _found_by(words: str) -> Q:
    return Q(number__icontains=words) | Q(company__in=Company.objects.found_by(words).values("pk"))


def _in_state(rows: Any, state: str, today: Any) -> Any:
    if state == OVERDUE:
        return rows.filter(pk__in=Invoice.objects.overdue(today).order_by().values("pk"))
    return rows.filter(state=state) if state else rows


def _counts(rows: QuerySet[Invoice], today: Any) -> dict[str, int]:
    """How many of each state there are among the rows. One query."""
    overdue = Q(pk__in=Invoice.objects.overdue(today).order_by().values("pk"))
    by_state = {state: Count("pk", filter=Q(state=state)) for state in InvoiceState.values}
    return rows.aggregate(all=Count("pk"), overdue=Count("pk", filter=overdue), **by_state)


def _filters(counts: dict[str, int]) -> list[dict[str, Any]]:
    choices = [("", _("All")), (OVERDUE, _("Overdue")), *InvoiceState.choices]
    chips = [{"state": value, "label": label, "count": counts[value or "all"]} for value, label in choices]
    return [chip for chip in chips if chip["count"] or not chip["state"] or chip["state"] == OVERDUE]


# --- One invoice -----------------------------------------------------------------------------------


@require_safe
@staff_required
def invoice(request: Request, public_id: str) -> HttpResponse:
    """Seller, buyer, tax, lines, sums, documents, and what became of it."""
    found, now = invoice_of_page(public_id), timezone.now()
    month = MonthClose.objects.filter(invoice=found).select_related("company", "invoice").first()
    lines = list(found.lines.all())
    corrections = list(found.corrections.order_by("pk"))
    context = {
        "invoice": found,
        "name": name_of(found),
        "month": month,
        "troubles": troubles_of(month) if month else [],
        "blocks": [words_of(block) for block in found.blocks],
        "notes": [words_of(note) for note in month.notes] if month else [],
        "lines": _lines_with_rates(lines),
        "cost": sum((line.cost for line in lines), desk.ZERO),
        "margin": sum((line.margin for line in lines), desk.ZERO),
        "decision": decision_in_words(found.tax),
        "proof": proof_of(found.tax),
        "deliveries": found.deliveries.order_by("-pk")[:50],
        "allocations": found.allocations.select_related("payment").order_by("pk"),
        "corrections": corrections,
        "days_overdue": found.days_overdue(seller_day(now)),
        "may": _may(found, month, has_draft=any(not one.is_issued() for one in corrections)),
        "crumbs": invoice_crumbs(found),
    }
    return desk_page(request, "staff/billing/invoice.html", "staff_billing_invoices", context)


def _lines_with_rates(lines: list[InvoiceLine]) -> list[dict[str, Any]]:
    """Each with the card its rate stands on, and its rule in words. One query."""
    keys = {int(line.rate_ref) for line in lines if line.rate_ref.isdigit()}
    cards = {rate.pk: rate.card for rate in Rate.objects.filter(pk__in=keys).select_related("card")}
    # The same precision down the column.
    places = min((line.unit_price.normalize().as_tuple().exponent for line in lines), default=-2)
    precise = Decimal(1).scaleb(min(int(places), -2))
    return [
        {
            "line": line,
            "card": cards.get(int(line.rate_ref)) if line.rate_ref.isdigit() else None,
            "rule": rule_in_words(line.rule_ref),
            "unit_price": line.unit_price.quantize(precise),
            "has_messages": line.unit == "message",
        }
        for line in lines
    ]


def _may(found: Invoice, month: MonthClose | None, *, has_draft: bool) -> dict[str, bool]:
    """What can be done with it now; the services decide again."""
    is_invoice, is_issued = found.kind == InvoiceKind.INVOICE, found.is_issued()
    is_ready = found.state == InvoiceState.DRAFT and (
        not is_invoice or (month is not None and month.step == Step.APPROVE)
    )
    correctable = is_invoice and is_issued and not has_draft and found.credited_amount < found.tax_inclusive_amount
    return {
        "approve": is_ready,
        "withdraw": found.state == InvoiceState.APPROVED,
        "collect": is_invoice and not is_issued and month is not None and found.state in CHANGEABLE,
        "correct": correctable,
        "cancel": correctable and not found.credited_amount,
        "drop": not is_invoice and not is_issued,
        "write_off": is_invoice and is_issued and found.open_amount > 0,
        "pay": is_invoice and is_issued and found.open_amount > 0,
        "send": is_issued,
    }


@require_safe
@staff_required
def pdf(request: Request, public_id: str) -> HttpResponse:
    """The page as it was issued."""
    return _document(invoice_of_page(public_id), "pdf", "application/pdf")


@require_safe
@staff_required
def xml(request: Request, public_id: str) -> HttpResponse:
    """The e-invoice as it was issued."""
    return _document(invoice_of_page(public_id), "xml", "application/xml")


def _document(found: Invoice, kind: str, mime_type: str) -> HttpResponse:
    """Bytes that never change, for the one who asked."""
    document = getattr(found, "document", None)
    if document is None:
        raise Http404
    answer = HttpResponse(bytes(getattr(document, kind)), content_type=mime_type)
    answer.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{document.number}.{kind}") or "attachment"
    )
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.headers["ETag"] = f'"{getattr(document, f"{kind}_sha256")}"'
    return answer


# --- The messages behind a line --------------------------------------------------------------------


@require_safe
@staff_required
def line(request: Request, public_id: str, position: int) -> HttpResponse:
    """The messages a line counts, page by page, with rate, rule and how the price was made."""
    found, one = _line_of_page(public_id, position)
    rated = lines_of(one.charge_key).order_by("pk").first()
    page = _messages(one, request.GET.get("after", ""))
    context = {
        "invoice": found,
        "line": one,
        "page": page,
        "messages_": page.rows,
        "facts": explained(rated.description) if rated else [],
        "price_list": _price_list(rated),
        "is_first": "after" not in request.GET,
        "crumbs": crumbs(
            tab_crumb("staff_billing_invoices"),
            (reverse("staff_billing_invoice", args=[public_id]), name_of(found)),
            ("", _("Line %(position)s") % {"position": position}),
        ),
    }
    return desk_page(request, "staff/billing/line.html", "staff_billing_invoices", context)


def _line_of_page(public_id: str, position: int) -> tuple[Invoice, InvoiceLine]:
    found = invoice_of_page(public_id)
    one = get_object_or_404(found.lines, position=position)
    if one.unit != "message":
        raise Http404
    return found, one


def _messages(one: InvoiceLine, after: str) -> Page[UsageRecord]:
    """`after` is the key of the last message of the page before; one that is not there gives the first page."""
    anchor = UsageRecord.objects.filter(pk=int(after)).first() if after.isdigit() and len(after) < 18 else None
    found = list(islice(messages_behind(one.charge_key, after=anchor), PAGE_SIZE + 1))
    for record in found:
        record.market_name = market_name(record.market)  # type: ignore[attr-defined]
    has_more = len(found) > PAGE_SIZE
    return Page(found[:PAGE_SIZE], before="", after=str(found[PAGE_SIZE - 1].pk) if has_more else "")


def _price_list(rated: RatedLine | None) -> tuple[PriceList, str] | None:
    """The list a price was made with, and how: mark-up, floor or fixed."""
    key, _slash, how = rated.price_ref.partition("/") if rated else ("", "", "")
    found = PriceList.objects.filter(public_id=key).select_related("company").first() if key else None
    return (found, how) if found else None


@require_safe
@staff_required
def line_csv(request: Request, public_id: str, position: int) -> HttpResponseBase:
    """The same messages as a file, each with the line's rule, rate and price."""
    found, one = _line_of_page(public_id, position)
    rated = lines_of(one.charge_key).order_by("pk").first()
    facts = rated.description if rated else {}
    priced = (
        one.rule_ref,
        facts.get("card", ""),
        facts.get("rate", ""),
        facts.get("exchange", ""),
        format(one.unit_price, "f"),
        found.currency,
    )
    rows = ((*_cells(record), *priced) for record in messages_behind(one.charge_key))
    return CsvAnswer(chain([CSV_COLUMNS], rows), name=f"{found.number or found.public_id}-{position}.csv")


def _cells(record: UsageRecord) -> tuple[str, ...]:
    return (
        record.occurred_at.isoformat(),
        record.day.isoformat(),
        record.number,
        record.market,
        record.category,
        record.pricing_type,
        record.origin,
        record.message_public_id,
        record.broadcast_public_id,
    )
