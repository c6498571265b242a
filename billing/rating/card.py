"""The rate card: what a provider asks for one message, by market, category, currency and day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.db.models import TextChoices
from django.utils.translation import gettext as _, gettext_lazy

from billing.markets.csv_rows import (
    CardError,
    Cells,
    at_line,
    currency_of,
    day_of,
    decimal_of,
    market_of,
    prefixes_of,
    read_rows,
    text_of,
)
from billing.markets.table import Market, MarketTable, load_markets

COLUMNS = ("market", "country_codes", "currency", "category", "rate", "effective_from", "source")
DATA = Path(__file__).parent / "data"


class Category(TextChoices):
    """What a message is for. The provider prices each of them apart."""

    MARKETING = "marketing", gettext_lazy("Marketing")
    UTILITY = "utility", gettext_lazy("Utility")
    AUTHENTICATION = "authentication", gettext_lazy("Authentication")
    AUTHENTICATION_INTERNATIONAL = "authentication-international", gettext_lazy("Authentication, international")
    SERVICE = "service", gettext_lazy("Service")


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of the card; it holds from its day until a newer one of the same kind."""

    market: str
    currency: str
    category: Category
    amount: Decimal
    effective_from: date
    source: str


class MissingRate(LookupError):
    """The card has no such price: import it, or ask in a currency that has it."""

    def __init__(self, market: str, category: Category, currency: str, on_date: date) -> None:
        super().__init__(f"{market}, {category.value}, {currency}, {on_date}")
        self.market, self.category, self.currency, self.on_date = market, category, currency, on_date


class RateCard:
    """All rates we hold, past ones too, with the markets they are for."""

    def __init__(self, rates: list[Rate], table: MarketTable) -> None:
        self.table = table
        self.rates: dict[tuple[str, Category, str], list[Rate]] = defaultdict(list)
        for rate in sorted(rates, key=lambda rate: rate.effective_from):
            self.rates[rate.market, rate.category, rate.currency].append(rate)

    def market_of(self, digits: str, on_date: date) -> str:
        return self.table.market_of(digits, on_date)

    def markets(self, on_date: date) -> list[Market]:
        return self.table.markets(on_date)

    def currencies(self) -> list[str]:
        return sorted({currency for _market, _category, currency in self.rates})

    def find_rate(self, market: str, category: Category, currency: str, on_date: date) -> Rate | None:
        """The latest rate that is in force on that day, if the card has any."""
        history = self.rates.get((market, category, currency), [])
        position = bisect_right(history, on_date, key=lambda rate: rate.effective_from)
        return history[position - 1] if position else None

    def rate(self, market: str, category: Category, currency: str, on_date: date) -> Rate:
        found = self.find_rate(market, category, currency, on_date)
        if found is None:
            raise MissingRate(market, category, currency, on_date)
        return found


def load_card(text: str, table: MarketTable) -> RateCard:
    """Read a card; it is refused as a whole when one line is wrong, doubled or foreign to the markets."""
    rows = read_rows(text, COLUMNS, row_of)
    seen: set[tuple[str, str, Category, date]] = set()
    members = Members(table)
    problems: list[str] = []
    for line, (rate, prefixes) in rows:
        key = (rate.market, rate.currency, rate.category, rate.effective_from)
        if key in seen:
            problems.append(at_line(line, _("this market, currency, category and day stand there twice")))
        seen.add(key)
        if members.prefixes(rate.market, rate.effective_from) != prefixes:
            problems.append(at_line(line, _("these prefixes are not those of the market on that day")))
    if problems:
        raise CardError(problems)
    return RateCard([rate for _line, (rate, _prefixes) in rows], table)


class Members:
    """The prefixes of each market, asked once a day."""

    def __init__(self, table: MarketTable) -> None:
        self.table = table
        self.days: dict[date, dict[str, frozenset[str]]] = {}

    def prefixes(self, market: str, on_date: date) -> frozenset[str]:
        if on_date not in self.days:
            self.days[on_date] = {known.name: frozenset(known.prefixes) for known in self.table.markets(on_date)}
        return self.days[on_date].get(market, frozenset())


def row_of(cells: Cells) -> tuple[Rate, frozenset[str]]:
    rate = Rate(
        market=market_of(cells["market"]),
        currency=currency_of(cells["currency"]),
        category=category_of(cells["category"]),
        amount=decimal_of(cells["rate"]),
        effective_from=day_of(cells["effective_from"]),
        source=text_of(cells["source"]),
    )
    return rate, frozenset(prefixes_of(cells["country_codes"]))


def category_of(text: str) -> Category:
    if text not in Category.values:
        raise ValueError(_("“%(text)s” is not a category") % {"text": text})
    return Category(text)


@cache
def whatsapp_card() -> RateCard:
    """The card that ships with the code, where none is published. It never changes while the program runs."""
    table = load_markets((DATA / "market_prefixes.csv").read_text(encoding="utf-8"))
    return load_card((DATA / "whatsapp_rates.csv").read_text(encoding="utf-8"), table)
