"""Who watches: open phones hear at once what happened to them."""

from __future__ import annotations

import asyncio
from typing import Any

Event = dict[str, Any]


class Hub:
    def __init__(self) -> None:
        self.watchers: dict[str, set[asyncio.Queue[Event]]] = {}

    def watch(self, person_id: str) -> asyncio.Queue[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=1000)
        self.watchers.setdefault(person_id, set()).add(queue)
        return queue

    def leave(self, person_id: str, queue: asyncio.Queue[Event]) -> bool:
        """True when it was the last one."""
        watching = self.watchers.get(person_id, set())
        watching.discard(queue)
        if not watching:
            self.watchers.pop(person_id, None)
        return not watching

    def watched(self, person_id: str) -> bool:
        return person_id in self.watchers

    def tell(self, person_id: str, event: Event) -> None:
        for queue in self.watchers.get(person_id, ()):
            if not queue.full():
                queue.put_nowait(event)
