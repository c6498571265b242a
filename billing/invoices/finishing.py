"""What a worker does for documents beside a month: issue approved corrections, and watch what was sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from billing.einvoice.rules import RulesNotRun
from billing.invoices import issuing, sending
from billing.invoices.blocks import AGAINST, stands_against
from billing.invoices.documents import Build, build as build_document
from billing.invoices.models import DeliveryState, Invoice, InvoiceKind, InvoiceState
from billing.invoices.sending import KIND, WATCH
from tenants.models import Company
from tenants.services import due
from tenants.services.audit import Actor

AGAIN = timedelta(minutes=30)


@transaction.atomic
def approve_correction(correction: Invoice, *, actor: Actor, now: datetime | None = None) -> bool:
    """Approve a correction's draft; a worker issues and sends it. False when it was no draft any more."""
    approved = issuing.approve(correction, actor=actor, now=now)
    if approved:
        Invoice.objects.filter(pk=correction.pk).update(blocks=[])
        due.announce(KIND, correction.company)
    return approved


def finish_company(company: Company, *, now: datetime, build: Build = build_document) -> datetime | None:
    """Issue and send a company's approved corrections, then look after its mails; when to come again.

    One that is issued and was never sent is taken up again: a worker may have died in between, or nobody was there
    to get it.
    """
    unfinished = Q(state=InvoiceState.APPROVED) | Q(state=InvoiceState.ISSUED, deliveries=None)
    corrections = Invoice.objects.filter(unfinished, company=company).exclude(kind=InvoiceKind.INVOICE)
    waiting = [correction for correction in corrections.order_by("pk") if not _finish(correction, now, build)]
    for invoice in Invoice.objects.filter(company=company, deliveries__state=DeliveryState.QUEUED).distinct():
        sending.record_deliveries(invoice, now=now)
    if Invoice.objects.filter(company=company, deliveries__state=DeliveryState.QUEUED).exists():
        return now + WATCH
    return now + AGAIN if waiting else None


def _finish(correction: Invoice, now: datetime, build: Build) -> bool:
    """Issued and on its way; or a draft again that says what stands against it. False: try it once more later."""
    try:
        issued = issuing.issue_invoice(correction, now=now, build=build)
    except RulesNotRun:
        return False
    except AGAINST as problem:
        back = {"state": InvoiceState.DRAFT, "approver_id": None, "approver_name": "", "approved_at": None}
        mine = Invoice.objects.filter(pk=correction.pk, state=InvoiceState.APPROVED)
        mine.update(**back, blocks=[stands_against(problem)])
        return True
    sending.send_invoice(issued, now=now)
    return issued.deliveries.exists()
