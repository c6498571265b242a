"""What providers report: taken, answered and worked on while more comes in."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.delivery.world import world
from tests.benchmarks.report import Figure
from tests.benchmarks.webhooks import reports


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with world(people=reports.MESSAGES, address_name="webhooks") as made, made.receiving():
        for size in reports.BODIES:
            with console.step(f"Report in bodies of {size}"):
                figures += reports.measure(made, size)
    return figures
