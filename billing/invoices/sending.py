"""Sending an issued document: one mail an address, with the stored PDF, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _, override

from billing.invoices import profiles
from billing.invoices.documents import day_in, document_of, title_of
from billing.invoices.models import DeliveryState, Invoice, InvoiceDelivery, IssuedDocument
from billing.invoices.standing import record_standing
from tenants.models import Mail, MailState
from tenants.services import audit, due, mail
from tenants.services.audit import SYSTEM, Actor
from tenants.services.errors import Refused

KIND = "finish_invoices"
WATCH = timedelta(minutes=2)
ATTACHMENT = "issued_document"
STATES = {MailState.SENT: DeliveryState.SENT, MailState.FAILED: DeliveryState.FAILED}


def load_pdf(document_id: int) -> bytes:
    """The bytes as they were issued."""
    return bytes(IssuedDocument.objects.values_list("pdf", flat=True).get(pk=document_id))


mail.on_attachment(ATTACHMENT, load_pdf)


@transaction.atomic
def send_invoice(
    invoice: Invoice, *, actor: Actor = SYSTEM, recipients: Iterable[str] | None = None, now: datetime | None = None
) -> list[InvoiceDelivery]:
    """Queue the document to the company's recipients, once; or to those named, again too, but never twice at a time."""
    now = now or timezone.now()
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("company", "corrects").get(pk=invoice.pk)
    if not invoice.is_issued():
        raise Refused(_("Only an issued invoice can be sent."))
    if recipients is None and invoice.deliveries.exists():
        return []
    named = list(recipients) if recipients is not None else profiles.recipients_of(invoice.company)
    under_way = set(invoice.deliveries.filter(state=DeliveryState.QUEUED).values_list("recipient", flat=True))
    made = [_queue(invoice, address, now) for address in profiles.checked_recipients(named) if address not in under_way]
    if made:
        due.announce(KIND, invoice.company, at=now + WATCH)
        audit.record(
            actor,
            "invoice.sent",
            company=invoice.company,
            target=str(invoice.number),
            after={"to": [delivery.recipient for delivery in made]},
        )
    return made


def _queue(invoice: Invoice, address: str, now: datetime) -> InvoiceDelivery:
    document = invoice.document
    attached = mail.Attachment(ATTACHMENT, document.pk, document.file_name, "application/pdf")
    queued = mail.queue_mail(
        "invoice",
        to=address,
        context=_context(invoice),
        language=invoice.language,
        company=invoice.company,
        attachments=[attached],
    )
    return InvoiceDelivery.objects.create(
        invoice=invoice,
        recipient=address,
        mail=queued,
        message_id=queued.message_id,
        queued_at=now,
    )


def _context(invoice: Invoice) -> dict[str, object]:
    written = document_of(invoice)
    with override(invoice.language):
        opening = written.note or _("This is your invoice for %(first)s to %(last)s.") % {
            "first": day_in(invoice.period_first, invoice.language),
            "last": day_in(invoice.period_last, invoice.language),
        }
        return {"invoice": invoice, "title": title_of(invoice), "opening": opening, "sums": written.terms}


def not_reached(deliveries: Sequence[InvoiceDelivery]) -> list[str]:
    """The addresses it never arrived at. One that failed is done with when it was sent again, elsewhere perhaps, and
    that arrived."""
    arrived = [delivery for delivery in deliveries if delivery.state == DeliveryState.SENT]
    last = max((delivery.queued_at for delivery in arrived), default=None)
    failed = {
        delivery.recipient
        for delivery in deliveries
        if delivery.state == DeliveryState.FAILED and (last is None or delivery.queued_at >= last)
    }
    return sorted(failed - {delivery.recipient for delivery in arrived})


@transaction.atomic
def record_deliveries(invoice: Invoice, *, now: datetime | None = None) -> list[InvoiceDelivery]:
    """Take over what became of the mails, and mark the invoice sent with the first that went out; all deliveries."""
    invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    for delivery in invoice.deliveries.filter(state=DeliveryState.QUEUED).select_related("mail"):
        _take_over(delivery, delivery.mail)
    deliveries = list(invoice.deliveries.order_by("pk"))
    first = min((delivery.sent_at for delivery in deliveries if delivery.sent_at), default=None)
    if first is not None and invoice.sent_at is None:
        invoice.sent_at = first
        record_standing(invoice, now or timezone.now())
    return deliveries


def _take_over(delivery: InvoiceDelivery, sent: Mail | None) -> None:
    """A mail that was tidied away before anybody looked was sent: only sent ones are tidied."""
    state = STATES.get(MailState(sent.state)) if sent else DeliveryState.SENT
    if state is None:
        return
    delivery.state, delivery.error = state, sent.error if sent else ""
    delivery.sent_at = (sent.sent_at if sent else timezone.now()) if state == DeliveryState.SENT else None
    delivery.save(update_fields=["state", "error", "sent_at"])
