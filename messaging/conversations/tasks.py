"""Waking what was put off: due at the time an agent chose."""

from __future__ import annotations

from messaging.conversations import services
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due


@company_task
def wake_conversations(company: Company) -> int:
    """Open what was put off until now, and say when to look again."""
    round = due.begin(services.WAKE, company)
    woken = services.wake_snoozed()
    due.settle(round, services.next_wake())
    return woken


# An agent finds what was put off when the company is open again.
wake_conversations.runs_while_suspended = True


def _nudge(company: Company | None) -> None:
    if company is not None:
        wake_conversations.nudge(company)


due.on_due(services.WAKE, _nudge)
