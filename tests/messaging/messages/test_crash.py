"""Several pumps at once, and pumps that are killed: nothing doubled, nothing lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Condition, Thread
from typing import Any

import pytest
from aiohttp import web
from django.db import connection
from django.utils import timezone

from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.message_templates.models import MessageTemplate
from messaging.messages import claiming, lanes, pump
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.status import record_reports
from tenants.context import company_context
from tenants.models import Company
from tenants.services import companies, opening
from tests.messaging.messages.conftest import make_channel, make_conversation, queue

MESSAGES, KILLS = 240, 3
PUMP = """
import sys
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from messaging.messages import pump
from messaging.messages.models import Lane
from tenants.context import company_context
from tenants.models import Company
company = Company.objects.get(pk=sys.argv[1])
ahead = timedelta(seconds=float(sys.argv[2]))
with company_context(company):
    pump.deliver(company, Lane.BULK, clock=lambda: timezone.now() + ahead)
"""


class SlowProvider:
    """Takes every message at once and answers a little later, as a real one does."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._more = Condition()
        self._loop = asyncio.new_event_loop()
        self._ready = Condition()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        reference = body["biz_opaque_callback_data"]
        with self._more:
            self.taken.append(reference)
            self._more.notify_all()
        await asyncio.sleep(0.05)
        return web.json_response({"messages": [{"id": f"wamid.{reference}"}]})

    def wait_for(self, count: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.taken) >= count, timeout=30)

    @contextmanager
    def running(self) -> Iterator[SlowProvider]:
        thread = Thread(target=self._serve)
        thread.start()
        with self._ready:
            assert self._ready.wait_for(lambda: bool(self.url), timeout=10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/{number}/messages", self.take)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        with self._ready:
            self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
            self._ready.notify_all()


@pytest.fixture
def slow_provider() -> Iterator[SlowProvider]:
    with SlowProvider().running() as provider:
        yield provider


@pytest.fixture
def crowd(committed: object) -> Company:
    """A company of its own with committed messages, each to another person."""
    company = companies.create_company(address_name="crowd", name="Crowd", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        channel = make_channel(company, messages_per_second=250)
        MessageTemplate.objects.create(
            account_external_id="waba", name="order", language="de", category="UTILITY", status="approved"
        )
        for number in range(MESSAGES):
            person = make_conversation(channel, number)
            queue(person, Lane.BULK, type="template", content={"name": "order", "language": "de"})
    return company


def test_pumps_that_are_killed_double_nothing_and_lose_nothing(
    crowd: Company, slow_provider: SlowProvider, settings: Any
) -> None:
    settings.WHATSAPP_API_URL = slow_provider.url
    for kill in range(KILLS):
        start_and_kill(crowd, slow_provider, ahead=kill * 20 * 60)
        report_all(crowd, slow_provider)
    with company_context(crowd):
        for hours in range(2, 4):
            pump.deliver(crowd, Lane.BULK, clock=lambda hours=hours: timezone.now() + timedelta(hours=hours))
        states = Counter(Message.objects.values_list("state", flat=True))
    sent = Counter(reference.partition(".")[0] for reference in slow_provider.taken)
    assert states == {"sent": MESSAGES}
    assert (len(sent), max(sent.values())) == (MESSAGES, 1)


def start_and_kill(company: Company, provider: SlowProvider, *, ahead: float) -> None:
    """A worker process that dies while requests are on their way."""
    before = len(provider.taken)
    worker = subprocess.Popen(
        [sys.executable, "-c", PUMP, str(company.pk), str(ahead)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **reach_database(provider)},
    )
    try:
        provider.wait_for(before + 20)
    finally:
        worker.kill()
        worker.wait()


def reach_database(provider: SlowProvider) -> dict[str, str]:
    database = connection.settings_dict
    url = f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    return {"DATABASE_URL": url, "WHATSAPP_API_URL": provider.url}


def report_all(company: Company, provider: SlowProvider) -> None:
    """The webhooks of all that was taken, also of what no worker lived to write down."""
    with company_context(company):
        channel = Channel.objects.get()
        reports = [
            StatusReport(f"wamid.{reference}", Report.SENT, timezone.now(), reference=reference)
            for reference in provider.taken
        ]
        record_reports(channel, reports)


def test_a_message_is_claimed_by_one_of_many(crowd: Company) -> None:
    with company_context(crowd):
        channel = Channel.objects.get()
    together = Barrier(4)

    def claim_all(_: int) -> list[int]:
        got: list[int] = []
        try:
            with company_context(crowd):
                together.wait()
                while batch := claiming.claim(channel, Lane.BULK, timezone.now(), 7):
                    got += [claimed.id for claimed in batch]
        finally:
            connection.close()
        return got

    with ThreadPoolExecutor(4) as pool:
        claimed = [key for got in pool.map(claim_all, range(4)) for key in got]
    assert len(claimed) == len(set(claimed)) == MESSAGES


def test_a_lane_is_taken_by_one_of_many(crowd: Company) -> None:
    together = Barrier(4)

    def take(_: int) -> bool:
        try:
            with company_context(crowd):
                together.wait()
                return lanes.take(Lane.BULK, timezone.now())[0] is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 1


def test_the_rows_of_a_batch_are_locked_in_one_order(crowd: Company) -> None:
    """Outcomes and reports of the same rows at once end without a deadlock."""
    with company_context(crowd):
        channel = Channel.objects.get()
        claimed = claiming.claim(channel, Lane.BULK, timezone.now(), MESSAGES)
    reports = [
        StatusReport(f"wamid.{one.message.reference}", Report.SENT, timezone.now(), reference=one.message.reference)
        for one in claimed
    ]
    together = Barrier(4)

    def work(number: int) -> None:
        try:
            with company_context(crowd):
                together.wait()
                if number % 2:
                    record_reports(channel, reports[:: 1 if number == 1 else -1])
                else:
                    unknown = [claiming.Change(one, MessageState.SENT) for one in claimed]
                    claiming.record(unknown[:: 1 if number else -1], timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with company_context(crowd):
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
