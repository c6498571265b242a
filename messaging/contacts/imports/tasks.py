"""Imports are worked on some seconds at a time; the row says where to go on."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from messaging.contacts.imports import services
from messaging.contacts.imports.models import ContactImport
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due

AGAIN = timedelta(seconds=30)


@company_task
def go_on_importing(company: Company) -> None:
    """Check and import what waits."""
    round = due.begin(services.KIND, company)
    is_left = services.go_on()
    # While another worker is at one of them, that is not the end: it may die.
    is_busy = is_left or ContactImport.objects.filter(state__in=services.BUSY).exists()
    due.settle(round, timezone.now() + AGAIN if is_busy else None)
    if is_left:
        go_on_importing.nudge(company)


def _nudge(company: Company | None) -> None:
    if company is not None:
        go_on_importing.nudge(company)


due.on_due(services.KIND, _nudge)
