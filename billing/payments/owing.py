"""Who owes what, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import CharField, F, Value

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


@dataclass(frozen=True, slots=True)
class Credit:
    """Money of a company's own: it came in on that day and pays nothing, or is more than is left of an invoice
    (`number`, and the day of its issue) that was corrected after it was paid."""

    amount: Decimal
    public_id: str
    number: str
    day: date


@dataclass
class Balance:
    """What a company owes in one currency, and what is its own."""

    company: Company
    currency: str
    owed: Decimal = ZERO
    overdue: Decimal = ZERO
    credits: list[Credit] = field(default_factory=list)
    oldest_due_date: date | None = None
    invoices: int = 0
    ages: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(AGES, ZERO))

    @property
    def credit(self) -> Decimal:
        return sum((one.amount for one in self.credits), ZERO)


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
    for (pk, currency), own in credits.items():
        found.setdefault((pk, currency), Balance(owners[pk], currency)).credits = own
    return sorted(found.values(), key=lambda balance: (-balance.overdue, -balance.owed, balance.company.name))


def _age(days: int) -> int:
    return 0 if days <= 0 else next((age for age in AGES[1:] if days <= age), AGES[-1])


def _credits(company: Company | None) -> dict[tuple[int, str], list[Credit]]:
    """By company's key and currency, money that pays nothing, oldest first. One query."""
    loose, overpaid = Payment.objects.loose(), Invoice.objects.overpaid()
    if company is not None:
        loose, overpaid = loose.filter(company=company), overpaid.filter(company=company)
    keys = ("company_id", "currency", "public_id")
    rest = F("amount") - F("allocated_amount") - F("refunded_amount")
    of_payments = loose.values_list(*keys, "received_date", Value("", CharField()), rest)
    of_invoices = overpaid.values_list(*keys, "issue_date", "number", SETTLED - F("tax_inclusive_amount"))
    return _by_company(of_payments.union(of_invoices, all=True))


def _by_company(rows: Iterable[tuple]) -> dict[tuple[int, str], list[Credit]]:
    credits: dict[tuple[int, str], list[Credit]] = defaultdict(list)
    for company, currency, public_id, day, number, amount in sorted(rows, key=lambda row: (row[3], row[2])):
        credits[company, currency].append(Credit(amount, public_id, number, day))
    return credits
