"""What it costs to send: against a bare loop, against a task per message, at exact rates, and under kills."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.delivery import kills, pace, throughput, trips
from tests.benchmarks.delivery.world import world
from tests.benchmarks.report import Figure


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with world(people=max(throughput.MESSAGES, pace.PEOPLE)) as made:
        with console.step(f"Send {throughput.MESSAGES} messages three ways"):
            figures += throughput.measure(made)
        with console.step("Count round trips to the database"):
            figures += trips.measure(made)
        with console.step("Keep a limit"):
            figures += pace.measure(made)
    with console.step(f"Kill the worker {kills.KILLS} times"):
        figures += kills.measure()
    return figures
