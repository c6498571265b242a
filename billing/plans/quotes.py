"""The door through which messaging asks what messages would cost and to which market a number belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.markets.models import market_table
from billing.plans import entitlements
from billing.plans.entitlements import Planned
from billing.plans.periods import PLACES, today
from billing.rating.countries import market_of_country, sample_numbers
from billing.rating.names import market_name
from tenants.models import Company

KIND = "whatsapp"
ZERO = Decimal(0)


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


def prefixes_at(now: datetime) -> Mapping[str, str]:
    """The market of each calling prefix, without "+"; numbers of no prefix belong to "Other". One query."""
    markets = market_table(KIND).markets(today(now))
    return {prefix: market.name for market in markets for prefix in market.prefixes if prefix}


def quote(company: Company, counts: Mapping[str, int], category: str, *, number: str, now: datetime) -> Quote:
    """Price so many messages to each market as invoices would, sent through a number; most first.

    A key may also be a country's code, as for `by_market`.
    """
    planned = [
        Planned(number, category.lower(), market=market, quantity=count)
        for market, count in by_market(counts, at=now).most_common()
        if count
    ]
    quoted = entitlements.quote(company, planned, now=now)
    return Quote(tuple(_line(one, quoted) for one in planned), quoted.currency, category)


def _line(planned: Planned, quoted: entitlements.Quote) -> QuoteLine:
    """Where tiers part a market's messages the price of each is the average."""
    parts = [part for of, part in quoted.parts if of == planned]
    if sum(part.quantity for part in parts) != planned.quantity:
        return QuoteLine(planned.market, planned.quantity, None, None)
    amount = sum((part.net for part in parts), ZERO)
    each = (amount / planned.quantity).quantize(PLACES)
    return QuoteLine(planned.market, planned.quantity, each, amount)


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


def by_market(counts: Mapping[str, int], *, at: datetime) -> Counter[str]:
    """Counts by market; a key may also be a country's code, where a recipient's number is not known."""
    countries = counts.keys() & sample_numbers().keys()
    table = market_table(KIND) if countries else None
    numbers: Counter[str] = Counter()
    for key, count in counts.items():
        numbers[market_of_country(table, key, today(at)) if table and key in countries else key] += count
    return numbers


def name_of(market: str) -> str:
    """The market in the reader's language."""
    return market_name(market)


def _word(price: Decimal | None) -> str | None:
    return None if price is None else str(price)
