"""Money: who owes what, what came in, and which invoices it pays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.invoices.models import Invoice, InvoiceKind
from billing.invoices.taxing import seller_day
from billing.payments import owing, services
from billing.payments.forms import AllocationForm, PaymentForm, ReceivedForm, RefundForm, ReleaseForm
from billing.payments.models import Allocation, Payment
from billing.views.staff.page import (
    ask,
    ask_reason,
    crumbs,
    desk_page,
    invoice_crumbs,
    invoice_of_page,
    refused,
    tab_crumb,
)
from tenants.access import actor_of, staff_required
from tenants.lib.ids import new_public_id
from tenants.lib.paging import page_by_key
from tenants.models import Company
from tenants.request import Request
from tenants.services.errors import Refused
from tenants.templatetags.ui import money

# So many open invoices a page shows one by one; the balances above count all.
ITEMS = 200


def today() -> date:
    return seller_day(timezone.now())


@require_safe
@staff_required
def who_owes(request: Request) -> HttpResponse:
    """Per company, and per invoice with its due date."""
    company = Company.objects.filter(public_id=request.GET.get("company", "")).first()
    balances = owing.balances(today(), company)
    items = owing.open_items(today(), company)
    context = {
        "balances": balances,
        "sums": _sums(balances),
        "has_credit": any(one.credits for one in balances),
        "items": items[:ITEMS],
        "count": len(items),
        "is_cut": len(items) > ITEMS,
        "company": company,
    }
    return desk_page(request, "staff/billing/owing.html", "staff_billing_owing", context)


def _sums(balances: list[owing.Balance]) -> list[dict[str, Any]]:
    """What is owed, late and loose, by currency."""
    found: dict[str, dict[str, Any]] = {}
    for one in balances:
        zero = {"currency": one.currency, "owed": owing.ZERO, "overdue": owing.ZERO, "credit": owing.ZERO}
        sums = found.setdefault(one.currency, zero)
        for name in ("owed", "overdue", "credit"):
            sums[name] += getattr(one, name)
    return sorted(found.values(), key=lambda sums: (sums["currency"] != "EUR", sums["currency"]))


@require_safe
@staff_required
def payments(request: Request) -> HttpResponse:
    """What came in, newest first."""
    company = Company.objects.filter(public_id=request.GET.get("company", "")).first()
    is_loose = "loose" in request.GET
    rows = Payment.objects.select_related("company")
    rows = rows.filter(company=company) if company else rows
    rows = rows.loose() if is_loose else rows
    page = page_by_key(rows, ("-id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = {"page": page, "company": company, "is_loose": is_loose}
    return desk_page(request, "staff/billing/payments.html", "staff_billing_payments", context)


@require_http_methods(["GET", "POST"])
@staff_required
def add(request: Request) -> HttpResponse:
    """Record money that came in."""
    start = {"key": new_public_id(), "received_date": today(), "company": request.GET.get("company", "")[:100]}

    def record(asked: Mapping[str, Any]) -> str:
        made = services.record_payment(
            asked["company"],
            amount=asked["amount"],
            currency=asked["currency"],
            received_date=asked["received_date"],
            reference=asked["reference"],
            external_id=f"desk:{asked['key']}",
            actor=actor_of(request),
        )
        paid = services.match(made, actor=actor_of(request)) if asked["match"] else []
        _tell(request, made, len(paid))
        return reverse("staff_billing_payment", args=[made.public_id])

    return ask(
        request,
        PaymentForm(request.POST or None, initial=start, today=today()),
        record,
        title=_("Record a payment"),
        text="",
        submit=_("Record the payment"),
        way=crumbs(tab_crumb("staff_billing_payments"), ("", _("Record a payment"))),
        back=reverse("staff_billing_payments"),
    )


def _tell(request: Request, payment: Payment, paid: int) -> None:
    payment.refresh_from_db()
    if paid and not payment.unallocated_amount:
        messages.success(request, _("The payment is recorded and pays its invoices."))
    elif paid:
        rest = money(payment.unallocated_amount, payment.currency)
        messages.success(request, _("The payment is recorded. %(rest)s pay no invoice yet.") % {"rest": rest})
    else:
        messages.success(request, _("The payment is recorded. Choose what it pays."))


@require_safe
@staff_required
def payment(request: Request, public_id: str) -> HttpResponse:
    """A payment, what it pays, and what it could pay."""
    found = _payment(public_id)
    return _page(request, found)


def _page(request: Request, found: Payment, form: AllocationForm | None = None) -> HttpResponse:
    rest = found.unallocated_amount
    items = owing.open_items(today(), found.company) if rest else []
    context = {
        "payment": found,
        "rest": rest,
        "allocations": found.allocations.select_related("invoice").order_by("pk"),
        "refunds": found.refunds.order_by("pk"),
        "items": [item for item in items if item.invoice.currency == found.currency][:50],
        "form": form,
        "crumbs": crumbs(tab_crumb("staff_billing_payments"), ("", money(found.amount, found.currency))),
    }
    status = 422 if form is not None else 200
    return desk_page(request, "staff/billing/payment.html", "staff_billing_payments", context, status=status)


@require_POST
@staff_required
def allocate(request: Request, public_id: str) -> HttpResponse:
    """Let a payment pay an invoice: as much as both allow, or a part."""
    found = _payment(public_id)
    form = AllocationForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    invoice = get_object_or_404(Invoice, public_id=form.cleaned_data["invoice"])
    try:
        made = services.allocate(found, invoice, form.cleaned_data["amount"], actor=actor_of(request))
    except Refused as refusal:
        refused(form, refusal)
        return _page(request, found, form)
    paid = {"amount": money(made.amount, found.currency), "number": invoice.number}
    messages.success(request, _("%(amount)s pay %(number)s.") % paid)
    return redirect("staff_billing_payment", public_id=public_id)


@require_POST
@staff_required
def match(request: Request, public_id: str) -> HttpResponse:
    """Pay the invoices whose numbers stand in the reference."""
    found = _payment(public_id)
    if services.match(found, actor=actor_of(request)):
        messages.success(request, _("The payment pays the invoices of its reference."))
    else:
        messages.info(request, _("No unpaid invoice of this company stands in the reference."))
    return redirect("staff_billing_payment", public_id=public_id)


@require_http_methods(["GET", "POST"])
@staff_required
def release(request: Request, public_id: str, pk: int) -> HttpResponse:
    """Let an invoice's money go, so that it can pay another one or be paid back."""
    found = _payment(public_id)
    one = get_object_or_404(found.allocations.select_related("invoice", "payment"), pk=pk)
    back = reverse("staff_billing_payment", args=[public_id])
    if one.released_at is not None:
        messages.info(request, _("This was let go already; nothing was changed."))
        return redirect(back)

    def let_go(asked: Mapping[str, Any]) -> str:
        _tell_released(request, changed=services.release(one, actor=actor_of(request), **asked))
        return back

    return ask(
        request,
        ReleaseForm(request.POST or None, initial={"amount": _too_much(one)}),
        let_go,
        title=_("Let go what pays %(number)s") % {"number": one.invoice},
        text=_("%(amount)s of this payment pay the invoice. What is let go can pay another one or be paid back.")
        % {"amount": money(one.amount, found.currency)},
        submit=_("Let the money go"),
        way=_payment_crumbs(found, _("Release")),
        back=back,
    )


