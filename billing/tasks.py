"""Background work of billing. Rows say what is to do; these only look after them."""

from __future__ import annotations

from django.utils import timezone

from billing.invoices import finishing, month, sending
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
    rating = month.rating()
    if company is None or rating is None:
        return
    round = due.begin(month.KIND, company)
    next_at = month.close_company(company, now=timezone.now(), tools=month.Tools(rating))
    due.settle(round, next_at)


@shared_task
def finish_invoices(company_id: int) -> None:
    """Issue a company's approved corrections, and see what became of its mails."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(sending.KIND, company)
    due.settle(round, finishing.finish_company(company, now=timezone.now()))


def _nudge_month(company: Company | None) -> None:
    if company is not None:
        close_month.nudge(company.pk)


def _nudge_finishing(company: Company | None) -> None:
    if company is not None:
        finish_invoices.nudge(company.pk)


due.on_due(month.KIND, _nudge_month)
due.on_due(sending.KIND, _nudge_finishing)
