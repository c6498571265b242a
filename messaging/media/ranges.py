"""A part of a file, as a player asks for it (RFC 9110, 14.2)."""

from __future__ import annotations

import re

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class NotThere(Exception):
    """The file does not reach so far."""


def read_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and how many; None for the whole: no header, several parts, or one nobody understands."""
    found = RANGE.fullmatch(header.strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if not length:
            raise NotThere
        return size - length, length
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise NotThere
    return begin, end - begin + 1
