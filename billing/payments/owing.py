"""Who owes what, and since when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F

from billing.invoices.models import SETTLED, Invoice
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
    """What a company owes in one currency. `credit` is its own: it came in and pays nothing yet, or paid an invoice
    that was corrected afterwards."""

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


def balances(today: date, company: Company | None = None) -> list[Balance]:
    """One row a company and currency, who owes most that is late first; of one company, or of all."""
    found: dict[tuple[int, str], Balance] = {}
    for item in open_items(today, company):
        invoice = item.invoice
        key = (invoice.company_id, invoice.currency)
        balance = found.setdefault(key, Balance(invoice.company, invoice.currency))
        balance.owed += item.open_amount
        balance.invoices += 1
        balance.ages[_age(item.days_overdue)] += item.open_amount
        balance.oldest_due_date = balance.oldest_due_date or invoice.due_date
        if item.days_overdue:
            balance.overdue += item.open_amount
    credits = _credits(company)
    owners = {balance.company.pk: balance.company for balance in found.values()}
    owners |= Company.objects.prefetch_related("domains").in_bulk({pk for pk, _ in credits} - set(owners))
    for (pk, currency), credit in credits.items():
        found.setdefault((pk, currency), Balance(owners[pk], currency)).credit = credit
    return sorted(found.values(), key=lambda balance: (-balance.overdue, -balance.owed, balance.company.name))


def _age(days: int) -> int:
    return 0 if days <= 0 else next((age for age in AGES[1:] if days <= age), AGES[-1])


def _credits(company: Company | None) -> dict[tuple[int, str], Decimal]:
    """By company's key and currency, money that pays nothing: never given to an invoice, or more than is left of one.
    One query."""
    loose = Payment.objects.filter(reversed_at=None, allocated_amount__lt=F("amount"))
    overpaid = Invoice.objects.overpaid()
    if company is not None:
        loose, overpaid = loose.filter(company=company), overpaid.filter(company=company)
    of_payments = loose.values_list("company_id", "currency", F("amount") - F("allocated_amount"))
    of_invoices = overpaid.values_list("company_id", "currency", SETTLED - F("tax_inclusive_amount"))
    credits: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for key, currency, rest in of_payments.union(of_invoices, all=True):
        credits[key, currency] += rest
    return credits
