"""Rows a second from the start of a broadcast to its last recorded outcome.

One process freezes and feeds, another sends, the sandbox is a third; every row reserves its price. Reports do not come
back: the provider is told of no webhook address. The bare loop posts the same bodies to the same sandbox in between,
while both workers stand still.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from subprocess import Popen

import aiohttp
from django.utils import timezone

from billing.plans.models import Plan
from billing.plans.services import subscribe
from billing.rating.models import ExchangeRate, PriceList
from config.demo import money
from messaging.broadcasts import services
from messaging.broadcasts.models import Broadcast
from messaging.broadcasts.totals import totals_of
from messaging.channels.adapters.whatsapp_cloud.sending import body_of
from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.messages.delivery import MOST_IN_FLIGHT
from messaging.messages.models import Message
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import Company
from tests.benchmarks.broadcast.provider import accepted, api_url, wait_for, worker
from tests.benchmarks.people import NUMBER, TOKEN, add_channel, add_people, draft, open_shop
from tests.benchmarks.report import Figure, Goal, median_of

ROWS, ROUNDS = 20_000, 3
# One of ten has not agreed.
PEOPLE = ROWS * 10 // 9


def measure(sandbox: Sandbox) -> list[Figure]:
    company = priced(open_shop("throughput"))
    with company_context(company):
        channel = add_channel(company)
        add_people(PEOPLE)
    ours, bare = [], []
    with worker(sandbox, company, "feed") as feeder, worker(sandbox, company, "pump") as pump:
        for _ in range(ROUNDS):
            sandbox.reset()
            with company_context(company):
                ours.append(_broadcast(sandbox, draft(channel)))
            assert accepted(sandbox) == ROWS
            sandbox.reset()
            with standing_still(feeder, pump):
                bare.append(_bare_loop(sandbox))
    rounds = [one / other for one, other in zip(ours, bare, strict=True)]
    return [
        median_of("rows_per_second", ours, "/s"),
        median_of("bare_loop_per_second", bare, "/s"),
        Figure(
            "ratio_to_bare_loop",
            median(ours) / median(bare),
            "×",
            Goal(0.35, "higher"),
            (min(rounds), max(rounds)),
        ),
    ]


def priced(company: Company) -> Company:
    """With prices, so that money is put aside for every message."""
    if not PriceList.objects.exists() or not ExchangeRate.objects.exists():
        money.set_prices()
    subscribe(company, Plan.objects.get(code="team", is_public=True), since=timezone.localdate().replace(day=1))
    return company


@contextmanager
def standing_still(*workers: Popen[bytes]) -> Iterator[None]:
    """They look for work many times a second, which would take its share of a small machine."""
    for process in workers:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in workers:
            process.send_signal(signal.SIGCONT)


def _broadcast(sandbox: Sandbox, broadcast: Broadcast) -> float:
    began = time.perf_counter()
    services.start(broadcast)
    wait_for(lambda: _is_over(sandbox), "the broadcast", 300, every=0.2)
    seconds = time.perf_counter() - began
    totals = totals_of(broadcast)
    assert (totals.accepted, totals.failed, totals.unknown) == (ROWS, 0, 0)
    return ROWS / seconds


def _is_over(sandbox: Sandbox) -> bool:
    """The rows are looked at only when the provider has them all, so that looking costs nothing."""
    if accepted(sandbox) < ROWS:
        return False
    return Message.objects.filter(state="sent").count() >= ROWS * Broadcast.objects.count()


def _bare_loop(sandbox: Sandbox) -> float:
    bodies = [
        body_of(
            OutboundMessage(
                f"bare{number:012}",
                Address(f"+49151{number:08}"),
                MessageType.TEMPLATE,
                {"name": "opening", "language": "en", "body": ["Person"]},
            )
        )
        for number in range(ROWS)
    ]
    began = time.perf_counter()
    asyncio.run(_post_all(f"{api_url(sandbox)}/{NUMBER}/messages", bodies))
    return ROWS / (time.perf_counter() - began)


async def _post_all(url: str, bodies: list[dict[str, object]]) -> None:
    left = iter(bodies)

    async def post() -> None:
        for body in left:
            async with session.post(url, json=body) as answer:
                assert answer.status == 200, await answer.text()
                await answer.json()

    connector = aiohttp.TCPConnector(limit=MOST_IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        await asyncio.gather(*(post() for _ in range(MOST_IN_FLIGHT)))
