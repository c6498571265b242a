"""Looking after a company's channels every few hours: how each stands at its provider, and who listens."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from messaging.channels import services
from messaging.channels.models import Channel
from messaging.channels.services import CHECK
from tenants.company_task import company_task
from tenants.models import Company
from tenants.services import due

# Between two looks; spread, so that companies do not all ask at once.
SHORTEST, LONGEST = 3.5, 4.5
AGAIN_SOON = timedelta(minutes=20)
# A worker is handed back after so long, in seconds: a provider that is silent costs a dozen for each channel.
TURN = 20.0


@company_task
def check_channels(company: Company) -> int:
    """Ask the providers about channels nobody asked about for hours; how many answered."""
    round = due.begin(CHECK, company)
    now = timezone.now()
    asked_before = now - timedelta(hours=SHORTEST)
    ends, answered, next_at = time.monotonic() + TURN, 0, None
    # Whoever was asked about longest ago comes first, answered or not: silent ones must not take every turn.
    for channel in sorted(Channel.objects.usable().order_by("pk"), key=_asked_at):
        if channel.checked_at is not None and channel.checked_at > asked_before:
            next_at = _sooner(next_at, channel.checked_at + timedelta(hours=SHORTEST))
        elif time.monotonic() > ends:
            next_at = now
        else:
            answered += _is_answered(channel)
            next_at = _sooner(next_at, now + _wait(channel))
    due.settle(round, next_at)
    return answered


# It only looks; a company that is opened again finds its channels as they are.
check_channels.runs_while_suspended = True


def _asked_at(channel: Channel) -> datetime:
    silent_at = parse_datetime(channel.health.get("trouble", {}).get("at", ""))
    return max((at for at in (channel.checked_at, silent_at) if at), default=channel.created_at)


def _is_answered(channel: Channel) -> bool:
    is_answered = services.check_health(channel) is not None
    if is_answered:
        services.check_account(channel)
    return is_answered


def _wait(channel: Channel) -> timedelta:
    """A provider that was away is asked again soon; one that refused says the same for hours."""
    if channel.health.get("trouble", {}).get("code") in services.PASSING:
        return AGAIN_SOON
    return timedelta(hours=random.uniform(SHORTEST, LONGEST))  # noqa: S311  (jitter)


def _sooner(known: datetime | None, at: datetime) -> datetime:
    return min(known, at) if known else at


def _nudge(company: Company | None) -> None:
    if company is not None:
        check_channels.nudge(company)


due.on_due(CHECK, _nudge)