def _too_much(one: Allocation) -> Decimal:
    """What the invoice has too much, as far as it is of this payment; all of it where nothing is too much."""
    return min(one.amount, -one.invoice.open_amount) if one.invoice.open_amount < 0 else one.amount


def _tell_released(request: Request, *, changed: bool) -> None:
    if changed:
        messages.success(request, _("The money is free: let it pay another invoice, or record that it was paid back."))
    else:
        messages.info(request, _("This was let go already; nothing was changed."))


@require_http_methods(["GET", "POST"])
@staff_required
def refund(request: Request, public_id: str) -> HttpResponse:
    """Record that money which pays nothing was paid back."""
    found = _payment(public_id)
    back = reverse("staff_billing_payment", args=[public_id])
    if not found.unallocated_amount and request.method == "GET":
        messages.info(request, _("All of this payment pays invoices or was paid back: nothing is free."))
        return redirect(back)
    start = {"key": new_public_id(), "refund_date": today(), "amount": found.unallocated_amount}

    def record(asked: Mapping[str, Any]) -> str:
        services.record_refund(
            found,
            amount=asked["amount"],
            refund_date=asked["refund_date"],
            reference=asked["reference"],
            external_id=f"desk:{asked['key']}",
            actor=actor_of(request),
        )
        messages.success(request, _("The refund is recorded."))
        return back

    return ask(
        request,
        RefundForm(request.POST or None, initial=start, today=today()),
        record,
        title=_("Record a refund"),
        text=_("%(amount)s of this payment are free. Send the money from your bank first; here it is only recorded.")
        % {"amount": money(found.unallocated_amount, found.currency)},
        submit=_("Record the refund"),
        way=_payment_crumbs(found, _("Record a refund")),
        back=back,
    )


