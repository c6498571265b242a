"""Background work of billing. Rows say what is behind; these only bring it up to date."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.utils import timezone

from billing.invoices import books, finishing, month, sending
from billing.plans import services as plans
from billing.plans.periods import today
from billing.rating.charges import charges_for, claim, release
from billing.rating.lines import refresh
from billing.usage.metering import DELAY, KIND
from billing.usage.rollup import is_behind
from tenants.company_task import shared_task
from tenants.models import Company
from tenants.services import due

# Rating and invoicing know each other by Charge alone.
RATING = month.Rating(charges_for, claim, release)


@shared_task
def rate_usage(company_id: int) -> None:
    """Bring a company's days, lines and budget up to date with its usage records; again soon while more come."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(KIND, company)
    refresh(company, now=timezone.now())
    due.settle(round, timezone.now() + DELAY if is_behind(company) else None)


@shared_task
def count_seats() -> None:
    """Note the most people each company has in the month."""
    plans.count_seats(today(timezone.now()))


@shared_task
def begin_months() -> int:
    """Open last month for every company, once; asked every hour, since a lost hour must not lose a month."""
    now = timezone.now()
    return month.begin_months(month.last_month(now), now=now)


@shared_task
def close_month(company_id: int) -> None:
    """Take a company's months as far as they go."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(month.KIND, company)
    next_at = month.close_company(company, now=timezone.now(), tools=month.Tools(RATING))
    due.settle(round, next_at)


@shared_task
def finish_invoices(company_id: int) -> None:
    """Issue a company's approved corrections, and see what became of its mails."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(sending.KIND, company)
    due.settle(round, finishing.finish_company(company, now=timezone.now()))


@shared_task
def check_books() -> None:
    """Read every document and count all usage again; staff ask for it."""
    round = due.begin(books.KIND)
    books.check_books(timezone.now())
    due.settle(round, None)


def _nudge(ask: Callable[[int], None], company: Company | None) -> None:
    if company is not None:
        ask(company.pk)


due.on_due(KIND, partial(_nudge, rate_usage.nudge))
due.on_due(month.KIND, partial(_nudge, close_month.nudge))
due.on_due(sending.KIND, partial(_nudge, finish_invoices.nudge))
due.on_due(books.KIND, lambda company: check_books.nudge())
