"""Background work of billing. Rows say what is to do; these only look after them."""

from __future__ import annotations

from django.utils import timezone

from billing.invoices import month
from tenants.company_task import shared_task
from tenants.models import Company
from tenants.services import due


@shared_task
def begin_months() -> int:
    """Open last month for every company, once; asked every hour, since a lost hour must not lose a month."""
    if month.rating() is None:
        return 0
    now = timezone.now()
    return month.begin_months(month.last_month(now), now=now)


@shared_task
def close_month(company_id: int) -> None:
    """Take a company's months as far as they go."""
    company = Company.objects.filter(pk=company_id).first()
    charges_for = month.rating()
    if company is None or charges_for is None:
        return
    round = due.begin(month.KIND, company)
    next_at = month.close_company(company, now=timezone.now(), tools=month.Tools(charges_for))
    due.settle(round, next_at)


def _nudge(company: Company | None) -> None:
    if company is not None:
        close_month.nudge(company.pk)


due.on_due(month.KIND, _nudge)
