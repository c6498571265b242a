"""Files that people open in a sheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

# Sheets take a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """A cell that no sheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """CSV line by line, however many there are; words are made harmless, numbers stay numbers."""
    writer = csv.writer(_Line())
    # Without it sheets read UTF-8 as something else.
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
