"""A document as UN/CEFACT XML (CII), profile EN 16931 of ZUGFeRD / Factur-X."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document as Cii
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from billing.einvoice.document import BankAccount, Document, DocumentLine, Party, TaxShare

GUIDELINE = "urn:cen.eu:en16931:2017"  # BT-24
SEPA_CREDIT_TRANSFER = "58"  # BT-81
NOT_SUBJECT = "O"


def cii(document: Document) -> bytes:
    """The XML. It is written as the document says, right or wrong: whether it may leave the house the rules decide."""
    made = Cii()
    made.context.guideline_parameter.id = GUIDELINE
    made.header.id = document.number
    made.header.type_code = document.type_code
    made.header.issue_date_time = document.issue_date
    if document.note:
        made.header.notes.add(IncludedNote(content=document.note))
    for line in document.lines:
        made.trade.items.add(_line(line))
    _agree(made.trade.agreement, document)
    # BT-72; without a delivery the XML fails its own schema.
    made.trade.delivery.event.occurrence = document.period[1]
    _settle(made.trade.settlement, document)
    return bytes(made.serialize(schema=None))


def _line(line: DocumentLine) -> LineItem:
    item = LineItem()
    item.document.line_id = str(line.position)
    item.product.name = line.name
    item.agreement.net.amount = plain(line.unit_price)
    item.delivery.billed_quantity = (plain(line.quantity), line.unit)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = line.category
    if line.category != NOT_SUBJECT:  # BR-O-05: no rate, not even 0
        item.settlement.trade_tax.rate_applicable_percent = plain(line.rate)
    item.settlement.period.start = line.service_from
    item.settlement.period.end = line.service_to
    item.settlement.monetary_summation.total_amount = plain(line.net)
    return item


def _agree(agreement: Any, document: Document) -> None:
    if document.buyer_reference:
        agreement.buyer_reference = document.buyer_reference
    _party(agreement.seller, document.seller)
    _party(agreement.buyer, document.buyer)
    if document.order_number:
        agreement.buyer_order.issuer_assigned_id = document.order_number


def _party(element: Any, party: Party) -> None:
    element.name = party.name
    element.address.country_id = party.country
    for field, value in (
        ("line_one", party.street),
        ("line_two", party.street_more),
        ("postcode", party.postcode),
        ("city_name", party.city),
    ):
        if value:
            setattr(element.address, field, value)
    if party.register:
        element.legal_organization.id = party.register
    if party.email:
        element.electronic_address.uri_ID = ("EM", party.email)
    for scheme, value in (("VA", party.vat_id), ("FC", party.tax_number)):
        if value:
            element.tax_registrations.add(TaxRegistration(id=(scheme, value)))


def _settle(settlement: Any, document: Document) -> None:
    settlement.payment_reference = document.number  # BT-83
    settlement.currency_code = document.currency
    if document.bank:
        settlement.payment_means.add(_payment(document.bank))
    for share in document.tax_shares:
        settlement.trade_tax.add(_tax(share))
    settlement.period.start, settlement.period.end = document.period
    terms = PaymentTerms(description=document.terms)
    if document.due_date:
        terms.due = document.due_date
    settlement.terms.add(terms)
    sums, totals = settlement.monetary_summation, document.totals
    sums.line_total = plain(totals.line_total)
    sums.tax_basis_total = (plain(totals.tax_exclusive_amount), None)
    sums.tax_total = (plain(totals.tax_amount), document.currency)
    sums.grand_total = (plain(totals.tax_inclusive_amount), None)
    sums.due_amount = plain(totals.amount_due)
    if document.corrects:
        settlement.invoice_referenced_document.issuer_assigned_id = document.corrects.number
        settlement.invoice_referenced_document.issue_date_time = document.corrects.issue_date


def _payment(bank: BankAccount) -> PaymentMeans:
    means = PaymentMeans(type_code=SEPA_CREDIT_TRANSFER)
    means.payee_account.iban = bank.iban
    means.payee_account.account_name = bank.holder
    if bank.bic:
        means.payee_institution.bic = bank.bic
    return means


def _tax(share: TaxShare) -> ApplicableTradeTax:
    tax = ApplicableTradeTax(
        calculated_amount=plain(share.tax),
        type_code="VAT",
        basis_amount=plain(share.basis),
        category_code=share.category,
        rate_applicable_percent=plain(share.rate),
    )
    if share.reason:
        tax.exemption_reason = share.reason
    if share.reason_code:
        tax.exemption_reason_code = share.reason_code
    return tax


def plain(amount: Decimal) -> str:
    """Digits only, never an exponent."""
    return format(amount, "f")
