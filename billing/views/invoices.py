"""A company's invoices: the list, one of them with its lines and payments, and the documents as they were issued."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language, gettext as _, ngettext
from django.views.decorators.http import require_safe

from billing.einvoice import tax
from billing.invoices.documents import title_of
from billing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState, IssuedDocument
from billing.payments.models import Allocation, Refund
from billing.plans.periods import today
from billing.views.messages import has_messages
from billing.views.words import short_price
from tenants.access import role_required
from tenants.lib.paging import page_by_key
from tenants.models import Company, Role
from tenants.request import Request, company_of

# It can do nothing, wherever it is opened.
POLICY = "sandbox; default-src 'none'"


@require_safe
@role_required(Role.ADMIN)
def invoices(request: Request) -> HttpResponse:
    company, day = company_of(request), today(timezone.now())
    rows = Invoice.objects.of_company(company).select_related("corrects")
    page = page_by_key(rows, ("-pk",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {
        "page": page,
        "rows": [{"invoice": one, "title": title_of(one), "state": state_of(one, day)} for one in page],
        "overdue": list(Invoice.objects.of_company(company).overdue(day)[:5]),
    }
    return render(request, "billing/invoices.html", context)


@require_safe
@role_required(Role.ADMIN)
def invoice(request: Request, public_id: str) -> HttpResponse:
    company, day = company_of(request), today(timezone.now())
    found = _found(request, public_id)
    corrections = Invoice.objects.of_company(company).filter(corrects=found)
    paid = Allocation.objects.filter(invoice=found).select_related("payment").order_by("pk")
    # A payment that was taken back gives nothing free: its allocations are gone without a reason of their own.
    released = [one for one in paid if one.released_at and not one.payment.reversed_at]
    back = Refund.objects.filter(payment__in={one.payment_id for one in released}, reversed_at=None)
    context = {
        "invoice": found,
        "title": title_of(found),
        "state": state_of(found, day),
        "lines": [_line(line, company) for line in found.lines.all()],
        "taxes": [_tax(share, get_language() or "en") for share in found.tax_shares],
        "payments": [one for one in paid if not one.released_at],
        "released": released,
        "refunds": back.select_related("payment").order_by("pk"),
        "too_much": -found.open_amount,
        "corrections": corrections,
    }
    return render(request, "billing/invoice.html", context)


@require_safe
@role_required(Role.ADMIN)
def pdf(request: Request, public_id: str) -> HttpResponse:
    document = _document(request, public_id)
    return _file(bytes(document.pdf), "application/pdf", f"{document.number}.pdf")


@require_safe
@role_required(Role.ADMIN)
def xml(request: Request, public_id: str) -> HttpResponse:
    document = _document(request, public_id)
    return _file(bytes(document.xml), "application/xml", f"{document.number}.xml")


def _found(request: Request, public_id: str) -> Invoice:
    rows = Invoice.objects.of_company(company_of(request)).select_related("corrects")
    return get_object_or_404(rows, public_id=public_id)


def _document(request: Request, public_id: str) -> IssuedDocument:
    own = Invoice.objects.of_company(company_of(request)).filter(public_id=public_id)
    return get_object_or_404(IssuedDocument, invoice__in=own)


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    """Saved, and opened by nobody's page."""
    answer = HttpResponse(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def state_of(found: Invoice, day: date) -> dict[str, str]:
    """How it stands, as whoever pays it would say; `tone` for its badge."""
    if found.kind != InvoiceKind.INVOICE:
        return {"label": _("Set off"), "tone": ""}
    late = found.days_overdue(day)
    if late:
        label = ngettext("Overdue by %(count)s day", "Overdue by %(count)s days", late) % {"count": late}
        return {"label": label, "tone": "bad"}
    if found.open_amount > 0:
        return {"label": _("Part paid") if found.paid_amount else _("Open"), "tone": "warn"}
    if found.state == InvoiceState.CORRECTED:
        return {"label": _("Corrected"), "tone": ""}
    if found.state == InvoiceState.WRITTEN_OFF:
        return {"label": _("Nothing more to pay"), "tone": ""}
    return {"label": _("Paid"), "tone": "good"}


def _line(line: InvoiceLine, company: Company) -> dict[str, Any]:
    quantity = line.quantity.normalize() if line.quantity else Decimal(0)
    return {
        "line": line,
        "quantity": quantity if int(quantity.as_tuple().exponent) <= 0 else quantity.quantize(Decimal(1)),
        "unit_price": short_price(line.unit_price),
        "has_messages": has_messages(company, line),
    }


def _tax(share: dict[str, str], language: str) -> dict[str, Any]:
    return {
        "rate": Decimal(share["rate"]) / 100,
        "basis": Decimal(share["basis"]),
        "tax": Decimal(share["tax"]),
        "reason": tax.reason(share["category"], language),
    }
