"""What the demo companies did before today beside their conversations: readers, a broadcast, usage, invoices."""

from __future__ import annotations

from datetime import datetime, time

from django.db import transaction

from billing.invoices.documents import Build, build as build_document
from config.demo import closing, crowd, sent, usage
from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from tenants.context import company_context
from tenants.models import Company


def tell_months(
    channels: dict[str, Channel], companies: dict[str, Company], *, now: datetime, build: Build = build_document
) -> list[str]:
    """Load what is not there yet; the numbers of the invoices that were made. A second time it is nothing."""
    since = closing.past_months(now)[0].first
    for name, company in companies.items():
        _tell(company, channels[name], name, datetime.combine(since, time(9), usage.ZONE), now)
    return closing.close_months(companies, now=now, build=build)


@transaction.atomic
def _tell(company: Company, channel: Channel, name: str, since: datetime, now: datetime) -> None:
    """All of a company or nothing, so that no pump meets what was sent days ago."""
    with company_context(company):
        if Broadcast.objects.exists():
            return
        Company.objects.filter(pk=company.pk).update(created_at=since, opened_at=since)
        usage.use_for_months(company, channel, name, since=since.date(), now=now)
        crowd.gather(crowd.CROWDS[name], since=since, now=now)
        sent.send_once(channel, name, now=now)
