"""Workers that freeze, feed and send, killed at random moments; in the middle Redis forgets everything.

Reports are told after each kill, of all that the provider took. A worker's clock is set past the leases and graces of
those killed before it, so that they end without being waited for.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from random import Random

import redis
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from billing.plans.budget_models import BudgetMonth
from billing.rating.lines import refresh
from messaging.broadcasts import services
from messaging.broadcasts.costs import costs_of
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.totals import totals_of
from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.messages.status import record_reports
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import Company
from tests.benchmarks.broadcast.provider import accepted, wait_for, worker
from tests.benchmarks.broadcast.throughput import priced
from tests.benchmarks.people import NUMBER, add_channel, add_people, draft, open_shop
from tests.benchmarks.report import Figure, Goal

ROWS, KILLS = 10_000, 25
PEOPLE = ROWS * 10 // 9
# Beyond an attempt's lease and the grace of a report.
BETWEEN = timedelta(minutes=20).total_seconds()
NONE = Goal(0, "lower")
PRICED = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}


def measure(sandbox: Sandbox) -> list[Figure]:
    sandbox.reset()
    company, random = priced(open_shop("kills")), Random(7)
    with company_context(company):
        channel = add_channel(company)
        # So that a batch is a small part of the whole, and a kill meets every step.
        Channel.objects.update(messages_per_second=600)
        add_people(PEOPLE)
        broadcast = draft(channel)
        services.start(broadcast)
    for kill in range(KILLS):
        _kill(sandbox, company, random, ahead=kill * BETWEEN)
        if kill == KILLS // 2:
            redis.from_url(settings.REDIS_URL).flushall()
        _report(sandbox, company)
    _finish(sandbox, company)
    return _figures(sandbox, company, broadcast)


def _kill(sandbox: Sandbox, company: Company, random: Random, *, ahead: float) -> None:
    until = min(ROWS, accepted(sandbox) + random.randint(0, ROWS // KILLS - 40))
    with worker(sandbox, company, "both", ahead=ahead):
        wait_for(lambda: accepted(sandbox) >= until, "messages on their way", 120)


def _references(sandbox: Sandbox) -> list[str]:
    found: list[str] = sandbox.api("GET", f"/accepted?number={NUMBER}&references=1")["references"]
    return found


def _report(sandbox: Sandbox, company: Company) -> None:
    """What the provider took is delivered, as its webhooks would tell."""
    with company_context(company):
        channel, now = Channel.objects.get(), timezone.now()
        reports = [
            StatusReport("", Report.DELIVERED, now, reference=reference, pricing=PRICED)
            for reference in _references(sandbox)
        ]
        record_reports(channel, reports)


def _finish(sandbox: Sandbox, company: Company) -> None:
    for turn in range(KILLS, KILLS + 10):
        # Or something waits for a report or a grace: both come now.
        working = worker(sandbox, company, "both", ahead=turn * BETWEEN)
        with working, company_context(company), contextlib.suppress(AssertionError):
            wait_for(_is_over, "the end", 20)
        _report(sandbox, company)
        with company_context(company):
            if _is_over():
                return
    raise AssertionError("the broadcast did not come to its end")


def _is_over() -> bool:
    return Broadcast.objects.get().state == BroadcastState.COMPLETED


def _figures(sandbox: Sandbox, company: Company, broadcast: Broadcast) -> list[Figure]:
    taken = {reference.partition(".")[0] for reference in _references(sandbox)}
    with company_context(company):
        totals = totals_of(broadcast)
        refresh(company, now=timezone.now())
        costs = costs_of(Broadcast.objects.get())
    assert totals.targeted == PEOPLE
    reserved = BudgetMonth.objects.filter(company=company).aggregate(sum=Sum("reserved"))["sum"]
    return [
        Figure("kills", KILLS, ""),
        Figure("doubled_after_kills", accepted(sandbox) - len(taken), "", NONE),
        Figure("lost_after_kills", ROWS - min(len(taken), totals.delivered), "", NONE),
        Figure("rated_beside_estimate_after_kills", float(abs(costs.actual - costs.estimated)), "EUR", NONE),
        Figure("left_reserved_after_kills", float(reserved), "EUR", NONE),
    ]
