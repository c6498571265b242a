"""What stands on the page, in the document's language: words, dates and amounts as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from django.utils.translation import gettext as _, override

from billing.einvoice.document import INVOICE, Document, DocumentLine, Party, TaxShare
from billing.einvoice.tax import Category
from tenants.lib.countries import names

# British dates in English: 3 November 2026 is not read as 11 March anywhere.
LOCALES = {"de": "de_DE", "en": "en_GB"}


def page_of(document: Document) -> dict[str, Any]:
    """The template's data."""
    with override(document.language):
        return _Page(document).data()


class _Page:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.locale = LOCALES[document.language]

    def data(self) -> dict[str, Any]:
        document = self.document
        return {
            "language": document.language,
            "title": document.title,
            "number": document.number,
            "seller": {"name": document.seller.name},
            "return_line": " · ".join(
                [
                    document.seller.name,
                    document.seller.street,
                    f"{document.seller.postcode} {document.seller.city}",
                ]
            ),
            "buyer": self.address(document.buyer),
            "facts": self.facts(),
            "intro": [document.note] if document.note else [],
            "lines": [self.line(line) for line in document.lines],
            "sums": self.sums(),
            "grand": [self.grand_label(), self.money(document.totals.amount_due)],
            "tax_note": " ".join(share.reason for share in document.tax_shares if share.reason),
            "payment": self.payment(),
            "closing": "" if document.bank else document.terms,
            "foot": self.foot(),
            "words": {
                "page": _("Page {page} of {pages}"),
                "columns": ["", _("Service rendered"), _("Quantity"), _("Price each"), _("Amount")],
                "attachment": _("The same invoice as data, EN 16931"),
            },
        }

    def address(self, party: Party) -> list[str]:
        """Country last and only abroad, as the post wants it."""
        place = f"{party.postcode} {party.city}".strip()
        lines = [party.name, party.street, party.street_more, place]
        if party.country != self.document.seller.country:
            lines.append(self.country(party.country).upper())
        return [line for line in lines if line]

    def country(self, code: str) -> str:
        return names(self.document.language).get(code, code)

    def facts(self) -> list[list[str]]:
        document = self.document
        first, last = document.period
        facts = [
            (_("Number"), document.number),
            (_("Date"), self.day(document.issue_date)),
            (_("Period of service"), f"{self.short(first)} – {self.short(last)}"),
            (_("Due on"), self.day(document.due_date) if document.due_date else ""),
            (_("Your VAT id"), document.buyer.vat_id),
            (_("Your reference"), document.buyer_reference),
            (_("Your order"), document.order_number),
        ]
        if document.corrects:
            facts.insert(2, (_("Corrects"), document.corrects.number))
            facts.insert(3, (_("Invoice of"), self.day(document.corrects.issue_date)))
        return [[name, value] for name, value in facts if value]

    def line(self, line: DocumentLine) -> dict[str, str]:
        return {
            "position": str(line.position),
            "name": line.name,
            "service": f"{self.short(line.service_from)} – {self.short(line.service_to)}",
            "quantity": format_decimal(line.quantity, "#,##0.######", locale=self.locale),
            "price": self.price(line.unit_price),
            "net": self.money(line.net),
        }

    def sums(self) -> list[list[str]]:
        """Where no VAT is charged there is no rate either; the reason stands below."""
        totals = self.document.totals
        rows = [[_("Net amount"), self.money(totals.tax_exclusive_amount)]]
        charged = [share for share in self.document.tax_shares if share.category == Category.STANDARD]
        return rows + [[self.tax_label(share), self.money(share.tax)] for share in charged]

    def tax_label(self, share: TaxShare) -> str:
        rate = format_percent(share.rate / 100, locale=self.locale, decimal_quantization=False)
        return _("VAT %(rate)s on %(basis)s") % {"rate": rate, "basis": self.money(share.basis)}

    def grand_label(self) -> str:
        return _("Invoice total") if self.document.type_code == INVOICE else _("Amount of the correction")

    def payment(self) -> dict[str, Any] | None:
        document = self.document
        if document.bank is None:
            return None
        iban = document.bank.iban
        return {
            "line": document.terms,
            "facts": [
                ["IBAN", " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))],
                ["BIC", document.bank.bic],
                [_("Reference"), document.number],
            ],
            "holder": _("Account holder: %(name)s") % {"name": document.bank.holder},
        }

    def foot(self) -> list[list[str]]:
        seller = self.document.seller
        ids = [
            _("VAT id %(id)s") % {"id": seller.vat_id} if seller.vat_id else "",
            _("Tax number %(id)s") % {"id": seller.tax_number} if seller.tax_number else "",
            seller.email,
        ]
        return [
            [seller.name, seller.street, f"{seller.postcode} {seller.city}", self.country(seller.country)],
            [*self.document.letter_foot],
            [text for text in ids if text],
        ]

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)

    def short(self, day: date) -> str:
        return format_date(day, "dd.MM.yyyy" if self.document.language == "de" else "d MMM yyyy", locale=self.locale)

    def money(self, amount: Decimal) -> str:
        return format_currency(amount, self.document.currency, locale=self.locale)

    def price(self, amount: Decimal) -> str:
        """With as many places as the price has, at least two."""
        pattern = Locale.parse(self.locale).currency_formats["standard"].pattern.replace("0.00", "0.00####")
        return format_currency(
            amount, self.document.currency, format=pattern, locale=self.locale, currency_digits=False
        )
