"""What no official rule asks and still makes an invoice wrong."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from billing.einvoice.document import INVOICE, Document, DocumentLine
from billing.einvoice.rule_words import Finding

CENT = Decimal("0.01")


def own_findings(document: Document) -> list[Finding]:
    """Quantity times price, VAT to the cent, due date, periods, and addresses a letter could be sent to."""
    return [*_dates(document), *_addresses(document), *_lines(document.lines), *_taxes(document)]


def _dates(document: Document) -> Iterator[Finding]:
    if document.type_code != INVOICE:
        return
    if document.due_date is None:
        yield Finding("OWN-DUE", "BT-9", "An invoice without a due date")
    elif document.due_date < document.issue_date:
        yield Finding("OWN-DUE-BEFORE", "BT-9", f"{document.due_date} is before {document.issue_date}")


def _addresses(document: Document) -> Iterator[Finding]:
    for side, party in (("BG-5", document.seller), ("BG-8", document.buyer)):
        if not (party.name and party.street and party.city):
            yield Finding("OWN-ADDRESS", side, "Name, street or town is missing")


def _lines(lines: tuple[DocumentLine, ...]) -> Iterator[Finding]:
    for line in lines:
        before, now = line.after * line.unit_price, (line.after + line.quantity) * line.unit_price
        expected = now.quantize(CENT, ROUND_HALF_UP) - before.quantize(CENT, ROUND_HALF_UP)
        if line.net != expected:
            yield Finding("OWN-NET", f"BT-131, line {line.position}", f"{line.net} instead of {expected}")
        if line.service_to < line.service_from:
            yield Finding("OWN-PERIOD", f"BT-135, line {line.position}", "The period ends before it begins")


def _taxes(document: Document) -> Iterator[Finding]:
    """The official rules let VAT be off by as much as a whole euro. A correction's VAT is what is left of the
    invoice's, so that parts never give back a cent more."""
    if document.type_code != INVOICE:
        return
    for share in document.tax_shares:
        lines = [line.net for line in document.lines if (line.category, line.rate) == (share.category, share.rate)]
        expected = (sum(lines, Decimal(0)) * share.rate / 100).quantize(CENT, ROUND_HALF_UP)
        if share.tax != expected:
            yield Finding("OWN-VAT", f"BT-117, {share.category} {share.rate}", f"{share.tax} instead of {expected}")
