"""The door through which messaging asks what messages would cost and to which market a number belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.rating.card import Category, RateCard, whatsapp_card
from billing.rating.countries import market_of_country, sample_numbers
from billing.rating.estimate import ZERO, Volume, estimate
from billing.rating.names import market_name


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """The messages to one market; without a rate neither price nor amount are known."""

    market: str
    number: int
    unit_price: Decimal | None
    amount: Decimal | None

    @property
    def name(self) -> str:
        return name_of(self.market)


@dataclass(frozen=True, slots=True)
class Quote:
    """What messages of one category would cost; `total` leaves out what is `missing` a rate."""

    lines: tuple[QuoteLine, ...]
    currency: str
    category: str

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines if line.amount is not None), ZERO)

    @property
    def number(self) -> int:
        return sum(line.number for line in self.lines)

    @property
    def has_price(self) -> bool:
        """Whether anything in it has one."""
        return any(line.amount is not None for line in self.lines)

    @property
    def missing(self) -> list[QuoteLine]:
        return [line for line in self.lines if line.amount is None]

    def as_values(self) -> dict[str, Any]:
        """Plain JSON, to be kept with what it was asked for."""
        lines = [
            {"market": line.market, "number": line.number, "unit_price": _word(line.unit_price)} for line in self.lines
        ]
        return {"lines": lines, "currency": self.currency, "category": self.category}


def prefixes_on(day: date) -> Mapping[str, str]:
    """The market of each calling prefix, without "+"; numbers of no prefix belong to "Other"."""
    return {prefix: market.name for market in whatsapp_card().markets(day) for prefix in market.prefixes if prefix}


def quote(counts: Mapping[str, int], category: str, *, currency: str = "EUR", day: date) -> Quote:
    """Price so many messages to each market, outside the customer service window; most first.

    A key may also be a country's code, where the number itself is not known.
    """
    card = whatsapp_card()
    numbers: Counter[str] = Counter()
    for key, number in counts.items():
        numbers[market_of(key, day)] += number
    volumes = [(market, number) for market, number in numbers.most_common() if number]
    if category not in Category.values:
        lines = tuple(QuoteLine(market, number, None, None) for market, number in volumes)
        return Quote(lines, currency, category)
    return Quote(_priced(card, volumes, Category(category), currency, day), currency, category)


def quote_from(values: Mapping[str, Any]) -> Quote | None:
    """What `as_values` kept; None when nothing was."""
    if not values.get("lines"):
        return None
    lines = []
    for line in values["lines"]:
        price = Decimal(line["unit_price"]) if line["unit_price"] else None
        number = int(line["number"])
        lines.append(QuoteLine(line["market"], number, price, None if price is None else price * number))
    return Quote(tuple(lines), str(values["currency"]), str(values["category"]))


def market_of(key: str, day: date) -> str:
    """A market as it is, or the market of a country's code."""
    return market_of_country(whatsapp_card(), key, day) if key in sample_numbers() else key


def name_of(market: str) -> str:
    """The market in the reader's language."""
    return market_name(market)


def _priced(
    card: RateCard, volumes: list[tuple[str, int]], category: Category, currency: str, day: date
) -> tuple[QuoteLine, ...]:
    asked = [Volume(market, category, number) for market, number in volumes]
    priced = estimate(card, asked, currency=currency, on_date=day)
    return tuple(
        QuoteLine(line.volume.market, line.volume.messages, line.rate.amount if line.rate else None, line.amount)
        for line in priced.lines
    )


def _word(price: Decimal | None) -> str | None:
    return None if price is None else str(price)
