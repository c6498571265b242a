"""Each issued document carries a hash over its row, its bytes and the hash of the one before: a change shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.invoices.models import Invoice, InvoiceLine, InvoiceSeries, IssuedDocument

ROW = (
    "kind",
    "company_id",
    "corrects_id",
    "reason",
    "currency",
    "language",
    "period_first",
    "period_last",
    "issue_date",
    "due_date",
    "buyer_reference",
    "order_number",
    "seller",
    "buyer",
    "tax",
    "tax_shares",
    "tax_exclusive_amount",
    "tax_amount",
    "tax_inclusive_amount",
    "serial",
    "number",
    "approver_id",
    "approver_name",
    "previous_hash",
)
LINE = (
    "position",
    "charge_key",
    "kind",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "net",
    "tax_category",
    "tax_rate",
    "service_from",
    "service_to",
    "rate_ref",
    "rule_ref",
    "unit_cost",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a series is not what was issued; `what` is gap, chain, row, bytes, document or counter."""

    number: str
    what: str


def digest(invoice: Invoice, document: IssuedDocument) -> str:
    """The hash an invoice must carry."""
    content = {
        "invoice": _values(invoice, ROW),
        "lines": [_values(line, LINE) for line in invoice.lines.all()],
        "xml": document.xml_sha256,
        "pdf": document.pdf_sha256,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _values(row: Invoice | InvoiceLine, names: tuple[str, ...]) -> dict[str, Any]:
    """Amounts and days as text; what is text or a list of texts already stays so."""
    values = {name: getattr(row, name) for name in names}
    return {name: value if isinstance(value, str | int | dict | list) else str(value) for name, value in values.items()}


def verify(series: InvoiceSeries) -> list[Break]:
    """Read a whole series again, bytes included, and name what is not as it was issued."""
    return list(_breaks(series))


def _breaks(series: InvoiceSeries) -> Iterator[Break]:
    serial, previous = 0, ""
    issued = Invoice.objects.filter(series=series).select_related("document").prefetch_related("lines")
    for invoice in issued.order_by("serial").iterator(chunk_size=100):
        number, serial = str(invoice.number), serial + 1
        if invoice.serial != serial:
            yield Break(number, "gap")
            serial = invoice.serial or serial
        if invoice.previous_hash != previous:
            yield Break(number, "chain")
        yield from _own_breaks(invoice, number)
        previous = invoice.hash
    if (series.last_serial, series.last_hash) != (serial, previous):
        yield Break(series.code, "counter")


def _own_breaks(invoice: Invoice, number: str) -> Iterator[Break]:
    document = getattr(invoice, "document", None)
    if document is None:
        yield Break(number, "document")
        return
    for stored, known in ((document.xml, document.xml_sha256), (document.pdf, document.pdf_sha256)):
        if hashlib.sha256(bytes(stored)).hexdigest() != known:
            yield Break(number, "bytes")
    if digest(invoice, document) != invoice.hash:
        yield Break(number, "row")
