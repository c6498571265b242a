"""What it costs that each company has a schema of its own, and that no company ever sees another's rows."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.report import Figure
from tests.benchmarks.tenants import migrating, opening, overhead, soak


def measure(console: Console) -> list[Figure]:
    figures: list[Figure] = []
    with console.step("Open companies"):
        figures += opening.measure()
    with console.step("Make 50 tables by script and by migrations"):
        figures += opening.measure_fifty_tables()
    with console.step(f"Migrate {migrating.COMPANIES} companies"):
        figures += migrating.measure()
    with console.step("Find the company of a request"):
        figures += overhead.measure()
    with console.step(f"Ask for pages of {soak.COMPANIES} companies in {soak.THREADS} threads"):
        figures += soak.measure(console)
    return figures
