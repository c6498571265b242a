"""Workers that are killed in the middle of a broadcast, and feeders that race: nobody twice or lost, no cent more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from billing.plans.budget_models import BudgetMonth
from billing.rating.lines import refresh
from messaging.broadcasts import feeding, freezing, running
from messaging.broadcasts.costs import costs_of
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.totals import totals_of
from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.message_templates.models import MessageTemplate
from messaging.messages import pump
from messaging.messages.models import Lane, Message
from messaging.messages.status import record_reports
from tenants.context import company_context
from tenants.models import Company
from tenants.services import companies, opening
from tests.messaging.broadcasts.conftest import (
    forget_prices,
    limit,
    make_broadcast,
    make_person,
    make_template,
    started,
    with_prices,
)
from tests.messaging.broadcasts.crowd import make_crowd
from tests.messaging.messages.conftest import make_channel
from tests.messaging.messages.test_crash import SlowProvider, reach_database, slow_provider

__all__ = ["slow_provider"]
ROWS = 600
# So many more requests are let through before each kill; the first dies while it prepares.
KILLS = (0, 15, 40, 90, 120)
WORKER = """
import sys
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from messaging.broadcasts import running
from messaging.message_templates.models import MessageTemplate
from messaging.messages import pump
from messaging.messages.models import Lane
from tenants.context import company_context
from tenants.models import Company
company = Company.objects.get(pk=sys.argv[1])
ahead = timedelta(seconds=float(sys.argv[2]))
clock = lambda: timezone.now() + ahead
print("ready", flush=True)
with company_context(company):
    while True:
        running.run(clock=clock)
        pump.deliver(company, Lane.BULK, clock=clock)
"""
PRICED = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}


def notice() -> MessageTemplate:
    """A utility template: where nobody reports of an attempt, it is sent again by itself."""
    return make_template(category="UTILITY")


@pytest.fixture
def company(committed: object) -> Iterator[Company]:
    made = companies.create_company(address_name="crash", name="Crash", country="DE", vat_id="DE136695976")
    yield opening.open_company(made)
    forget_prices()


def test_workers_that_are_killed_write_to_everybody_once_and_count_every_cent(
    company: Company, slow_provider: SlowProvider, settings: Any
) -> None:
    settings.WHATSAPP_API_URL = slow_provider.url
    with_prices(company)
    with company_context(company):
        make_crowd(ROWS)
        broadcast = started(make_broadcast(make_channel(company, messages_per_second=200), notice()))
    for kill, more in enumerate(KILLS):
        run_and_kill(company, slow_provider, after=more, ahead=kill * 20 * 60)
        report_all(company, slow_provider)
    finish(company, slow_provider)
    sent = Counter(reference.partition(".")[0] for reference in slow_provider.taken)
    assert (len(sent), max(sent.values())) == (ROWS, 1)
    with company_context(company):
        totals = totals_of(broadcast)
        refresh(company, now=timezone.now())
        costs = costs_of(Broadcast.objects.get())
    assert (totals.targeted, totals.accepted, totals.delivered) == (ROWS, ROWS, ROWS)
    assert (costs.estimated, costs.actual) == (Decimal("60.00"), Decimal("60.00"))
    assert BudgetMonth.objects.filter(company=company).aggregate(Sum("reserved"))["reserved__sum"] == 0


def run_and_kill(company: Company, provider: SlowProvider, *, after: int, ahead: float) -> None:
    """A worker process that dies without a word, after so many more requests."""
    before = len(provider.taken)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(company.pk), str(ahead)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **reach_database(provider)},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    with worker, worker.stdout:
        try:
            worker.stdout.readline()
            provider.wait_for(before + after)
        finally:
            worker.kill()


def report_all(company: Company, provider: SlowProvider) -> None:
    """The webhooks of all that was taken, also of what no worker lived to write down."""
    with company_context(company):
        channel = Channel.objects.get()
        reports = [
            StatusReport(f"wamid.{reference}", Report.DELIVERED, timezone.now(), reference=reference, pricing=PRICED)
            for reference in provider.taken
        ]
        record_reports(channel, reports)


def finish(company: Company, provider: SlowProvider) -> None:
    """What is left, hours later: leases are over and every outcome is known."""
    with company_context(company):
        for hours in range(2, 12):
            later = timezone.now() + timedelta(hours=hours)
            running.run(clock=lambda later=later: later)
            pump.deliver(company, Lane.BULK, clock=lambda hours=hours: timezone.now() + timedelta(hours=hours))
            report_all(company, provider)
            if Broadcast.objects.get().state == BroadcastState.COMPLETED:
                return
    raise AssertionError("the broadcast did not end")


def test_feeders_of_several_broadcasts_never_pass_the_budget(company: Company) -> None:
    limit(company, "4.95")
    with_prices(company)
    with company_context(company):
        channel, template = make_channel(company), make_template()
        for number in range(40):
            make_person(number)
        broadcasts = [started(make_broadcast(channel, template, name=str(number))) for number in range(3)]
        for one in broadcasts:
            one.refresh_from_db()
            freezing.freeze(one, {"49": "Germany"})
    together = Barrier(3)

    def work(number: int) -> None:
        try:
            with company_context(company):
                together.wait()
                feeding.feed(broadcasts[number].pk, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    with company_context(company):
        assert Message.objects.count() == 49
    assert BudgetMonth.objects.get(company=company).reserved == Decimal("4.90")
