"""One connection to Redis for all streams of a process: nobody who joins it at an awkward moment is left out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import redis
from django.conf import settings
from redis.asyncio.client import PubSub

from messaging.live.hub import MISSED, Hub


async def news(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    """The next event that is more than the wish to look."""
    while (event := await asyncio.wait_for(queue.get(), 10)) is MISSED:
        pass
    return event


def test_who_joins_while_the_first_one_s_connection_is_made_hears_too(monkeypatch: pytest.MonkeyPatch) -> None:
    real = PubSub.subscribe

    async def script() -> dict[str, Any]:
        hub, begun, go_on = Hub(), asyncio.Event(), asyncio.Event()

        async def slow(pubsub: PubSub, *channels: str) -> None:
            begun.set()
            await go_on.wait()
            await real(pubsub, *channels)

        monkeypatch.setattr(PubSub, "subscribe", slow)
        first = await hub.join("live:one")
        await begun.wait()
        second = await hub.join("live:two")
        go_on.set()
        assert await asyncio.wait_for(first.get(), 10) is MISSED
        server = redis.from_url(settings.REDIS_URL)
        await asyncio.to_thread(server.publish, "live:two", json.dumps({"kind": "message"}))
        heard = await news(second)
        await hub.leave("live:one", first)
        await hub.leave("live:two", second)
        return heard

    assert asyncio.run(script()) == {"kind": "message"}
