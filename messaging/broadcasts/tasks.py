"""Broadcasts that are due: begun at their time, prepared, fed, some seconds at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from messaging.broadcasts import running
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.services import KIND
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due

AGAIN = timedelta(seconds=5)
RUNNING = (BroadcastState.SCHEDULED, BroadcastState.PREPARING, BroadcastState.SENDING)


@company_task
def run_broadcasts(company: Company) -> int:
    """Bring the company's broadcasts on; how many messages were made."""
    round = due.begin(KIND, company)
    ran = running.run()
    due.settle(round, ran.again_at or _again_at())
    if ran.at_once:
        run_broadcasts.nudge(company)
    return ran.made


def _again_at() -> datetime | None:
    """While another worker is at one of them, that is not the end: it may die."""
    runs = Broadcast.objects.filter(state__in=RUNNING).exists()
    return timezone.now() + AGAIN if runs else None


def _nudge(company: Company | None) -> None:
    if company is not None:
        run_broadcasts.nudge(company)


due.on_due(KIND, _nudge)
