"""What the person at the terminal sees: one short line per step, and problems."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO


class StartFailed(Exception):
    """Something the reader can mend; the text says in a line how."""


class Console:
    """Writes steps with their time; a terminal that has gone away is no error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.coloured = self.live and "NO_COLOR" not in os.environ
        self.in_step = False
        if isinstance(self.stream, io.TextIOWrapper):
            self.stream.reconfigure(errors="replace")
        plain = not (self.stream.encoding or "").lower().startswith("utf")
        self.tick = "*" if plain else "✓"

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()

    def line(self, text: str = "") -> None:
        self.write(f"{text}\n")

    def problem(self, text: str) -> None:
        """In red, and not at the end of the line of an unfinished step."""
        self.line(("\n" if self.live and self.in_step else "") + self.paint("31", text))

    def paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.coloured else text

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Say what is being done, then how long it took."""
        started = time.monotonic()
        self.write(f"  {text} …" if self.live else f"  {text} ...\n")
        self.in_step = True
        yield
        self.in_step = False
        took = f"{time.monotonic() - started:.1f} s"
        if self.live:
            self.write(f"\r\033[K  {self.paint('32', self.tick)} {text:<34} {self.paint('2', took)}\n")
        else:
            self.line(f"  {self.tick} {text} ({took})")

    def table(self, rows: list[list[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.line(f"  {'   '.join(cells)}".rstrip())
