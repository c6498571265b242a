"""Status reports of messages that were really sent: posted to a web process, recorded by a worker.

The rate is from the first byte posted to the last report recorded, with both at work; it is compared with nothing but
an INSERT and a commit for each of the same bodies. The times are those of the HTTP answers meanwhile, under as much as
the web process can take.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any

import aiohttp
import psycopg
from django.db import connection

from messaging.messages.models import Message, MessageState
from messaging.sandbox.webhooks import signature
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tests.benchmarks.delivery.world import ACCOUNT, NUMBER, SECRET, World, phone
from tests.benchmarks.report import Figure, Goal, median_of
from tests.processes import wait_for

# How many bodies of a size are posted in a round.
BODIES = {1: 1500, 100: 100}
ROUNDS = 3
MESSAGES = max(size * many for size, many in BODIES.items())
# As many as a provider posts at once.
CONNECTIONS = 8
# What the vendor asks of an address: a median under 250 ms, and less than 1 % above a second.
USUAL, SLOWEST = Goal(250, "lower"), Goal(1000, "lower")


def measure(world: World, size: int) -> list[Figure]:
    ours: list[float] = []
    bare: list[float] = []
    answers: list[float] = []
    for number in range(ROUNDS):
        bodies = _bodies(world, size, f"{size}.{number}")
        taken, seconds = _post_and_process(world, bodies)
        answers += taken
        ours.append(size * len(bodies) / seconds)
        bare.append(size * len(bodies) / _insert(bodies))
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    centiles = quantiles(answers, n=100)
    return [
        median_of(f"reports_per_second_in_{size}", ours, "/s"),
        median_of(f"bare_insert_per_second_in_{size}", bare, "/s"),
        Figure(f"ratio_to_bare_insert_in_{size}", median(ratios), "×", spread=(min(ratios), max(ratios))),
        Figure(f"answer_p50_in_{size}_ms", median(answers) * 1000, "ms", USUAL),
        Figure(f"answer_p99_in_{size}_ms", centiles[98] * 1000, "ms", SLOWEST),
    ]


def _bodies(world: World, size: int, mark: str) -> list[bytes]:
    """The reports of fresh messages, each `delivered` with its price, as the vendor writes them."""
    world.forget_messages()
    many = size * BODIES[size]
    world.queue(many)
    with company_context(world.company):
        sent = list(Message.objects.order_by("pk"))
        for number, message in enumerate(sent):
            message.state, message.external_id, message.attempts = MessageState.SENT, f"wamid.{mark}.{number}", 1
        Message.objects.bulk_update(sent, ["state", "external_id", "attempts"], batch_size=2000)
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {Message._meta.db_table}")
    reports = [_report(number, message) for number, message in enumerate(sent)]
    return [_body(reports[start : start + size]) for start in range(0, many, size)]


def _report(number: int, message: Message) -> dict[str, Any]:
    return {
        "id": message.external_id,
        "status": "delivered",
        "timestamp": str(int(time.time())),
        "recipient_id": phone(number).removeprefix("+"),
        "biz_opaque_callback_data": message.public_id,
        "conversation": {"id": f"{number:032}", "origin": {"type": "utility"}},
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "utility", "type": "regular"},
    }


def _body(reports: Sequence[dict[str, Any]]) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "49405551200", "phone_number_id": NUMBER},
        "statuses": reports,
    }
    entry = {"id": ACCOUNT, "time": int(time.time()), "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, separators=(",", ":")).encode()


def _post_and_process(world: World, bodies: Sequence[bytes]) -> tuple[list[float], float]:
    """The seconds of each answer, and of the whole until the last report is recorded."""
    began = time.perf_counter()
    taken = asyncio.run(_post_all(world.webhook_url, bodies))
    wait_for(lambda: not world.webhooks_waiting(), "the reports", 120)
    seconds = time.perf_counter() - began
    with company_context(world.company):
        assert WebhookEvent.objects.count() == len(bodies)
        assert not WebhookEvent.objects.exclude(problems=[]).exists()
        assert not Message.objects.exclude(state=MessageState.DELIVERED).exists()
        WebhookEvent.objects.all().delete()
    return taken, seconds


async def _post_all(url: str, bodies: Sequence[bytes]) -> list[float]:
    taken: list[float] = []
    left = iter(bodies)

    async def post() -> None:
        for body in left:
            headers = {"X-Hub-Signature-256": signature(SECRET, body), "Content-Type": "application/json"}
            began = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
            taken.append(time.perf_counter() - began)
            assert answer.status == 200, answer.status

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        await asyncio.gather(*(post() for _ in range(CONNECTIONS)))
    return taken


def _insert(bodies: Sequence[bytes]) -> float:
    """Seconds for keeping the same bodies, one transaction each, and nothing else."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, body bytea, hash text UNIQUE)")
        began = time.perf_counter()
        for body in bodies:
            database.execute(
                "INSERT INTO bare (body, hash) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [body, hashlib.sha256(body).hexdigest()],
            )
        seconds = time.perf_counter() - began
        database.execute("DROP TABLE bare")
    return seconds
