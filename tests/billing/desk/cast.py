"""A row of everything the desk shows, for pages that are only opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.invoices.models import Invoice, MonthClose
from billing.payments.models import Payment
from billing.rating.models import PriceList, RateCard
from tenants.models import Company
from tests.billing.invoices.cast import OCTOBER, charge, draft


@dataclass
class Desk:
    invoice: Invoice
    month: MonthClose
    payment: Payment
    card: RateCard
    price_list: PriceList


def lay(company: Company) -> Desk:
    """A draft with its month, a payment, a card's draft and the price list that ships."""
    invoice = draft(company, charge(f"{company.public_id}/2026-10/{'0' * 32}/0"))
    return Desk(
        invoice=invoice,
        month=MonthClose.objects.create(company=company, first=OCTOBER.first, last=OCTOBER.last, invoice=invoice),
        payment=Payment.objects.create(
            company=company, amount=Decimal(10), currency="EUR", received_date=date(2026, 11, 3)
        ),
        card=RateCard.objects.create(
            channel_kind="whatsapp", currency="EUR", label="2027", valid_from=date(2027, 1, 1), file_hash="0" * 64
        ),
        price_list=PriceList.objects.latest("pk"),
    )
