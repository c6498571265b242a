"""Times of several ways to do a thing, taken in turns: whatever slows the machine down slows them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Work = Callable[[], object]


def seconds_of(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(ways: Mapping[str, Callable[[], Work]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round. A way first prepares, untimed, and gives what is timed."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        # Nobody is always the first, or always behind the same neighbour.
        for name in list(ways) if number % 2 else reversed(list(ways)):
            taken[name].append(seconds_of(ways[name]()))
    return taken


def microseconds_in_turns(ways: Mapping[str, Work], *, rounds: int, calls: int) -> dict[str, list[float]]:
    """For quick things: in each round every way is called `calls` times, one after the other, and its median kept."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        calls_of = {name: [0.0] * calls for name in ways}
        for number in range(calls):
            for name, work in ways.items():
                calls_of[name][number] = seconds_of(work)
        for name, seconds in calls_of.items():
            taken[name].append(median(seconds) * 1e6)
    return taken
