"""A broadcast from its start to its last message, against a bare loop; and with its workers killed over and over."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.broadcast import kills, throughput
from tests.benchmarks.broadcast.provider import provider
from tests.benchmarks.report import Figure


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with provider() as sandbox:
        with console.step(f"Send {throughput.ROWS} rows, and the same bodies by a bare loop"):
            figures += throughput.measure(sandbox)
        with console.step(f"Kill the workers of {kills.ROWS} rows {kills.KILLS} times"):
            figures += kills.measure(sandbox)
    return figures
