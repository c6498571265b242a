"""Files that people open in a sheet."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

# Sheets take a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LINES = 500


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


class CsvAnswer(StreamingHttpResponse):
    """Rows as a file to be saved, written while they are read; in the request's own thread, which has its database."""

    def __init__(self, rows: Iterable[Iterable[Any]], *, name: str) -> None:
        super().__init__(_pieces(csv_lines(rows)), content_type="text/csv; charset=utf-8")
        self.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        self.headers["Cache-Control"] = "private, no-store"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: Iterator[bytes] = iter(self.streaming_content)  # type: ignore[arg-type]
        read = sync_to_async(lambda: next(pieces, b""))
        while piece := await read():
            yield piece


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    while piece := "".join(islice(lines, LINES)):
        yield piece.encode()
