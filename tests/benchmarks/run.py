"""Run one benchmark, or each in a process of its own: `python -m tests.benchmarks.run [NAME]`.

The database and Redis are those of DATABASE_URL and REDIS_URL; `make bench` starts temporary ones. A missed goal is
said loudly and is no failure; the exit code is 1 when a benchmark cannot be run.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module

import django
from django.core.management import call_command
from django.db import connections

from config import garbage
from config.demo.console import Console
from tests.benchmarks import machine, report
from tests.benchmarks.database import own_database

# Each module has measure(console), called with Django set up and an empty, migrated database.
NAMES = ("tenants", "delivery", "webhooks", "live", "audience", "broadcast", "usage", "invoicing")
BENCHMARKS = {name: f"tests.benchmarks.{name}" for name in NAMES}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run")
    parser.add_argument("name", nargs="?", help=f"one of: {', '.join(BENCHMARKS)}; all of them without a name")
    name = parser.parse_args(arguments).name
    console = Console()
    if name and name not in BENCHMARKS:
        console.problem(f"There is no benchmark {name!r}. There are: {', '.join(BENCHMARKS)}.")
        return 1
    if not os.environ.get("DATABASE_URL"):
        console.problem("DATABASE_URL is missing: `make bench` starts a database and sets it.")
        return 1
    return run(name, console) if name else run_each()


def run_each() -> int:
    """One benchmark leaves nothing to the next: neither tables nor what its process remembers."""
    codes = [
        subprocess.run([sys.executable, "-m", "tests.benchmarks.run", name], check=False).returncode
        for name in BENCHMARKS
    ]
    return int(any(codes))


def run(name: str, console: Console) -> int:
    # A `finally` is to drop the database also when we are told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    server_url = os.environ["DATABASE_URL"]
    try:
        with own_database(server_url) as url:
            prepare(url, console)
            try:
                figures = import_module(BENCHMARKS[name]).measure(console)
            finally:
                hang_up()
        path = report.write(name, figures, machine=machine.facts(server_url), at=datetime.now(UTC))
    except Exception:  # noqa: BLE001  whatever it is: the run has failed, and this is its report
        console.problem(traceback.format_exc())
        return 1
    report.show(console, figures)
    console.line(f"Kept in {path.relative_to(report.FOLDER.parents[1])}")
    return 0


def prepare(url: str, console: Console) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # As in production: the ORM on an event loop is an error.
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    django.setup()
    garbage.collect_rarely()
    with console.step("Make a database"):
        call_command("migrate", verbosity=0)


def hang_up() -> None:
    """Before the database goes: a pool would try to come back."""
    connections.close_all()
    connections["default"].close_pool()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
