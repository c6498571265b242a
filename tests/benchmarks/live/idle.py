"""What a browser costs the web process while nothing happens."""

from __future__ import annotations

import asyncio
import resource
from contextlib import AsyncExitStack

from tests.benchmarks.delivery.world import World
from tests.benchmarks.live.browsers import open_session, opened, sign_in
from tests.benchmarks.report import Figure
from tests.processes import memory_mb

STREAMS, AT_ONCE = 2000, 50
SESSIONS = 20


def measure(world: World, pid: int) -> list[Figure]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(4 * STREAMS, 4096) if most < 0 else most, most))
    keys = [sign_in(world, 1000 + number) for number in range(SESSIONS)]
    before, after = asyncio.run(_hold(world, keys, pid))
    return [
        Figure("memory_per_stream_kb", (after - before) * 1024 / STREAMS, "kB", spread=None),
        Figure("web_memory_mb", after, "MB", spread=(before, after)),
    ]


async def _hold(world: World, keys: list[str], pid: int) -> tuple[float, float]:
    """The memory of the web process before and with all streams open, each of which was greeted."""
    async with open_session() as session, AsyncExitStack() as stack:
        before = memory_mb(pid)
        for start in range(0, STREAMS, AT_ONCE):
            streams = (opened(world, session, keys[(start + n) % SESSIONS]) for n in range(AT_ONCE))
            await asyncio.gather(*(stack.enter_async_context(stream) for stream in streams))
        return before, memory_mb(pid)
