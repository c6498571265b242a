"""A CSV that must be right: every row is checked, every complaint names its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

LONGEST_NAME = 60
Row = TypeVar("Row")
Cells = dict[str, str]

DECIMAL = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
PREFIX = re.compile(r"\*|[1-9]\d{0,6}", re.ASCII)


class CardError(ValueError):
    """A file that is refused as a whole; `problems` says what is wrong, line by line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def read_rows(text: str, columns: tuple[str, ...], row_of: Callable[[Cells], Row]) -> list[tuple[int, Row]]:
    """Every row with its line number; `row_of` raises ValueError for a row it cannot take."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, Row]] = []
    problems: list[str] = []
    try:
        check_header(next(reader, []), columns)
        for cells in reader:
            try:
                rows.append((reader.line_num, row_of(named(cells, columns))))
            except ValueError as error:
                problems.append(at_line(reader.line_num, str(error)))
    except csv.Error as error:
        problems.append(at_line(reader.line_num, str(error)))
    if problems:
        raise CardError(problems)
    return rows


def at_line(line: int, problem: str) -> str:
    return _("Line %(line)s: %(problem)s") % {"line": line, "problem": problem}


def check_header(header: list[str], columns: tuple[str, ...]) -> None:
    if tuple(header) != columns:
        raise CardError([at_line(1, _("the columns must be %(columns)s") % {"columns": ",".join(columns)})])


def named(cells: list[str], columns: tuple[str, ...]) -> Cells:
    if len(cells) != len(columns):
        raise ValueError(
            _("%(found)s cells where %(expected)s belong") % {"found": len(cells), "expected": len(columns)}
        )
    return dict(zip(columns, cells, strict=True))


def decimal_of(text: str) -> Decimal:
    """Plain digits with at most six places: no sign, exponent, comma or NaN."""
    if not DECIMAL.fullmatch(text):
        raise ValueError(_("“%(text)s” is not a rate such as 0.0550") % {"text": text})
    return Decimal(text)


def day_of(text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is not a date such as 2026-10-01") % {"text": text})


def currency_of(text: str) -> str:
    if not CURRENCY.fullmatch(text):
        raise ValueError(_("“%(text)s” is not a currency such as EUR") % {"text": text})
    return text


def prefixes_of(text: str) -> tuple[str, ...]:
    """Calling prefixes parted by spaces; `*`, every other number, becomes the empty prefix."""
    prefixes = text.split(" ")
    wrong = [prefix for prefix in prefixes if not PREFIX.fullmatch(prefix)]
    if wrong:
        raise ValueError(_("“%(text)s” is not a calling prefix such as 49") % {"text": wrong[0]})
    return tuple("" if prefix == "*" else prefix for prefix in prefixes)


def text_of(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError(_("a cell is empty or has spaces around it"))
    if "\0" in text:
        raise ValueError(_("a cell has a character that is no text"))
    return text


def market_of(text: str) -> str:
    """A market's name, as long as its column takes it."""
    if len(text) > LONGEST_NAME:
        raise ValueError(_("a market's name has at most %(most)s characters") % {"most": LONGEST_NAME})
    return text_of(text)
