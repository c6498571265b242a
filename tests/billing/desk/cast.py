"""A row of everything the desk shows, for pages that are only opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.invoices.models import Invoice, MonthClose
from billing.payments.models import Allocation, Payment, Refund
from billing.rating.models import PriceList, RateCard
from tenants.models import Company
from tests.billing.invoices.cast import OCTOBER, charge, draft


@dataclass
class Desk:
    invoice: Invoice
    month: MonthClose
    payment: Payment
    allocation: Allocation
    refund: Refund
    card: RateCard
    price_list: PriceList


def lay(company: Company) -> Desk:
    """A draft with its month, a payment (a part pays, one was paid back), a card's draft and the list that ships."""
    invoice = draft(company, charge(f"{company.public_id}/2026-10/{'0' * 32}/0"))
    payment = Payment.objects.create(
        company=company,
        amount=Decimal(10),
        currency="EUR",
        received_date=date(2026, 11, 3),
        allocated_amount=Decimal(4),
        refunded_amount=Decimal(1),
    )
    return Desk(
        invoice=invoice,
        month=MonthClose.objects.create(company=company, first=OCTOBER.first, last=OCTOBER.last, invoice=invoice),
        payment=payment,
        allocation=Allocation.objects.create(payment=payment, invoice=invoice, amount=Decimal(4)),
        refund=Refund.objects.create(
            payment=payment, amount=Decimal(1), refund_date=date(2026, 11, 4), external_id="desk:back"
        ),
        card=RateCard.objects.create(
            channel_kind="whatsapp", currency="EUR", label="2027", valid_from=date(2027, 1, 1), file_hash="0" * 64
        ),
        price_list=PriceList.objects.latest("pk"),
    )
