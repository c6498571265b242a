"""From a customer's message at our webhook address to the event in every agent's browser.

On the way: the body is stored, a worker is asked, takes it, writes the message and its conversation, and tells Redis.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from statistics import quantiles

from messaging.messages.models import Message
from messaging.sandbox.webhooks import signature
from tenants.context import company_context
from tests.benchmarks.delivery.world import ACCOUNT, NUMBER, SECRET, World, phone
from tests.benchmarks.live.browsers import Stream, open_session, opened, sign_in
from tests.benchmarks.report import Figure, Goal

AGENTS, PER_SECOND, SECONDS = 50, 50, 10
PEOPLE = 100
# The first ones wake everybody.
WARM = 20
PATIENCE = 30.0


def measure(world: World) -> list[Figure]:
    keys = [sign_in(world, number) for number in range(AGENTS)]
    posted, streams = asyncio.run(_write_and_listen(world, keys))
    with company_context(world.company):
        names = dict(Message.objects.filter(external_id__in=posted).values_list("public_id", "external_id"))
    late = [
        (at - posted[names[public_id]]) * 1000
        for stream in streams
        for public_id, at in stream.seen.items()
        if public_id in names
    ]
    missed = len(posted) * AGENTS - len(late)
    centiles = quantiles(late, n=100)
    return [
        Figure("event_p50_ms", centiles[49], "ms"),
        Figure("event_p95_ms", centiles[94], "ms", Goal(1000, "lower"), (min(late), max(late))),
        Figure("events_missed", missed, "", Goal(0, "lower")),
    ]


async def _write_and_listen(world: World, keys: list[str]) -> tuple[dict[str, float], list[Stream]]:
    async with open_session() as session, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(opened(world, session, key)) for key in keys]
        listening = [asyncio.create_task(stream.listen()) for stream in streams]
        posted: dict[str, float] = {}
        posts: list[asyncio.Task[None]] = []
        began = asyncio.get_running_loop().time()
        for number in range(WARM + PER_SECOND * SECONDS):
            await asyncio.sleep(began + number / PER_SECOND - asyncio.get_running_loop().time())
            posts.append(asyncio.create_task(_post(world, session, number, posted)))
        await asyncio.gather(*posts)
        await _until_all_is_seen(streams, len(posts))
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return {name: at for name, at in posted.items() if int(name.rpartition(".")[2]) >= WARM}, streams


async def _post(world: World, session: object, number: int, posted: dict[str, float]) -> None:
    name, sender = f"wamid.IN.{number}", phone(number % PEOPLE).removeprefix("+")
    body = _body(name, sender)
    headers = {"X-Hub-Signature-256": signature(SECRET, body), "Content-Type": "application/json"}
    posted[name] = time.perf_counter()
    async with session.post(world.webhook_url, data=body, headers=headers) as answer:  # type: ignore[attr-defined]
        assert answer.status == 200, answer.status


def _body(name: str, sender: str) -> bytes:
    message = {"from": sender, "id": name, "timestamp": str(int(time.time())), "type": "text", "text": {"body": "Hi"}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "49405551200", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": sender}],
        "messages": [message],
    }
    entry = {"id": ACCOUNT, "time": int(time.time()), "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def _until_all_is_seen(streams: list[Stream], many: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(len(stream.seen) < many for stream in streams):
        await asyncio.sleep(0.05)