@require_http_methods(["GET", "POST"])
@staff_required
def reverse_refund(request: Request, public_id: str, refund_id: str) -> HttpResponse:
    """The money never left, or came back."""
    found = _payment(public_id)
    one = get_object_or_404(found.refunds.select_related("payment"), public_id=refund_id)
    return ask_reason(
        request,
        lambda reason: services.reverse_refund(one, reason=reason, actor=actor_of(request)),
        title=_("Take back a refund of %(amount)s") % {"amount": money(one.amount, found.currency)},
        text=_("Its money is free again. The refund stays in the list as taken back."),
        submit=_("Take the refund back"),
        way=_payment_crumbs(found, _("Take back")),
        back=reverse("staff_billing_payment", args=[public_id]),
        done=_("The refund is taken back."),
        not_done=_("The refund was taken back already; nothing was changed."),
        danger=True,
    )


@require_http_methods(["GET", "POST"])
@staff_required
def reverse_payment(request: Request, public_id: str) -> HttpResponse:
    """The bank took it back, or it was booked wrongly."""
    found = _payment(public_id)
    back = reverse("staff_billing_payment", args=[public_id])
    return ask_reason(
        request,
        lambda reason: services.reverse_payment(found, reason=reason, actor=actor_of(request)),
        title=_("Take back a payment of %(amount)s") % {"amount": money(found.amount, found.currency)},
        text=_("What it paid is open again. The payment stays in the list as taken back."),
        submit=_("Take the payment back"),
        way=_payment_crumbs(found, _("Take back")),
        back=back,
        done=_("The payment is taken back."),
        not_done=_("The payment was taken back already; nothing was changed."),
        danger=True,
    )


@require_http_methods(["GET", "POST"])
@staff_required
def mark_paid(request: Request, public_id: str) -> HttpResponse:
    """Book a payment for one invoice."""
    found = invoice_of_page(public_id)
    if not found.is_issued() or found.kind != InvoiceKind.INVOICE:
        raise Http404
    back = reverse("staff_billing_invoice", args=[public_id])
    if found.open_amount <= 0 and request.method == "GET":
        messages.info(request, _("Nothing is owed any more."))
        return redirect(back)
    start = {
        "key": new_public_id(),
        "received_date": today(),
        "amount": found.open_amount,
        "reference": found.number,
    }

    def record(asked: Mapping[str, Any]) -> str:
        made = services.mark_paid(
            found,
            amount=asked["amount"],
            received_date=asked["received_date"],
            reference=asked["reference"],
            external_id=f"desk:{asked['key']}",
            actor=actor_of(request),
        )
        _tell_paid(request, made)
        return back

    return ask(
        request,
        ReceivedForm(request.POST or None, initial=start, today=today()),
        record,
        title=_("Mark %(number)s paid") % {"number": found.number},
        text=_("%(amount)s are open. What is more than that stays as the company's credit.")
        % {"amount": money(found.open_amount, found.currency)},
        submit=_("Record the payment"),
        way=invoice_crumbs(found, ("", _("Mark paid"))),
        back=back,
    )


def _tell_paid(request: Request, made: Payment) -> None:
    rest = made.unallocated_amount
    if rest:
        over = money(rest, made.currency)
        messages.success(
            request, _("The payment is recorded. %(rest)s are too much and stay as credit.") % {"rest": over}
        )
    else:
        messages.success(request, _("The payment is recorded."))


def _payment_crumbs(found: Payment, here: str) -> list[dict[str, Any]]:
    own = (reverse("staff_billing_payment", args=[found.public_id]), money(found.amount, found.currency))
    return crumbs(tab_crumb("staff_billing_payments"), own, ("", here))


def _payment(public_id: str) -> Payment:
    return get_object_or_404(Payment.objects.select_related("company"), public_id=public_id)
