"""Names and places of a company's things, told by the part of the house that knows them.

Billing keeps ids of channels, broadcasts and conversations, and asks here for their names and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is called, and its page; an empty address when there is none to open."""

    name: str
    url: str = ""


Find = Callable[[Collection[str]], dict[str, Thing]]
_finders: dict[str, Find] = {}


def on_things(kind: str, find: Find) -> None:
    """Name who knows the things of this kind. It is asked inside a company, with public ids."""
    _finders[kind] = find


def things(kind: str, public_ids: Collection[str]) -> dict[str, Thing]:
    """Those that still exist, by public id; asked once for a page."""
    wanted = {public_id for public_id in public_ids if public_id}
    return _finders[kind](wanted) if wanted and kind in _finders else {}
