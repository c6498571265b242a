"""How an issued invoice stands, reckoned from what was paid, credited and written off."""

from __future__ import annotations

from datetime import datetime

from billing.invoices.models import Invoice, InvoiceKind, InvoiceState


def standing_of(invoice: Invoice) -> InvoiceState:
    """The state that follows from the amounts; the same amounts, the same state."""
    if invoice.kind == InvoiceKind.INVOICE and invoice.open_amount <= 0:
        return _closed(invoice)
    if invoice.paid_amount > 0:
        return InvoiceState.PART_PAID
    return InvoiceState.SENT if invoice.sent_at else InvoiceState.ISSUED


def _closed(invoice: Invoice) -> InvoiceState:
    if invoice.credited_amount == invoice.tax_inclusive_amount:
        return InvoiceState.CORRECTED
    return InvoiceState.WRITTEN_OFF if invoice.written_off_amount > 0 else InvoiceState.PAID


def record_standing(invoice: Invoice, now: datetime) -> None:
    """Write an invoice's amounts and the state that follows. The caller holds its row lock."""
    invoice.state = standing_of(invoice)
    closed = invoice.kind == InvoiceKind.INVOICE and invoice.open_amount <= 0
    invoice.settled_at = (invoice.settled_at or now) if closed else None
    invoice.save(
        update_fields=[
            "state",
            "settled_at",
            "sent_at",
            "paid_amount",
            "credited_amount",
            "written_off_amount",
            "write_off_reason",
        ]
    )
