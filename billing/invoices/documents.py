"""From an invoice's rows to its document: plain values, then XML, rules and page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.db.models import Sum
from django.utils.translation import gettext as _, override

from billing.einvoice import tax
from billing.einvoice.cii import cii
from billing.einvoice.document import (
    CREDIT,
    INVOICE,
    BankAccount,
    Document,
    DocumentLine,
    Party,
    Preceding,
    TaxShare,
    Totals,
)
from billing.einvoice.page import LOCALES
from billing.einvoice.pdf import pdf
from billing.einvoice.rules import check
from billing.invoices.models import Invoice, InvoiceKind, InvoiceLine, IssuedDocument

ZERO = Decimal(0)
# UN/ECE Recommendation 20.
UNITS = {"message": "C62", "seat": "C62", "month": "MON"}


@dataclass(frozen=True, slots=True)
class Built:
    """A document that has passed the rules."""

    xml: bytes
    pdf: bytes
    report: dict[str, Any]


Build = Callable[[Document], Built]


def build(document: Document) -> Built:
    """XML, schema and rules, page. RulesRefused or RulesNotRun unless all of it went well. About 60 ms."""
    xml = cii(document)
    report = check(document, xml)
    return Built(xml, pdf(document, xml), report.as_json())


def document_of(invoice: Invoice) -> Document:
    """The document an invoice with number and dates is."""
    totals = Totals(
        line_total=invoice.tax_exclusive_amount,
        tax_exclusive_amount=invoice.tax_exclusive_amount,
        tax_amount=invoice.tax_amount,
        tax_inclusive_amount=invoice.tax_inclusive_amount,
        amount_due=invoice.tax_inclusive_amount,
    )
    is_invoice = invoice.kind == InvoiceKind.INVOICE
    seller, after = invoice.seller, _taken_before(invoice)
    with override(invoice.language):
        return Document(
            type_code=INVOICE if is_invoice else CREDIT,
            number=invoice.number or "",
            issue_date=_known(invoice.issue_date),
            due_date=invoice.due_date,
            currency=invoice.currency,
            period=(invoice.period_first, invoice.period_last),
            seller=_seller(invoice),
            buyer=_buyer(invoice),
            lines=tuple(_line(line, after.get(line.corrects_id, ZERO)) for line in invoice.lines.all()),
            tax_shares=tuple(_share(share, invoice.language) for share in invoice.tax_shares),
            totals=totals,
            terms=_terms(invoice),
            buyer_reference=invoice.buyer_reference,
            order_number=invoice.order_number,
            note=_note(invoice),
            bank=BankAccount(seller["iban"], seller["bic"], seller["name"]) if is_invoice else None,
            corrects=_preceding(invoice),
            language=invoice.language,
            title=title_of(invoice),
            letter_foot=_foot(seller),
        )


def _known(day: date | None) -> date:
    if day is None:
        raise ValueError("A document needs its issue date")
    return day


def title_of(invoice: Invoice) -> str:
    return {
        InvoiceKind.INVOICE: _("Invoice"),
        InvoiceKind.CORRECTION: _("Invoice correction"),
        InvoiceKind.CANCELLATION: _("Cancellation invoice"),
    }[InvoiceKind(invoice.kind)]


def _not_taxable_here(invoice: Invoice) -> bool:
    return bool(invoice.tax["category"] == tax.Category.NOT_SUBJECT)


def _seller(invoice: Invoice) -> Party:
    """With VAT id and tax number; where nothing is taxable here, BR-O-02 forbids every VAT id in the file."""
    facts = invoice.seller
    return Party(
        name=facts["name"],
        street=facts["street"],
        street_more="",
        postcode=facts["postcode"],
        city=facts["city"],
        country=facts["country"],
        vat_id="" if _not_taxable_here(invoice) else facts["vat_id"],
        tax_number=facts["tax_number"],
        register=facts["register"],
        email=facts["email"],
    )


def _buyer(invoice: Invoice) -> Party:
    facts = invoice.buyer
    return Party(
        name=facts["name"],
        street=facts["street"],
        street_more=facts["street_more"],
        postcode=facts["postcode"],
        city=facts["city"],
        country=facts["country"],
        vat_id="" if _not_taxable_here(invoice) else facts["vat_id"],
        email=facts["email"],
    )


def _taken_before(invoice: Invoice) -> dict[int | None, Decimal]:
    """How much of each corrected line, by its key, the corrections before this one took back."""
    if invoice.corrects_id is None:
        return {}
    earlier = InvoiceLine.objects.filter(
        invoice__corrects=invoice.corrects_id, invoice__number__isnull=False, invoice__lt=invoice.pk
    )
    return dict(earlier.order_by().values_list("corrects").annotate(Sum("quantity")))


def _line(line: InvoiceLine, after: Decimal) -> DocumentLine:
    return DocumentLine(
        position=line.position,
        name=line.description,
        quantity=_short(line.quantity),
        unit=UNITS[line.unit],
        unit_price=_short(line.unit_price),
        net=line.net,
        category=line.tax_category,
        rate=_short(line.tax_rate or Decimal(0)),
        service_from=line.service_from,
        service_to=line.service_to,
        after=_short(after),
    )


def _short(value: Decimal) -> Decimal:
    """Without the zeros a column adds."""
    return value.normalize() if value else Decimal(0)


def _share(share: dict[str, str], language: str) -> TaxShare:
    return TaxShare(
        category=share["category"],
        rate=_short(Decimal(share["rate"])),
        basis=Decimal(share["basis"]),
        tax=Decimal(share["tax"]),
        reason_code=share["reason_code"],
        reason=tax.reason(share["category"], language),
    )


def _preceding(invoice: Invoice) -> Preceding | None:
    if invoice.corrects is None:
        return None
    return Preceding(str(invoice.corrects.number), _known(invoice.corrects.issue_date))


def _terms(invoice: Invoice) -> str:
    if invoice.kind != InvoiceKind.INVOICE:
        return _("The amount is set off against this invoice; what was paid already is given back.")
    if invoice.due_date is None:
        return ""
    amount = _money(invoice)
    return _("Please pay %(amount)s by %(day)s.") % {
        "amount": amount,
        "day": day_in(invoice.due_date, invoice.language),
    }


def _note(invoice: Invoice) -> str:
    if invoice.corrects is None:
        return ""
    facts = {
        "number": invoice.corrects.number,
        "day": day_in(_known(invoice.corrects.issue_date), invoice.language),
        "reason": invoice.reason,
    }
    if invoice.kind == InvoiceKind.CANCELLATION:
        return _("This takes back the whole invoice %(number)s of %(day)s. Reason: %(reason)s") % facts
    return _("This corrects the invoice %(number)s of %(day)s. Reason: %(reason)s") % facts


def _foot(seller: dict[str, str]) -> tuple[str, ...]:
    directors = _("Directors: %(names)s") % {"names": seller["directors"]} if seller["directors"] else ""
    return tuple(text for text in (seller["register"], directors) if text)


def _money(invoice: Invoice) -> str:
    return format_currency(invoice.tax_inclusive_amount, invoice.currency, locale=LOCALES[invoice.language])


def day_in(day: date, language: str) -> str:
    return format_date(day, "long", locale=LOCALES[language])


def store(invoice: Invoice, built: Built) -> IssuedDocument:
    """Keep the bytes, with their hashes, in the issuing transaction."""
    return IssuedDocument.objects.create(
        invoice=invoice,
        number=str(invoice.number),
        xml=built.xml,
        xml_sha256=hashlib.sha256(built.xml).hexdigest(),
        pdf=built.pdf,
        pdf_sha256=hashlib.sha256(built.pdf).hexdigest(),
        report=built.report,
    )
