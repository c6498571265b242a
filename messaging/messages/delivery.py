"""Requests in flight on an event loop of their own: paced by the lane's bucket, many at once. Knows no database.

The loop runs in a thread beside the caller's. While the caller writes outcomes and claims more, requests go on leaving
and arriving, so that a slow database costs no time of the network, and the pace is kept. What both look at changes on
the loop only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, TypeVar

import structlog
import uvloop
from aiohttp import ClientSession

from messaging.channels.base import ChannelAdapter, Credentials, NoAnswer, NotSent, SendFailed
from messaging.messages.claiming import Claimed
from messaging.messages.decisions import Answer
from messaging.messages.pacing import Bucket

log = structlog.get_logger(__name__)
MOST_IN_FLIGHT = 200

OpenSession = Callable[..., ClientSession]
Result = TypeVar("Result")


class Flight:
    """Messages on their way through one channel. Made by `flying`."""

    def __init__(self, session: ClientSession, adapter: ChannelAdapter, credentials: Credentials) -> None:
        self._session, self._adapter, self._credentials = session, adapter, credentials
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Claimed] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._done: list[tuple[Claimed, Answer]] = []
        self._bucket: Bucket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_time = asyncio.Event()
        self._enough, self._until_waiting = 1, 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def is_busy(self) -> bool:
        """Something is on its way, or its outcome not fetched yet. In this order: it enters the next one first."""
        return bool(self._waiting or self._in_flight or self._done)

    def pace(self, bucket: Bucket) -> None:
        """Start what comes in as fast as this bucket allows; whoever holds it may change its rate."""
        self._bucket = bucket

    def launch(self, batch: Iterable[Claimed]) -> None:
        async def launch() -> None:
            self._waiting.extend(batch)
            self._start_some()

        self._on_loop(launch())

    def ground(self) -> list[Claimed]:
        """Take back what was never started."""

        async def ground() -> list[Claimed]:
            grounded, self._waiting = list(self._waiting), deque()
            return grounded

        return self._on_loop(ground())

    def landed(self) -> list[tuple[Claimed, Answer]]:
        """What has ended since the last call."""

        async def landed() -> list[tuple[Claimed, Answer]]:
            done, self._done = self._done, []
            return done

        return self._on_loop(landed())

    def wait(self, *, enough: int, until_waiting: int, patience: float) -> None:
        """Until all have ended, or `enough` have and few wait, or `patience` seconds are over."""
        self._on_loop(self._wait(enough, until_waiting, patience))

    def now(self) -> float:
        return self._loop.time()

    async def end(self) -> None:
        """Leave what an error of the caller has left behind."""
        self._waiting.clear()
        left = list(self._in_flight)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._session.close()

    def _on_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _wait(self, enough: int, until_waiting: int, patience: float) -> None:
        self._enough, self._until_waiting = enough, until_waiting
        self._is_time.clear()
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._is_time.wait()

    def _look(self) -> None:
        """Wake the caller when there is what it waits for."""
        is_over = not self._waiting and not self._in_flight
        if is_over or (len(self._done) >= self._enough and len(self._waiting) <= self._until_waiting):
            self._is_time.set()

    def _start_some(self) -> None:
        """Start what the bucket allows, and come back when it allows more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._bucket and self._waiting and len(self._in_flight) < MOST_IN_FLIGHT:
            if (pause := self._bucket.take(self._loop.time())) > 0:
                self._timer = self._loop.call_later(pause, self._start_some)
                return
            self._in_flight.add(self._loop.create_task(self._send(self._waiting[0])))
            self._waiting.popleft()

    async def _send(self, claimed: Claimed) -> None:
        try:
            answer: Answer = await self._adapter.send(self._session, self._credentials, claimed.message)
        except (SendFailed, NotSent, NoAnswer) as outcome:
            answer = outcome
        except Exception as fault:  # noqa: BLE001  (a fault in one message must not end the others)
            log.error("message.send_crashed", message=claimed.message.reference, error=type(fault).__name__)
            answer = fault
        self._done.append((claimed, answer))
        self._in_flight.discard(asyncio.current_task())
        if self._waiting and self._timer is None:
            self._start_some()
        self._look()


@contextmanager
def flying(open_session: OpenSession, adapter: ChannelAdapter, credentials: Credentials) -> Iterator[Flight]:
    """One loop with one session that keeps its connections, closed at the end."""
    loop = uvloop.new_event_loop()
    thread = Thread(target=loop.run_forever, name="flight")
    thread.start()

    async def open_flight() -> Flight:
        return Flight(open_session(connections=MOST_IN_FLIGHT), adapter, credentials)

    try:
        flight = asyncio.run_coroutine_threadsafe(open_flight(), loop).result()
        try:
            yield flight
        finally:
            asyncio.run_coroutine_threadsafe(flight.end(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
