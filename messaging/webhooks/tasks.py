"""Working on stored webhook bodies: asked for when one is stored, asked again by the sweep."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone

from messaging.webhooks import processing, tidying
from messaging.webhooks.storing import KIND
from messaging.webhooks.tidying import TIDY, TIDY_EVERY
from tenants.company_task import CompanyTask, company_task
from tenants.models import Company
from tenants.services import due


@company_task(queue="webhooks")
def process_webhooks(company: Company) -> int:
    """Work on what providers have sent to this company."""
    return processing.process(company)


# What people write to a suspended company is still kept in its threads.
process_webhooks.runs_while_suspended = True


@company_task
def tidy_webhooks(company: Company) -> None:
    """Drop old bodies, and come again tomorrow while there are any."""
    round = due.begin(TIDY, company)
    now = timezone.now()
    more = tidying.tidy(now)
    due.settle(round, now + (SOON if more else TIDY_EVERY) if more or tidying.has_any() else None)


tidy_webhooks.runs_while_suspended = True
SOON = timedelta(minutes=1)


def _nudge(task: CompanyTask, company: Company | None) -> None:
    if company is not None:
        task.nudge(company)


due.on_due(KIND, partial(_nudge, process_webhooks))
due.on_due(TIDY, partial(_nudge, tidy_webhooks))
