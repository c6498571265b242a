from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F

from tenants.models import Company

if TYPE_CHECKING:
    from billing.invoices.models import Invoice

OPEN = F("tax_inclusive_amount") - F("paid_amount") - F("credited_amount") - F("written_off_amount")
MONEY = models.DecimalField(max_digits=14, decimal_places=2)


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """The one way to read invoices; a company's pages begin with `of_company`."""

    def of_company(self, company: Company) -> InvoiceQuerySet:
        """What a company may see of its own: issued documents, newest first. Drafts are the operator's."""
        return self.filter(company=company).issued().order_by("-id")

    def issued(self) -> InvoiceQuerySet:
        return self.filter(number__isnull=False)

    def with_open(self) -> InvoiceQuerySet:
        """Each with `left_to_pay`, reckoned by the database."""
        return self.annotate(left_to_pay=models.ExpressionWrapper(OPEN, output_field=MONEY))

    def owing(self) -> InvoiceQuerySet:
        """Issued invoices that are not paid, oldest due date first."""
        return self.issued().filter(kind="invoice").with_open().filter(left_to_pay__gt=0).order_by("due_date", "pk")

    def overdue(self, today: date) -> InvoiceQuerySet:
        return self.owing().filter(due_date__lt=today)

    def for_list(self) -> InvoiceQuerySet:
        """With the company and the invoice it corrects, so that a row asks nothing more."""
        return self.select_related("company", "corrects").prefetch_related("company__domains")
