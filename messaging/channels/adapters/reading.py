"""JSON from outside, read without surprises: nothing here raises anything but ValueError."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

# PostgreSQL takes neither NUL nor half a surrogate pair, and JSON can say both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
DEEPEST = 40
LONGEST_NUMBER = 40
LONGEST_ID = 256
EARLIEST, LATEST = datetime(2009, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """It is not what it should be; the words say where."""


def load(text: str | bytes) -> Any:
    """JSON whose strings can be stored. Raises ValueError for anything else."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        value = DECODER.decode(decoded)
        return value if isinstance(text, bytes) and _is_plain(decoded) else clean(value)
    except RecursionError:
        raise Unreadable("the JSON is nested too deep") from None


def _is_plain(decoded: str) -> bool:
    """Nothing to clean, as in nearly every answer: what cannot be stored only comes through an escape."""
    return "\\u" not in decoded and decoded.count("{") + decoded.count("[") < DEEPEST


def _no_number(word: str) -> None:
    raise Unreadable(f"{word} is no JSON")


def _number(digits: str) -> float | str:
    """1e999 is JSON but no number that could be written as JSON again."""
    number = float(digits)
    return number if isfinite(number) else digits


def _integer(digits: str) -> int | str:
    """Thousands of digits are JSON too, and Python refuses to read them back."""
    return int(digits) if len(digits) < LONGEST_NUMBER else digits


# Made once: each answer to a message is read with it.
DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_number, parse_int=_integer)


def clean(value: Any, depth: int = 0) -> Any:
    """The same value without what cannot be stored; what is nested too deep becomes a mark, its neighbours stay."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, list):
        return [clean(one, depth + 1) for one in value]
    return {UNSTORABLE.sub("\ufffd", key): clean(one, depth + 1) for key, one in value.items()}


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable(f"{what} is no object")
    return value


def part(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object within an object, empty when it is missing."""
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def items(holder: Mapping[str, Any], key: str) -> list[Any]:
    """A list within an object; a lone value counts as a list of one."""
    value = holder.get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def parts(holder: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    return (one for one in items(holder, key) if isinstance(one, Mapping))


def text(holder: Mapping[str, Any], key: str) -> str:
    """A string, or a number as one, since ids come as both; '' for anything else."""
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def needed(holder: Mapping[str, Any], key: str) -> str:
    """An id or a word of the provider's."""
    if not (value := text(holder, key)):
        raise Unreadable(f"{key} is missing")
    if len(value) > LONGEST_ID:
        raise Unreadable(f"{key} is too long")
    return value


def number(holder: Mapping[str, Any], key: str) -> float:
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable(f"{key} is no number")
    try:
        found = float(value)
    except OverflowError as error:
        raise Unreadable(f"{key} is too large") from error
    if not isfinite(found):
        raise Unreadable(f"{key} is no number")
    return found


def instant(value: Any) -> datetime | None:
    """Unix seconds, or milliseconds, as a number or a string; None for what is no sensible time."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
        at = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if EARLIEST <= at <= LATEST else None


def some(**fields: Any) -> dict[str, Any]:
    """The fields that say something."""
    return {key: value for key, value in fields.items() if value not in (None, "", False, [], {})}
