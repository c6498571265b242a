"""Pages by key: `before` and `after` name a row, so that a page is found by its index however long the list is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
PAGE_SIZE = 50


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows of a list, with the keys that lead on; an empty key means there is no more that way."""

    rows: Sequence[M]
    before: str
    after: str

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _beyond(row: Model, order: tuple[str, ...], *, forward: bool) -> Q:
    """Rows behind `row` in `order` (or before it): the columns compared one after the other."""
    condition, equal_so_far = Q(), Q()
    for name in order:
        column, descending = name.lstrip("-"), name.startswith("-")
        comparison = "lt" if descending == forward else "gt"
        value = getattr(row, column)
        condition |= equal_so_far & Q(**{f"{column}__{comparison}": value})
        equal_so_far &= Q(**{column: value})
    return condition


def _turned(order: tuple[str, ...]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def page_by_key(
    rows: QuerySet[M],
    order: tuple[str, ...],
    *,
    before: str = "",
    after: str = "",
    size: int = PAGE_SIZE,
    key: str = "public_id",
) -> Page[M]:
    """The page behind the row `after`, or in front of the row `before` (their `key`), in `order`.

    `order` ends in a unique column. An unknown key gives the first page: the row may just have gone.
    """
    forward = not before
    anchor = rows.model._default_manager.filter(**{key: before or after}).first() if before or after else None
    found = rows.order_by(*(order if forward else _turned(order)))
    if anchor is not None:
        found = found.filter(_beyond(anchor, order, forward=forward))
    cut = list(found[: size + 1])
    more, cut = len(cut) > size, cut[:size]
    if not forward:
        cut.reverse()
    has_earlier = (anchor is not None) if forward else more
    has_later = more if forward else anchor is not None
    return Page(
        rows=cut,
        before=str(getattr(cut[0], key)) if cut and has_earlier else "",
        after=str(getattr(cut[-1], key)) if cut and has_later else "",
    )
