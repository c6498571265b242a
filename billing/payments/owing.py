"""Who owes what, and since when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F, Sum

from billing.invoices.models import Invoice
from billing.payments.models import Payment
from tenants.models import Company

ZERO = Decimal("0.00")
# Days late, as such lists are read everywhere; the first is not late at all.
AGES = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice that is not paid."""

    invoice: Invoice
    open_amount: Decimal
    days_overdue: int


@dataclass
class Balance:
    """What a company owes in one currency. `credit` came in and belongs to no invoice yet."""

    company: Company
    currency: str
    owed: Decimal = ZERO
    overdue: Decimal = ZERO
    credit: Decimal = ZERO
    oldest_due_date: date | None = None
    invoices: int = 0
    ages: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(AGES, ZERO))


def open_items(today: date, company: Company | None = None) -> list[OpenItem]:
    """Every unpaid invoice, the oldest due date first; of one company, or of all."""
    owing = Invoice.objects.owing().for_list()
    if company is not None:
        owing = owing.filter(company=company)
    return [OpenItem(invoice, invoice.open_amount, invoice.days_overdue(today)) for invoice in owing]


def balances(today: date) -> list[Balance]:
    """One row a company and currency, who owes most that is late first. Two queries."""
    found: dict[tuple[int, str], Balance] = {}
    for item in open_items(today):
        invoice = item.invoice
        key = (invoice.company_id, invoice.currency)
        balance = found.setdefault(key, Balance(invoice.company, invoice.currency))
        balance.owed += item.open_amount
        balance.invoices += 1
        balance.ages[_age(item.days_overdue)] += item.open_amount
        balance.oldest_due_date = balance.oldest_due_date or invoice.due_date
        if item.days_overdue:
            balance.overdue += item.open_amount
    for (company, currency), credit in _credits().items():
        found.setdefault((company.pk, currency), Balance(company, currency)).credit = credit
    return sorted(found.values(), key=lambda balance: (-balance.overdue, -balance.owed, balance.company.name))


def _age(days: int) -> int:
    return 0 if days <= 0 else next((age for age in AGES[1:] if days <= age), AGES[-1])


def _credits() -> dict[tuple[Company, str], Decimal]:
    """Money that came in and pays nothing yet."""
    loose = Payment.objects.filter(reversed_at=None, allocated_amount__lt=F("amount")).select_related("company")
    credits: dict[tuple[Company, str], Decimal] = defaultdict(lambda: ZERO)
    for payment in loose.prefetch_related("company__domains"):
        credits[payment.company, payment.currency] += payment.unallocated_amount
    return credits


def income(first: date, last: date) -> dict[str, Decimal]:
    """What came in between two days, by currency."""
    sums = Payment.objects.filter(reversed_at=None, received_date__range=(first, last)).values("currency")
    return {row["currency"]: row["total"] for row in sums.annotate(total=Sum("amount")).order_by("currency")}
