"""Money in: a payment is booked once, pays invoices in part or whole, and keeps what is too much.

What an invoice gives free is there for another one, or is paid back. Locks in this order: invoices, then the payment.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.invoices.models import Invoice
from billing.invoices.standing import record_standing
from billing.invoices.totals import CENT
from billing.payments.models import Allocation, Payment, PaymentSource, Refund
from tenants.models import Company
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tenants.templatetags.ui import money

NUMBER = re.compile(r"RE[- ]?(\d{6})", re.IGNORECASE)


@transaction.atomic
def record_payment(
    company: Company,
    *,
    amount: Decimal,
    currency: str,
    received_date: date,
    actor: Actor,
    reference: str = "",
    source: str = PaymentSource.TRANSFER,
    external_id: str | None = None,
) -> Payment:
    """Book money that came in. The same bank entry again is the same payment, and changes nothing.

    Refused when the entry was booked as another: what is told now would be lost.
    """
    if amount <= 0 or amount != amount.quantize(CENT):
        raise Refused(_("A payment is more than nothing, in whole cents."), field="amount")
    booked = {
        "company": company,
        "amount": amount,
        "currency": currency,
        "received_date": received_date,
        "reference": reference[:200],
    }
    if external_id is None:
        payment, made = Payment.objects.create(**booked, source=source), True
    else:
        payment, made = Payment.objects.get_or_create(source=source, external_id=external_id, defaults=booked)
    if made:
        audit.record(
            actor,
            "payment.recorded",
            company=company,
            target=f"{amount} {currency}",
            after={"reference": reference},
        )
    elif (payment.company, payment.amount, payment.currency) != (company, amount, currency):
        raise Refused(_("This was booked already, of another amount or company. Take that payment back first."))
    return payment


@transaction.atomic
def allocate(
    payment: Payment, invoice: Invoice, amount: Decimal | None = None, *, actor: Actor, now: datetime | None = None
) -> Allocation:
    """Let a payment pay an invoice: `amount`, or as much as both allow. Refused when there is no such rest."""
    invoice = _locked_invoice(invoice)
    payment = _locked(payment)
    if (payment.company_id, payment.currency) != (invoice.company_id, invoice.currency):
        raise Refused(_("This payment is of another company or in another currency than the invoice."))
    most = min(payment.unallocated_amount, invoice.open_amount)
    amount = most if amount is None else amount
    if amount <= 0 or amount > most:
        raise Refused(
            _("At most %(amount)s can go from this payment to this invoice.")
            % {"amount": money(most, invoice.currency)}
        )
    allocation = Allocation.objects.create(payment=payment, invoice=invoice, amount=amount)
    payment.allocated_amount += amount
    payment.save(update_fields=["allocated_amount"])
    invoice.paid_amount += amount
    record_standing(invoice, now or timezone.now())
    paid = {"amount": _money(amount, invoice), "payment": payment.public_id}
    audit.record(actor, "payment.allocated", company=payment.company, target=str(invoice.number), after=paid)
    return allocation


@transaction.atomic
def mark_paid(
    invoice: Invoice,
    *,
    received_date: date,
    actor: Actor,
    amount: Decimal | None = None,
    reference: str = "",
    external_id: str | None = None,
    now: datetime | None = None,
) -> Payment:
    """Book a payment for one invoice: of what is open, or of `amount`. What is too much stays as the company's credit.

    The same bank entry (`external_id`) again changes nothing. A second payment of a paid invoice is kept whole.
    """
    invoice = _locked_invoice(invoice)
    payment = record_payment(
        invoice.company,
        amount=invoice.open_amount if amount is None else amount,
        currency=invoice.currency,
        received_date=received_date,
        actor=actor,
        reference=reference or str(invoice.number),
        external_id=external_id,
    )
    if payment.unallocated_amount > 0 and invoice.open_amount > 0 and not payment.allocations.exists():
        allocate(payment, invoice, actor=actor, now=now)
        payment.refresh_from_db()
    return payment


@transaction.atomic
def match(payment: Payment, *, actor: Actor, now: datetime | None = None) -> list[Allocation]:
    """Allocate to the invoices whose numbers stand in the reference, in that order; the rest waits for a person."""
    numbers = dict.fromkeys(f"RE-{digits}" for digits in NUMBER.findall(payment.reference))
    named = Invoice.objects.owing().filter(company=payment.company, currency=payment.currency, number__in=numbers)
    # Locked first, so that the same asked twice finds nothing the second time.
    invoices = {invoice.number: invoice for invoice in named.select_for_update(of=("self",)).order_by("pk")}
    payment = _locked(payment)
    made = []
    for invoice in (invoices[number] for number in numbers if number in invoices):
        if payment.unallocated_amount > 0:
            made.append(allocate(payment, invoice, actor=actor, now=now))
            payment.refresh_from_db(fields=["allocated_amount"])
    return made


@transaction.atomic
def release(
    allocation: Allocation, *, reason: str, actor: Actor, amount: Decimal | None = None, now: datetime | None = None
) -> bool:
    """Let an invoice's money go, all of it or `amount`: it is free for another invoice. False when it was let go.

    The row stays with its reason; what goes on paying the invoice is a row of its own.
    """
    if not reason.strip():
        raise Refused(_("Say why the money is let go."), field="reason")
    amount, now = allocation.amount if amount is None else amount, now or timezone.now()
    if not 0 < amount <= allocation.amount or amount != amount.quantize(CENT):
        most = money(allocation.amount, allocation.payment.currency)
        raise Refused(_("At most %(amount)s can be let go here.") % {"amount": most}, field="amount")
    invoice = _locked_invoice(allocation.invoice)
    payment = _locked(allocation.payment)
    standing = Allocation.objects.filter(pk=allocation.pk, released_at=None)
    if not standing.update(released_at=now, release_reason=reason.strip()[:300]):
        return False
    if amount < allocation.amount:
        rest = allocation.amount - amount
        Allocation.objects.create(payment=payment, invoice=invoice, amount=rest, created_at=allocation.created_at)
    payment.allocated_amount -= amount
    payment.save(update_fields=["allocated_amount"])
    invoice.paid_amount -= amount
    record_standing(invoice, now)
    freed = {"amount": _money(amount, invoice), "payment": payment.public_id}
    audit.record(
        actor, "payment.released", company=payment.company, target=str(invoice.number), after=freed, reason=reason
    )
    return True


@transaction.atomic
def record_refund(
    payment: Payment,
    *,
    amount: Decimal,
    refund_date: date,
    external_id: str,
    actor: Actor,
    reference: str = "",
) -> Refund:
    """Book that money of a payment which pays nothing was paid back. The same key again changes nothing."""
    payment = _locked(payment)
    booked = payment.refunds.filter(external_id=external_id).first()
    if booked is not None:
        if (booked.amount, booked.refund_date) != (amount, refund_date):
            raise Refused(_("This refund was booked already, of another amount or day. Begin again."))
        return booked
    free = payment.unallocated_amount
    if not 0 < amount <= free or amount != amount.quantize(CENT):
        most = money(free, payment.currency)
        raise Refused(_("At most %(amount)s of this payment can be paid back.") % {"amount": most}, field="amount")
    if refund_date < payment.received_date:
        raise Refused(_("The payment had not come in on this day."), field="refund_date")
    refund = payment.refunds.create(
        amount=amount, refund_date=refund_date, reference=reference[:200], external_id=external_id
    )
    payment.refunded_amount += amount
    payment.save(update_fields=["refunded_amount"])
    told = {"reference": reference, "payment": payment.public_id}
    target = f"{amount} {payment.currency}"
    audit.record(actor, "payment.refunded", company=payment.company, target=target, after=told)
    return refund


@transaction.atomic
def reverse_refund(refund: Refund, *, reason: str, actor: Actor, now: datetime | None = None) -> bool:
    """Take a refund back (it never left, or came back): its money is free again. False when it was taken back."""
    if not reason.strip():
        raise Refused(_("Say why the refund is taken back."), field="reason")
    payment = _locked(refund.payment)
    standing = payment.refunds.filter(pk=refund.pk, reversed_at=None)
    if not standing.update(reversed_at=now or timezone.now(), reversal_reason=reason.strip()[:300]):
        return False
    payment.refunded_amount -= refund.amount
    payment.save(update_fields=["refunded_amount"])
    target = f"{refund.amount} {payment.currency}"
    audit.record(actor, "payment.refund_reversed", company=payment.company, target=target, reason=reason)
    return True


class _Overtaken(Exception):
    """An invoice was paid from the payment after its invoices were locked."""


def reverse_payment(payment: Payment, *, reason: str, actor: Actor, now: datetime | None = None) -> bool:
    """Take a payment back (returned by the bank, or booked wrongly): its invoices are open again. False when it was."""
    if not reason.strip():
        raise Refused(_("Say why the payment is taken back."), field="reason")
    # Its locks are let go before it begins again: an invoice must not be locked after a payment.
    while True:
        try:
            return _reverse(payment, reason=reason.strip(), actor=actor, now=now or timezone.now())
        except _Overtaken:
            continue


@transaction.atomic
def _reverse(payment: Payment, *, reason: str, actor: Actor, now: datetime) -> bool:
    standing = Allocation.objects.filter(payment=payment, released_at=None)
    invoices = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=standing.values("invoice")).order_by("pk")
    by_key = {invoice.pk: invoice for invoice in invoices}
    payment = _locked(payment)
    if payment.reversed_at is not None:
        return False
    if payment.refunded_amount:
        raise Refused(_("A part of this payment was paid back. Take the refund back first."))
    for allocation in standing:
        invoice = by_key.get(allocation.invoice_id)
        if invoice is None:
            raise _Overtaken
        invoice.paid_amount -= allocation.amount
        record_standing(invoice, now)
    standing.update(released_at=now)
    payment.allocated_amount, payment.reversed_at = Decimal("0.00"), now
    payment.reversal_reason = reason[:300]
    payment.save(update_fields=["allocated_amount", "reversed_at", "reversal_reason"])
    target = f"{payment.amount} {payment.currency}"
    audit.record(actor, "payment.reversed", company=payment.company, target=target, reason=reason)
    return True


def _locked_invoice(invoice: Invoice) -> Invoice:
    """Invoices are locked before payments, here as in reversing."""
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("company").get(pk=invoice.pk)
    if not locked.is_issued():
        raise Refused(_("Only an issued invoice can be paid."))
    return locked


def _locked(payment: Payment) -> Payment:
    return Payment.objects.select_for_update(of=("self",)).select_related("company").get(pk=payment.pk)


def _money(amount: Decimal, invoice: Invoice) -> str:
    return f"{amount} {invoice.currency}"
