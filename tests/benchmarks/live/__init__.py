"""How soon agents see what customers write, and what a browser that waits costs."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.delivery.world import world
from tests.benchmarks.live import arrival, idle
from tests.benchmarks.report import Figure


def measure(console: Console) -> list[Figure]:
    with world(people=1, address_name="live") as made, made.receiving() as web:
        with console.step(f"Write {arrival.PER_SECOND} messages a second to {arrival.AGENTS} agents"):
            figures = arrival.measure(made)
        with console.step(f"Hold {idle.STREAMS} streams open"):
            figures += idle.measure(made, web.pid)
    return figures
