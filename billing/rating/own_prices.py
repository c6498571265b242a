"""A company's own price list: what it pays for a message of each category in each market, today and next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing.markets.models import market_table
from billing.markets.table import Market
from billing.plans.periods import month_of
from billing.rating.card import Category
from billing.rating.countries import countries_by_market
from billing.rating.month import PAST_FREE, Month
from billing.rating.names import REGIONS, market_name
from billing.rating.price_table import COLUMNS, by_name, found, matching
from billing.rating.problems import Unrated
from billing.rating.rate import RatedUsage, Usage, rate
from tenants.models import Company

# Of changes that follow each other only the first is told, and none that lies further away than this.
FARTHEST = timedelta(days=370)


@dataclass(frozen=True, slots=True)
class Price:
    """One cell: the price of a month's first message, None where there is none, and the next one with its day."""

    amount: Decimal | None
    next_price: Decimal | None = None
    next_from: date | None = None


@dataclass(frozen=True, slots=True)
class PriceRow:
    market: Market
    name: str
    countries: list[str]
    matches: list[str]
    prices: list[Price]

    @property
    def is_region(self) -> bool:
        return self.market.name in REGIONS

    @property
    def cells(self) -> list[tuple[Category, Price]]:
        return list(zip(COLUMNS, self.prices, strict=True))

    @property
    def dialling(self) -> list[str]:
        return [prefix for prefix in self.market.prefixes if prefix]


@dataclass(frozen=True, slots=True)
class PriceList:
    """The rows that were looked for. `next_from`: the first day on which any of all prices changes."""

    rows: list[PriceRow]
    currency: str
    next_from: date | None


def own_prices(company: Company, *, day: date, language: str, query: str = "") -> PriceList:
    """Every market by the reader's name, or those that `query` finds; priced as an invoice would be."""
    month = Month(company, month_of(day))
    currency = month.currency_on(day)
    table = market_table(month.channel_kind)
    countries = countries_by_market(table, day, language)
    rows = [
        PriceRow(
            market,
            market_name(market.name),
            countries[market.name],
            matching(countries[market.name], query),
            [_price(month, market.name, category.value, day, currency) for category in COLUMNS],
        )
        for market in table.markets(day)
    ]
    rows = _alike(rows)
    changes = [price.next_from for row in rows for price in row.prices if price.next_from]
    return PriceList(found(by_name(rows), table, query, day), currency, min(changes, default=None))


def _alike(rows: list[PriceRow]) -> list[PriceRow]:
    """All prices with the same places, as many as the finest needs and four at least."""
    known = [amount for row in rows for price in row.prices for amount in (price.amount, price.next_price) if amount]
    places = max([4, *(-int(amount.normalize().as_tuple().exponent) for amount in known)])
    step = Decimal(1).scaleb(-places)

    def written(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else amount.quantize(step)

    return [
        replace(
            row,
            prices=[replace(one, amount=written(one.amount), next_price=written(one.next_price)) for one in row.prices],
        )
        for row in rows
    ]


def _price(month: Month, market: str, category: str, day: date, currency: str) -> Price:
    now = _rated(month, market, category, day, currency)
    if now is None:
        return Price(None)
    # What it rests on may end without another price: then the one after is asked.
    last = now.valid_to
    while last - day < FARTHEST:
        then = _rated(month, market, category, last + timedelta(days=1), currency)
        if then is None:
            break
        if then.unit_price != now.unit_price:
            return Price(now.unit_price, then.unit_price, last + timedelta(days=1))
        last = then.valid_to
    return Price(now.unit_price)


def _rated(month: Month, market: str, category: str, day: date, currency: str) -> RatedUsage | None:
    """One message after the free ones."""
    usage = Usage(market, category, "regular", day, service_before=PAST_FREE)
    try:
        return rate(usage, tariff=month.tariff, prices=month.prices(currency))[0]
    except Unrated:
        return None
