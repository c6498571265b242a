"""The invoice desk's view of a month: its companies by step, what they wait for, and how they compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from billing.invoices.models import Invoice, InvoiceKind, InvoiceState, MonthClose, Step
from billing.plans.models import Subscription
from billing.plans.periods import month_of
from tenants.models import Company

ZERO = Decimal("0.00")
WAITING = ~Q(blocks=[]) & ~Q(step=Step.DONE)


@dataclass
class StepSum:
    """The companies of a month at one step. `waiting` are those that a person has to help."""

    step: Step
    companies: int = 0
    waiting: int = 0
    net: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Former:
    """The net amount of a company's invoice for the month before."""

    net: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class MonthRow:
    month: MonthClose
    plan: Subscription | None
    former: Former | None

    @property
    def net(self) -> Decimal | None:
        return self.month.invoice.tax_exclusive_amount if self.month.invoice else None

    @property
    def change(self) -> Decimal | None:
        """Against the month before, as a share of it; None when there is nothing to compare with."""
        if self.former is None or not self.former.net or self.month.invoice is None:
            return None
        if self.former.currency != self.month.invoice.currency:
            return None
        return self.month.invoice.tax_exclusive_amount / self.former.net - 1

    @property
    def may_be_approved(self) -> bool:
        invoice = self.month.invoice
        return self.month.step == Step.APPROVE and invoice is not None and invoice.state == InvoiceState.DRAFT

    @property
    def may_be_collected_again(self) -> bool:
        invoice, step = self.month.invoice, self.month.step
        is_before = step in {Step.REVIEW, Step.APPROVE} or (step == Step.ISSUE and not (invoice and invoice.number))
        return is_before or (step == Step.DONE and (invoice is None or invoice.state == InvoiceState.CORRECTED))

    def starts_later(self, now: datetime) -> bool:
        """Whether the reports of its last messages are still waited for."""
        return self.month.step == Step.COLLECT and not self.month.blocks and self.month.due_at > now


def months_known() -> list[date]:
    """The first days of all months that were begun, newest first."""
    return list(MonthClose.objects.order_by("-first").values_list("first", flat=True).distinct()[:36])


def step_sums(first: date) -> list[StepSum]:
    """Every step with its companies and sums. One query."""
    sums = {step: StepSum(step) for step in Step}
    of_month = MonthClose.objects.filter(first=first).values("step", "invoice__currency")
    counted = of_month.annotate(
        companies=Count("pk"), waiting=Count("pk", filter=WAITING), net=Sum("invoice__tax_exclusive_amount")
    )
    for row in counted.order_by("step", "invoice__currency"):
        one = sums[Step(row["step"])]
        one.companies += row["companies"]
        one.waiting += row["waiting"]
        if row["invoice__currency"]:
            one.net[row["invoice__currency"]] = row["net"]
    return list(sums.values())


def total_net(sums: Sequence[StepSum]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in sums:
        for currency, net in one.net.items():
            found[currency] += net
    return dict(found)


def companies_of(first: date, *, step: str = "", words: str = "", is_waiting: bool = False) -> Any:
    """The companies of a month, to be paged by name."""
    months = MonthClose.objects.filter(first=first)
    months = months.filter(step=step) if step else months
    months = months.filter(WAITING) if is_waiting else months
    companies = Company.objects.filter(pk__in=months.values("company"))
    return companies.found_by(words) if words else companies


def month_rows(first: date, companies: Sequence[Company]) -> list[MonthRow]:
    """One row a company, in the order given. Three queries."""
    months = MonthClose.objects.filter(first=first, company__in=companies).select_related("company", "invoice")
    by_company = {month.company_id: month for month in months}
    plans = plans_of(first, companies)
    former = former_of(first, companies)
    return [
        MonthRow(by_company[company.pk], plans.get(company.pk), former.get(company.pk))
        for company in companies
        if company.pk in by_company
    ]


def plans_of(first: date, companies: Sequence[Company]) -> Mapping[int, Subscription]:
    """The last plan each had in the month."""
    period = month_of(first)
    running = Subscription.objects.between(period.first, period.last).filter(company__in=companies)
    return {one.company_id: one for one in running.select_related("plan")}


def former_of(first: date, companies: Sequence[Company]) -> Mapping[int, Former]:
    before = month_of(first - timedelta(days=1))
    issued = Invoice.objects.issued().filter(kind=InvoiceKind.INVOICE, company__in=companies, period_first=before.first)
    standing = issued.exclude(state=InvoiceState.CORRECTED).order_by("pk")
    return {one.company_id: Former(one.tax_exclusive_amount, one.currency) for one in standing}
