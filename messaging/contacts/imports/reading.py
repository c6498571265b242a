"""A file of rows as people send it: whatever encoding and separator, spoiled lines told by their number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from tenants.lib.text import plain_name

MOST_BYTES = 40 * 1024 * 1024
MOST_ROWS = 500_000
MOST_COLUMNS = 100
LONGEST_CELL = 10_000
SEPARATORS = ";,\t|"
# A file whose lines are nearly all UTF-8 is UTF-8 with some spoiled lines, and not another encoding.
MOSTLY = 0.9


csv.field_size_limit(LONGEST_CELL * 100)


class FileRefused(ValueError):
    """The file cannot be read at all; the words say why."""


@dataclass(frozen=True)
class Form:
    """How a file is written, with the names of its columns."""

    encoding: str
    delimiter: str
    columns: list[str]


@dataclass(frozen=True)
class Line:
    """One row; `number` is its line in the file, `spoiled` why it cannot be read."""

    number: int
    cells: Sequence[str]
    spoiled: str = ""


def form_of(content: bytes) -> Form:
    """Raises FileRefused."""
    if not content.strip():
        raise FileRefused(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise FileRefused(_("The file is larger than 40 MB. Split it into several."))
    encoding = _encoding(content)
    if content[:4].startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(_("This is a spreadsheet. Save it as CSV first."))
    text = _text(content, encoding)
    # With the header's; some programs end lines with a carriage return alone.
    if max(text.count("\n"), text.count("\r")) > MOST_ROWS + 1:
        raise FileRefused(_("The file has more than 500,000 lines. Split it into several."))
    head = text.splitlines()[:1]
    first = head[0] if head else ""
    delimiter = max(SEPARATORS, key=first.count)
    columns = _columns(first, delimiter)
    if not any(columns):
        raise FileRefused(_("The first line must name the columns."))
    if len(columns) > MOST_COLUMNS:
        raise FileRefused(_("The file has more than 100 columns."))
    return Form(encoding, delimiter, columns)


def _columns(first: str, delimiter: str) -> list[str]:
    try:
        return [plain_name(cell)[:80] for cell in next(csv.reader([first], delimiter=delimiter), [])]
    except csv.Error:
        return []


def lines(content: bytes, form: Form, *, after: int = 0) -> Iterator[Line]:
    """The rows behind the header, without the first `after` of them; empty ones are left out."""
    reader = csv.reader(io.StringIO(_text(content, form.encoding), newline=""), delimiter=form.delimiter)
    rows = islice(_rows(reader), 1, None)
    for number, cells, spoiled in islice(rows, after, None):
        yield Line(number, cells, spoiled or _spoiled(cells, form))


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str], str]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, [], "unreadable"  # type: ignore[attr-defined]
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells, ""  # type: ignore[attr-defined]


def _spoiled(cells: Sequence[str], form: Form) -> str:
    if any("\0" in cell or any("\udc80" <= sign <= "\udcff" for sign in cell) for cell in cells):
        return "encoding"
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return "long"
    return "columns" if len(cells) > len(form.columns) and any(cells[len(form.columns) :]) else ""


def _encoding(content: bytes) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return name
    try:
        content.decode()
    except UnicodeDecodeError:
        odd = [line for line in content.splitlines() if not line.isascii()]
        well = sum(_is_utf8(line) for line in odd)
        return "utf-8" if well >= MOSTLY * len(odd) else "cp1252"
    return "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(content: bytes, encoding: str) -> str:
    """Bytes that are none of the encoding's become signs that `_spoiled` knows."""
    return content.decode(encoding, "replace" if encoding == "utf-16" else "surrogateescape")


def legible(cell: str) -> str:
    """A cell that may be shown: bytes that are no signs of the file's encoding become question marks."""
    return cell.encode("utf-8", "replace").decode()
