"""Why something has no price. An estimate says so; an invoice waits until it is mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.rating.card import Category
from billing.rating.names import market_name


class Missing(StrEnum):
    MARKET = "market"
    CATEGORY = "category"
    PRICING_TYPE = "pricing_type"
    RULES = "rules"
    RATE = "rate"
    EXCHANGE = "exchange"
    PRICE = "price"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is missing, since when, and how many messages wait for it."""

    missing: str
    day: date
    market: str = ""
    category: str = ""
    currency: str = ""
    quantity: int = 0

    def words(self) -> str:
        """For people: what is missing, in the reader's language."""
        facts = {
            "market": market_name(self.market),
            "category": Category(self.category).label if self.category in Category.values else self.category,
            "currency": self.currency,
            "day": date_format(self.day),
        }
        return str(WORDS[Missing(self.missing)]() % facts)


WORDS = {
    Missing.MARKET: lambda: _("The recipient's market is not known."),
    Missing.CATEGORY: lambda: _("The provider reported a category we do not know: %(category)s."),
    Missing.PRICING_TYPE: lambda: _("The provider reported a kind of price we do not know: %(category)s."),
    Missing.RULES: lambda: _("No price rules are known for %(day)s."),
    Missing.RATE: lambda: _("The rate card has no rate for %(market)s, %(category)s on %(day)s."),
    Missing.EXCHANGE: lambda: _("There is no exchange rate from %(currency)s for %(day)s."),
    Missing.PRICE: lambda: _("There is no price list in %(currency)s for %(day)s."),
    Missing.SUBSCRIPTION: lambda: _("The company had no plan on %(day)s."),
}


class Unrated(LookupError):
    """There is no price; `problem` says what is missing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.missing}: {problem.market} {problem.category} {problem.day}")
        self.problem = problem


def gathered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, with its first day and all its messages."""
    found: dict[tuple[str, str, str, str], Problem] = {}
    for problem in problems:
        key = (problem.missing, problem.market, problem.category, problem.currency)
        known = found.get(key)
        found[key] = (
            problem
            if known is None
            else replace(known, day=min(known.day, problem.day), quantity=known.quantity + problem.quantity)
        )
    return tuple(sorted(found.values()))
