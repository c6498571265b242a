"""Working on stored webhook bodies: asked for when one is stored, asked again by the sweep."""

from __future__ import annotations

from messaging.webhooks import processing
from messaging.webhooks.storing import KIND
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due


@company_task(queue="webhooks")
def process_webhooks(company: Company) -> int:
    """Work on what providers have sent to this company."""
    return processing.process(company)


# What people write to a suspended company is still kept in its threads.
process_webhooks.runs_while_suspended = True


def _nudge(company: Company | None) -> None:
    if company is not None:
        process_webhooks.nudge(company)


due.on_due(KIND, _nudge)
