"""Small rate cards for tests."""

from __future__ import annotations

from datetime import date

from billing.markets.table import MarketTable, load_markets
from billing.rating.card import COLUMNS, RateCard, load_card

PREFIX_HEADER = "market,prefixes,valid_from,valid_to,source"
TODAY = date(2026, 11, 22)


def table(*lines: str) -> MarketTable:
    return load_markets("\n".join([PREFIX_HEADER, "Other,*,,,test", *lines]) + "\n")


def card(*lines: str, of: MarketTable | None = None) -> RateCard:
    markets = of or table("Germany,49,,,test", "France,33,,,test")
    return load_card("\n".join([",".join(COLUMNS), *lines]) + "\n", markets)
