"""Which market a number belongs to. WhatsApp prices by market: a country, or a region of several."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from billing.markets.csv_rows import CardError, Cells, at_line, day_of, market_of, prefixes_of, read_rows, text_of

OTHER = "Other"
COLUMNS = ("market", "prefixes", "valid_from", "valid_to", "source")
LONGEST_PREFIX = 7


@dataclass(frozen=True, slots=True)
class Membership:
    """Calling prefixes that belong to a market, from one day to another, both included."""

    market: str
    prefixes: tuple[str, ...]
    valid_from: date
    valid_to: date

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to

    def overlaps(self, other: Membership) -> bool:
        return self.valid_from <= other.valid_to and other.valid_from <= self.valid_to


@dataclass(frozen=True, slots=True)
class Market:
    name: str
    prefixes: tuple[str, ...]


class MarketTable:
    """The dated calling prefixes of all markets."""

    def __init__(self, memberships: list[tuple[int, Membership]]) -> None:
        self.by_prefix: dict[str, list[Membership]] = defaultdict(list)
        self.problems: list[str] = []
        for line, membership in memberships:
            self.add(line, membership)
        if not any(membership.market == OTHER for membership in self.by_prefix[""]):
            self.problems.append(_("“*”, every other number, must belong to “Other”"))
        if self.problems:
            raise CardError(self.problems)

    def add(self, line: int, membership: Membership) -> None:
        for prefix in membership.prefixes:
            if any(membership.overlaps(known) for known in self.by_prefix[prefix]):
                problem = _("prefix %(prefix)s already has a market at that time") % {"prefix": prefix or "*"}
                self.problems.append(at_line(line, problem))
            self.by_prefix[prefix].append(membership)

    def market_of(self, digits: str, on_date: date) -> str:
        """The market of a number in E.164 digits, without the plus: the longest known prefix wins."""
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"not E.164 digits: {len(digits)} characters")
        for length in range(LONGEST_PREFIX, -1, -1):
            for membership in self.by_prefix.get(digits[:length], ()):
                if membership.holds_on(on_date):
                    return membership.market
        return OTHER

    def markets(self, on_date: date) -> list[Market]:
        """All markets of a day by name, each with its prefixes; the empty prefix is every other number."""
        prefixes: dict[str, list[str]] = defaultdict(list)
        for prefix, memberships in self.by_prefix.items():
            for membership in memberships:
                if membership.holds_on(on_date):
                    prefixes[membership.market].append(prefix)
        return [Market(name, tuple(sorted(prefixes[name]))) for name in sorted(prefixes)]


def load_markets(text: str) -> MarketTable:
    """Read market,prefixes,valid_from,valid_to,source; an empty date is open to that side."""
    return MarketTable(read_rows(text, COLUMNS, membership_of))


def membership_of(cells: Cells) -> Membership:
    valid_from = day_of(cells["valid_from"]) if cells["valid_from"] else date.min
    valid_to = day_of(cells["valid_to"]) if cells["valid_to"] else date.max
    if valid_to < valid_from:
        raise ValueError(_("it ends before it begins"))
    text_of(cells["source"])
    return Membership(market_of(cells["market"]), prefixes_of(cells["prefixes"]), valid_from, valid_to)
