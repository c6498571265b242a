"""Countries for people, who know where a customer lives but not which market that is."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Protocol

from billing.markets.dialling import sample_numbers
from tenants.lib.countries import names


class Places(Protocol):
    """A rate card or a table of markets: whoever knows a number's market."""

    def market_of(self, digits: str, on_date: date) -> str: ...


def market_of_country(card: Places, country: str, on_date: date) -> str:
    return card.market_of(sample_numbers()[country], on_date)


def country_names(language: str) -> dict[str, str]:
    """Code and name of all countries that can be written to, in the order of the language."""
    return {code: name for code, name in names(language).items() if code in sample_numbers()}


def countries_by_market(card: Places, on_date: date, language: str) -> dict[str, list[str]]:
    """The countries of each market, by name."""
    found: dict[str, list[str]] = defaultdict(list)
    for code, name in country_names(language).items():
        found[market_of_country(card, code, on_date)].append(name)
    return found
