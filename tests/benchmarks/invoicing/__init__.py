"""A month of 200 companies: a million records to days, days to lines, lines to issued and checked documents."""

from __future__ import annotations

from config.demo.console import Console
from tests.benchmarks.invoicing import months, records
from tests.benchmarks.report import Figure


def measure(console: Console) -> list[Figure]:
    with console.step(f"Write {records.RECORDS} records of {records.COMPANIES} companies"):
        companies = records.make()
    with console.step("Count their days, and count again"):
        figures = months.count(companies)
    with console.step("Price their month, and price again"):
        figures += months.price(companies)
    with console.step(f"Issue {len(companies)} invoices"):
        figures += months.issue(companies)
    return figures
