"""Requests in flight on one event loop: paced by the lane's bucket, many at once. Knows no database.

The loop only runs inside `step`; between steps the caller writes to the database while the requests' bytes wait in
their sockets. So no connection of ours is ever used by a coroutine.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import structlog
from aiohttp import ClientSession

from messaging.channels.base import ChannelAdapter, Credentials, NoAnswer, NotSent, SendFailed
from messaging.messages.claiming import Claimed
from messaging.messages.decisions import Answer
from messaging.messages.pacing import Bucket

log = structlog.get_logger(__name__)
MOST_IN_FLIGHT = 200

OpenSession = Callable[..., ClientSession]


class Flight:
    """Messages on their way through one channel. Made by `flying`."""

    def __init__(
        self, runner: asyncio.Runner, session: ClientSession, adapter: ChannelAdapter, credentials: Credentials
    ) -> None:
        self._runner, self._session, self._adapter, self._credentials = runner, session, adapter, credentials
        self._waiting: deque[Claimed] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._done: list[tuple[Claimed, Answer]] = []
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def is_busy(self) -> bool:
        return bool(self._waiting or self._in_flight)

    def launch(self, batch: Iterable[Claimed]) -> None:
        self._waiting.extend(batch)

    def ground(self) -> list[Claimed]:
        """Take back what was never started."""
        grounded, self._waiting = list(self._waiting), deque()
        return grounded

    def landed(self) -> list[tuple[Claimed, Answer]]:
        """What has ended since the last call."""
        done, self._done = self._done, []
        return done

    def step(self, bucket: Bucket, *, enough: int, until_waiting: int, patience: float) -> None:
        """Run the loop until all have ended, or `enough` have and few wait, or `patience` seconds are over."""
        self._runner.run(self._step(bucket, enough, until_waiting, patience))

    def pause(self, seconds: float) -> None:
        self._runner.run(asyncio.sleep(seconds))

    def now(self) -> float:
        return self._runner.get_loop().time()

    async def _step(self, bucket: Bucket, enough: int, until_waiting: int, patience: float) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + patience
        while (left := end - clock()) > 0:
            self._wake.clear()
            pause = self._start_some(bucket, clock())
            if not self.is_busy() or (len(self._done) >= enough and len(self._waiting) <= until_waiting):
                break
            await self._sleep(min(left, pause))

    def _start_some(self, bucket: Bucket, now: float) -> float:
        """Start what the bucket allows; the seconds until it allows more."""
        while self._waiting and self._has_room():
            if (pause := bucket.take(now)) > 0:
                return pause
            task = self._runner.get_loop().create_task(self._send(self._waiting.popleft()))
            self._in_flight.add(task)
        return 60.0

    def _has_room(self) -> bool:
        return len(self._in_flight) < MOST_IN_FLIGHT

    async def _sleep(self, seconds: float) -> None:
        """Until a request ends, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

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
        self._wake.set()


@contextmanager
def flying(open_session: OpenSession, adapter: ChannelAdapter, credentials: Credentials) -> Iterator[Flight]:
    """One loop with one session that keeps its connections, closed at the end."""
    with asyncio.Runner() as runner:

        async def open_on_loop() -> ClientSession:
            return open_session(connections=MOST_IN_FLIGHT)

        session = runner.run(open_on_loop())
        try:
            yield Flight(runner, session, adapter, credentials)
        finally:
            runner.run(session.close())
