"""Time that can be moved, and what is due at a time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970, plus what a test has added."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset


class Schedule:
    """Things to do later, in the order of their time. One timer of the loop serves them all."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.timer: asyncio.TimerHandle | None = None

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        if seconds <= 0:
            action()
        else:
            self.at(self.clock.now() + seconds, action)

    def at(self, moment: float, action: Callable[[], None]) -> None:
        entry = (moment, next(self.numbers), action)
        heapq.heappush(self.heap, entry)
        if self.heap[0] is entry:
            self.arm()

    def arm(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if self.heap:
            wait = max(0.0, self.heap[0][0] - self.clock.now())
            self.timer = asyncio.get_running_loop().call_later(wait, self.run_due)

    def run_due(self) -> None:
        now = self.clock.now()
        while self.heap and self.heap[0][0] <= now:
            heapq.heappop(self.heap)[2]()
        self.arm()

    def clear(self) -> None:
        self.heap.clear()
        self.arm()

    def due_within(self, seconds: float) -> bool:
        return bool(self.heap) and self.heap[0][0] <= self.clock.now() + seconds
