"""The same messages to the same sandbox: by the pump, by a bare loop, by one Celery task each.

The three take turns, so that whatever slows the machine down slows them all. The pump's time is from the nudge to the
last recorded outcome, in a Celery worker of one process; the loop only posts; the tasks run in a worker of four
processes, and what it takes to put them into the broker is not counted.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median

import aiohttp

from config.celery import app
from messaging.channels.adapters.whatsapp_cloud.sending import body_of
from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.messages.delivery import MOST_IN_FLIGHT
from messaging.messages.models import Message, MessageState
from messaging.messages.tasks import deliver_bulk
from tenants.context import company_context
from tests.benchmarks.delivery.one_task_each import QUEUE, send_one
from tests.benchmarks.delivery.world import NUMBER, TOKEN, World, phone
from tests.benchmarks.report import Figure, Goal, median_of
from tests.processes import memory_mb, running, wait_for, worker

MESSAGES, ROUNDS = 10_000, 3
TASKS, PROCESSES = 600, 4
WARM = 500
NODE = "each@benchmark"


def measure(world: World) -> list[Figure]:
    taken: dict[str, list[float]] = {"pump": [], "loop": [], "tasks": []}
    with running(worker(world.folder, "bulk", world.env)) as pump:
        _pump(world, WARM)
        before = memory_mb(pump.pid)
        for _ in range(ROUNDS):
            taken["pump"].append(_pump(world, MESSAGES))
            taken["loop"].append(_bare_loop(world, MESSAGES))
            taken["tasks"].append(_tasks(world, TASKS))
        after = memory_mb(pump.pid)
    return [
        median_of("messages_per_second", taken["pump"], "/s"),
        median_of("bare_loop_per_second", taken["loop"], "/s"),
        median_of("task_per_message_per_second", taken["tasks"], "/s"),
        _ratio("ratio_to_bare_loop", taken["pump"], taken["loop"], Goal(0.35, "higher")),
        _ratio("ratio_to_task_per_message", taken["pump"], taken["tasks"], Goal(8, "higher")),
        Figure("worker_memory_mb", after, "MB", spread=(before, after)),
    ]


def _ratio(name: str, ours: list[float], theirs: list[float], goal: Goal) -> Figure:
    rounds = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Figure(name, median(ours) / median(theirs), "×", goal, (min(rounds), max(rounds)))


def _pump(world: World, many: int) -> float:
    """Messages a second, from rows that wait to recorded outcomes."""
    world.forget_messages()
    world.queue(many)
    began = time.perf_counter()
    deliver_bulk.nudge(world.company)
    wait_for(lambda: world.waiting() == 0, "the pump", 120)
    seconds = time.perf_counter() - began
    assert world.states() == {"sent": many}
    assert world.sandbox.accepted(NUMBER, items=False)["unique"] == many
    return many / seconds


def _bare_loop(world: World, many: int) -> float:
    """The same bodies posted with nothing around it."""
    world.sandbox.reset()
    content = {"name": "order_shipped", "language": "en", "body": ["Ana", "A-17"]}
    bodies = [
        body_of(OutboundMessage(f"bare{number:012}", Address(phone(number)), MessageType.TEMPLATE, content))
        for number in range(many)
    ]
    began = time.perf_counter()
    asyncio.run(_post_all(f"{world.api_url}/{NUMBER}/messages", bodies))
    seconds = time.perf_counter() - began
    assert world.sandbox.accepted(NUMBER, items=False)["unique"] == many
    return many / seconds


async def _post_all(url: str, bodies: list[dict[str, object]]) -> None:
    left = iter(bodies)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def post() -> None:
        for body in left:
            async with session.post(url, json=body) as answer:
                assert answer.status == 200
                await answer.json()

    connector = aiohttp.TCPConnector(limit=MOST_IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(*(post() for _ in range(MOST_IN_FLIGHT)))


def _tasks(world: World, many: int) -> float:
    """As many products do it: a task loads its message, sends it with a client library, and saves the outcome."""
    world.forget_messages()
    world.queue(many + WARM // 5)
    with company_context(world.company):
        keys = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    options = f"--include={send_one.__module__} --pool=prefork --concurrency={PROCESSES} --hostname={NODE}"
    with running(worker(world.folder, QUEUE, world.env, options)):
        # The first ones wake the processes and open their connections.
        for key in keys[many:]:
            send_one.apply_async(args=[world.company.schema_name, key], queue=QUEUE)
        wait_for(lambda: _sent(world) == len(keys) - many, "the first tasks", 60)
        app.control.cancel_consumer(QUEUE, destination=[NODE], reply=True, timeout=1)
        for key in keys[:many]:
            send_one.apply_async(args=[world.company.schema_name, key], queue=QUEUE)
        began = time.perf_counter()
        app.control.add_consumer(QUEUE, destination=[NODE])
        wait_for(lambda: _sent(world) == len(keys), "the tasks", 120)
        seconds = time.perf_counter() - began
    return many / seconds


def _sent(world: World) -> int:
    with company_context(world.company):
        return Message.objects.filter(state=MessageState.SENT).count()
