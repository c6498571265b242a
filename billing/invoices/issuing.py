"""A draft is approved by a person and becomes an invoice: number, bytes, hash, in one transaction or not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.invoices import chain, numbering, taxing
from billing.invoices.documents import Build, build as build_document, document_of, store
from billing.invoices.models import Invoice, InvoiceKind, InvoiceState
from billing.invoices.seller import in_words, missing_seller_facts
from billing.invoices.standing import record_standing
from tenants.services import audit
from tenants.services.audit import SYSTEM, Actor
from tenants.services.errors import Refused
from tenants.templatetags.ui import money

UNNUMBERED = "XX-000000"


class NotApproved(Refused):
    """Nobody has approved this draft."""


class ProofIsStale(Refused):
    """The VAT id was checked too long ago for today's date: take the approval back and review again."""


@transaction.atomic
def approve(invoice: Invoice, *, actor: Actor, now: datetime | None = None) -> bool:
    """A person says that the draft may be issued, over the amount it has in `invoice`: what they looked at.

    False when it is no draft any more, or comes to another amount.
    """
    if actor.user is None:
        raise Refused(_("Only a person can approve an invoice."))
    approval = {
        "state": InvoiceState.APPROVED,
        "approver_id": actor.user.pk,
        "approver_name": str(actor.user),
        "approved_at": now or timezone.now(),
    }
    as_seen = Invoice.objects.filter(
        pk=invoice.pk, state=InvoiceState.DRAFT, tax_inclusive_amount=invoice.tax_inclusive_amount
    )
    changed = as_seen.update(**approval)
    if changed:
        amount = f"{invoice.tax_inclusive_amount} {invoice.currency}"
        audit.record(
            actor,
            "invoice.approved",
            company=invoice.company,
            target=f"{invoice.period_first:%Y-%m}",
            after={"amount": amount},
        )
    return bool(changed)


@transaction.atomic
def withdraw_approval(invoice: Invoice, *, actor: Actor, reason: str) -> bool:
    """Make an approved draft a draft again; False when it was issued meanwhile, or never approved."""
    back = {"state": InvoiceState.DRAFT, "approver_id": None, "approver_name": "", "approved_at": None}
    changed = Invoice.objects.filter(pk=invoice.pk, state=InvoiceState.APPROVED).update(**back)
    if changed:
        target = f"{invoice.period_first:%Y-%m}"
        audit.record(actor, "invoice.approval_withdrawn", company=invoice.company, target=target, reason=reason)
    return bool(changed)


def check_draft(invoice: Invoice, *, now: datetime, build: Build = build_document) -> None:
    """Go through all that issuing will, without a number and without a trace. Raises what would stand against it."""
    trial: Invoice = Invoice.objects.select_related("corrects", "company").prefetch_related("lines").get(pk=invoice.pk)
    trial.number = UNNUMBERED
    _date(trial, taxing.seller_day(now))
    build(document_of(trial))


@transaction.atomic
def issue_invoice(invoice: Invoice, *, now: datetime | None = None, build: Build = build_document) -> Invoice:
    """Give an approved draft its number, document and hash. One that is issued is returned as it is.

    NotApproved, ProofIsStale, Refused (the seller's facts), RulesRefused or RulesNotRun leave no trace and no gap.
    Locks in this order, here as elsewhere: the invoice, the one it corrects, the counter.
    """
    now = now or timezone.now()
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("company").get(pk=invoice.pk)
    if invoice.is_issued():
        return invoice
    _refuse_unready(invoice, now)
    corrected = _lock_corrected(invoice)
    series = numbering.locked_series(invoice.kind)
    day = taxing.seller_day(now)
    numbering.take_number(invoice, series, day)
    _date(invoice, day)
    document = store(invoice, build(document_of(invoice)))
    invoice.hash = chain.digest(invoice, document)
    invoice.state, invoice.issued_at = InvoiceState.ISSUED, now
    invoice.save()
    numbering.advance(series, invoice)
    if corrected is not None:
        _set_off(corrected, invoice.tax_inclusive_amount, now)
    audit.record(
        SYSTEM,
        "invoice.issued",
        company=invoice.company,
        target=str(invoice.number),
        after={"amount": f"{invoice.tax_inclusive_amount} {invoice.currency}", "approved_by": invoice.approver_name},
    )
    return invoice


def _refuse_unready(invoice: Invoice, now: datetime) -> None:
    if invoice.state != InvoiceState.APPROVED or invoice.approver_id is None:
        raise NotApproved(_("This draft is not approved."))
    if missing := missing_seller_facts(invoice.seller):
        raise Refused(_("Before an invoice can be issued, set: %(missing)s.") % {"missing": in_words(missing)})
    if invoice.kind == InvoiceKind.INVOICE and taxing.proof_is_stale(invoice.tax, now):
        raise ProofIsStale(_("The VAT id was checked more than 31 days ago. Take the approval back and review again."))


def _date(invoice: Invoice, day: date) -> None:
    invoice.issue_date = day
    is_invoice = invoice.kind == InvoiceKind.INVOICE
    invoice.due_date = day + timedelta(days=invoice.terms_days) if is_invoice else None


def _lock_corrected(invoice: Invoice) -> Invoice | None:
    """The invoice to be corrected, locked, so that two corrections cannot both take its rest."""
    if invoice.corrects_id is None:
        return None
    corrected = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.corrects_id)
    refuse_more_than_left(corrected, invoice)
    return corrected


def refuse_more_than_left(corrected: Invoice, correction: Invoice) -> None:
    """Per VAT category, what corrections take back is never more than the invoice."""
    left = left_per_category(corrected)
    for share in correction.tax_shares:
        basis, tax = left.get((share["category"], Decimal(share["rate"])), (Decimal(0), Decimal(0)))
        if Decimal(share["basis"]) > basis or Decimal(share["tax"]) > tax:
            raise Refused(
                _("A correction cannot be larger than what is left of the invoice: %(amount)s net.")
                % {"amount": money(basis, corrected.currency)}
            )


def left_per_category(invoice: Invoice) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    """Net and VAT of each category that no issued correction has taken back."""
    left = {
        (share["category"], Decimal(share["rate"])): (Decimal(share["basis"]), Decimal(share["tax"]))
        for share in invoice.tax_shares
    }
    for shares in invoice.corrections.filter(number__isnull=False).values_list("tax_shares", flat=True):
        for share in shares:
            key = (share["category"], Decimal(share["rate"]))
            basis, tax = left[key]
            left[key] = (basis - Decimal(share["basis"]), tax - Decimal(share["tax"]))
    return left


def _set_off(corrected: Invoice, amount: Decimal, now: datetime) -> None:
    """What was written off before is no debt any more where it is taken back: nobody paid it, nobody gets it back."""
    corrected.credited_amount += amount
    owed = corrected.tax_inclusive_amount - corrected.paid_amount - corrected.credited_amount
    corrected.written_off_amount = min(corrected.written_off_amount, max(owed, Decimal(0)))
    record_standing(corrected, now)
