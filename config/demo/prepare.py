"""Bring the database up to date and load the demo, in one process to save start-ups.

Tells the supervisor on standard output, a JSON object a line; all else goes to the log.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import TextIO

import django
from django.core.management import call_command


def main() -> None:
    report = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        django.setup()
        tell(report, step="Bring the database up to date")
        call_command("migrate", verbosity=1)
        tell(report, step="Load the demo companies")
        call_command("load_demo")
        tell(report, addresses=addresses())


def addresses() -> list[dict[str, str]]:
    """Where to sign in, and as whom."""
    written = io.StringIO()
    call_command("demo_addresses", "--json", stdout=written)
    rows: list[dict[str, str]] = json.loads(written.getvalue())
    return rows


def tell(report: TextIO, **message: object) -> None:
    report.write(json.dumps(message) + "\n")
    report.flush()


if __name__ == "__main__":
    main()
