"""One connection to Redis per process, fanned out to every open stream of its browsers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis, from_url
from redis.asyncio.client import PubSub

from messaging.live.presence import open_redis

log = structlog.get_logger(__name__)
# A browser that reads this slowly is told to ask for what it missed.
MOST_WAITING = 200
MISSED: dict[str, Any] = {"kind": "missed"}


class Hub:
    """Who listens to which channel. Without Redis everybody is told, from time to time, to look at the table."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[asyncio.Queue[dict[str, Any]]]] = {}
        self.pubsub: PubSub | None = None
        self.reader: asyncio.Task[None] | None = None
        self.asking: Redis | None = None

    async def join(self, channel: str) -> asyncio.Queue[dict[str, Any]]:
        """A queue that receives what is published from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_WAITING)
        is_new = channel not in self.listeners
        self.listeners.setdefault(channel, set()).add(queue)
        if self.reader is None or self.reader.done():
            # Kept, since a task nobody holds may be collected in the middle of its work.
            self.reader = asyncio.create_task(self._read_for_ever())
        elif is_new and self.pubsub is not None:
            await self._quietly(self.pubsub.subscribe(channel))
        return queue

    def commands(self) -> Redis:
        """A client for short questions, beside the connection that only listens."""
        if self.asking is None:
            self.asking = open_redis()
        return self.asking

    async def leave(self, channel: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        listeners = self.listeners.get(channel, set())
        listeners.discard(queue)
        if not listeners and self.listeners.pop(channel, None) is not None and self.pubsub is not None:
            await self._quietly(self.pubsub.unsubscribe(channel))

    async def _read_for_ever(self) -> None:
        while self.listeners:
            try:
                await self._read()
            except (RedisError, OSError) as problem:
                log.warning("live.redis_away", error=type(problem).__name__)
                self._tell_everybody_to_look()
                await asyncio.sleep(1)

    async def _read(self) -> None:
        # No time limit on reading: silence is normal here.
        limits = {"socket_timeout": None, "socket_connect_timeout": 2, "health_check_interval": 15}
        async with from_url(settings.REDIS_URL, **limits) as server, server.pubsub() as pubsub:
            await self._subscribe(pubsub)
            self.pubsub = pubsub
            try:
                # Something may have been published while nobody listened.
                self._tell_everybody_to_look()
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        self._hand_out(message["channel"].decode(), json.loads(message["data"]))
                    if not self.listeners:
                        break
            finally:
                # Whoever joins from now on is subscribed with the next connection, not with this one.
                self.pubsub = None

    async def _subscribe(self, pubsub: PubSub) -> None:
        """To all channels somebody listens to, those included that are joined while this waits for Redis."""
        subscribed: set[str] = set()
        while missing := self.listeners.keys() - subscribed:
            await pubsub.subscribe(*missing)
            subscribed |= missing

    def _hand_out(self, channel: str, event: dict[str, Any]) -> None:
        for queue in self.listeners.get(channel, ()):
            put(queue, event)

    def _tell_everybody_to_look(self) -> None:
        for channel in self.listeners:
            self._hand_out(channel, MISSED)

    async def _quietly(self, action: Any) -> None:
        """The reader notices a broken connection by itself and begins anew."""
        try:
            await action
        except (RedisError, OSError) as problem:
            log.warning("live.redis_away", error=type(problem).__name__)


def put(queue: asyncio.Queue[dict[str, Any]], event: dict[str, Any]) -> None:
    """Hand an event over; a full queue is emptied and its reader told to look at the table instead."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        event = MISSED
    queue.put_nowait(event)


hub = Hub()
