"""Broadcasts that are due: begun at their time, prepared, fed, some seconds at a time."""

from __future__ import annotations

from messaging.broadcasts import running
from messaging.broadcasts.services import KIND
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due


@company_task
def run_broadcasts(company: Company) -> int:
    """Bring the company's broadcasts on; how many messages were made."""
    round = due.begin(KIND, company)
    ran = running.run()
    due.settle(round, ran.again_at)
    if ran.at_once:
        run_broadcasts.nudge(company)
    return ran.made


def _nudge(company: Company | None) -> None:
    if company is not None:
        run_broadcasts.nudge(company)


due.on_due(KIND, _nudge)
