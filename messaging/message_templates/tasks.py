"""Templates are kept in step every night, besides what webhooks tell."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.utils import timezone

from messaging.channels.models import Channel
from messaging.channels.services import TEMPLATES
from messaging.message_templates import fetching
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due

# UTC: night where our companies are; spread over some hours.
NIGHT_BEGINS, NIGHT_MINUTES = 1, 240
AGAIN_SOON = timedelta(minutes=20)


@company_task
def sync_templates(company: Company) -> int:
    """Take over the templates of every account; how many accounts answered."""
    round = due.begin(TEMPLATES, company)
    channels = fetching.accounts()
    answered = sum(fetching.fetch(channel) for channel in channels)
    due.settle(round, _next(channels))
    return answered


# It only looks.
sync_templates.runs_while_suspended = True


def _next(channels: list[Channel]) -> datetime | None:
    now = timezone.now()
    if not channels:
        return None
    return now + AGAIN_SOON if any(fetching.was_away(channel) for channel in channels) else _tonight(now)


def _tonight(now: datetime) -> datetime:
    begins = (now + timedelta(days=1)).replace(hour=NIGHT_BEGINS, minute=0, second=0)
    return begins + timedelta(minutes=random.randrange(NIGHT_MINUTES))  # noqa: S311  (jitter)


def _nudge(company: Company | None) -> None:
    if company is not None:
        sync_templates.nudge(company)


due.on_due(TEMPLATES, _nudge)
