"""Background work of billing. Rows say what is behind; these only bring it up to date."""

from __future__ import annotations

from django.utils import timezone

from billing.plans import services as plans
from billing.plans.periods import today
from billing.rating.lines import refresh
from billing.usage.metering import KIND
from tenants.company_task import shared_task
from tenants.models import Company
from tenants.services import due


@shared_task
def rate_usage(company_id: int) -> None:
    """Bring a company's days, lines and budget up to date with its usage records."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(KIND, company)
    refresh(company, now=timezone.now())
    due.settle(round, None)


@shared_task
def count_seats() -> None:
    """Note the most people each company has in the month."""
    plans.count_seats(today(timezone.now()))


def _nudge(company: Company | None) -> None:
    if company is not None:
        rate_usage.nudge(company.pk)


due.on_due(KIND, _nudge)
