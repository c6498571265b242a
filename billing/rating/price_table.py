"""The public price list: every market with its rates, since when they hold and where we read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from billing.markets.table import Market
from billing.rating.card import Category, Rate, RateCard
from billing.rating.countries import Places, countries_by_market
from billing.rating.names import REGIONS, fold, market_name
from billing.rating.rules import card_category

COLUMNS = (
    Category.MARKETING,
    Category.UTILITY,
    Category.AUTHENTICATION,
    Category.SERVICE,
    Category.AUTHENTICATION_INTERNATIONAL,
)


class Named(Protocol):
    """A market as it is listed and looked for."""

    @property
    def market(self) -> Market: ...
    @property
    def name(self) -> str: ...
    @property
    def matches(self) -> list[str]: ...
    @property
    def is_region(self) -> bool: ...
    @property
    def dialling(self) -> list[str]: ...


R = TypeVar("R", bound=Named)


@dataclass(frozen=True, slots=True)
class Row:
    market: Market
    name: str
    countries: list[str]
    matches: list[str]
    rates: list[Rate | None]
    notes: list[int]

    @property
    def is_region(self) -> bool:
        return self.market.name in REGIONS

    @property
    def cells(self) -> list[tuple[Category, Rate | None]]:
        return list(zip(COLUMNS, self.rates, strict=True))

    @property
    def dialling(self) -> list[str]:
        return [prefix for prefix in self.market.prefixes if prefix]

    @property
    def effective_from(self) -> date | None:
        """Since when the row holds: the newest of its cards; an older cell tells its own day."""
        return max((rate.effective_from for rate in self.rates if rate), default=None)


@dataclass(frozen=True, slots=True)
class PriceTable:
    rows: list[Row]
    without_price: list[str]
    sources: list[str]
    held: int
    total: int
    cards: list[date]

    @property
    def is_complete(self) -> bool:
        return self.held == self.total


def price_table(card: RateCard, *, currency: str, on_date: date, language: str, query: str = "") -> PriceTable:
    """Every market of the day by the reader's name, or those that `query` finds by name, country or calling code."""
    countries = countries_by_market(card, on_date, language)
    sources: list[str] = []
    rows = []
    for market in card.markets(on_date):
        rates = [card.find_rate(market.name, card_category(column), currency, on_date) for column in COLUMNS]
        matches = matching(countries[market.name], query)
        rows.append(
            Row(market, market_name(market.name), countries[market.name], matches, rates, notes_of(rates, sources))
        )
    shown = found(by_name(rows), card, query, on_date)
    return PriceTable(
        rows=[row for row in shown if any(row.rates)],
        without_price=[row.name for row in shown if not any(row.rates)],
        sources=sources,
        held=sum(1 for row in rows if any(row.rates)),
        total=len(rows),
        cards=sorted({row.effective_from for row in rows if row.effective_from}),
    )


def notes_of(rates: list[Rate | None], sources: list[str]) -> list[int]:
    """The numbers of a row's sources; a new one is added to the list."""
    for rate in rates:
        if rate and rate.source not in sources:
            sources.append(rate.source)
    return sorted({sources.index(rate.source) + 1 for rate in rates if rate})


def by_name(rows: list[R]) -> list[R]:
    """Countries first, then regions, then all the others; each by name."""
    return sorted(rows, key=lambda row: (row.market.name == "Other", row.is_region, fold(row.name)))


def matching(countries: list[str], query: str) -> list[str]:
    words = fold(query.strip())
    return [name for name in countries if words in fold(name)] if words else []


def found(rows: list[R], card: Places, query: str, on_date: date) -> list[R]:
    words = fold(query.strip())
    digits = dialled(words)
    if digits:
        begun = [row for row in rows if any(prefix.startswith(digits) for prefix in row.dialling)]
        return begun or [row for row in rows if row.market.name == card.market_of(digits, on_date)]
    return [row for row in rows if row.matches or words in fold(row.name) or words in fold(row.market.name)]


def dialled(words: str) -> str:
    """The digits of +49, 0049 or 49; empty when something else is looked for."""
    if not re.fullmatch(r"[+0-9 ()/-]+", words):
        return ""
    return re.sub(r"\D", "", words).lstrip("0")
