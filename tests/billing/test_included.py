"""Included messages of a month that has more than one plan."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, strategies as st

from billing.plans.models import Subscription
from billing.plans.periods import month_of
from billing.rating.card import Category
from billing.rating.month import Month
from billing.rating.rate import INCLUDED, Usage
from billing.rating.tariff import PriceRule, Prices, Step, Tariff
from tenants.models import Company

FIRST = date(2026, 11, 1)
STEP = Step("1", "card", "EUR", Decimal("0.1"), date(2025, 7, 1))

days = st.integers(0, 29).map(lambda number: FIRST + timedelta(days=number))
plans = st.dictionaries(days, st.integers(0, 8), max_size=3).flatmap(
    lambda later: st.integers(0, 8).map(lambda first: {**later, FIRST: first})
)
messages = st.lists(st.tuples(days, st.integers(1, 6), st.sampled_from(["Germany", "France"])), max_size=10)


def month_with(included: dict[date, int]) -> Month:
    """A month whose plan changes on these days, read from no database."""
    month = Month(Company(pk=1), month_of(FIRST))
    starts = [*sorted(included), None]
    vars(month)["subscriptions"] = [
        Subscription(
            pk=number,
            since=since,
            until=until and until - timedelta(days=1),
            currency="EUR",
            included={"marketing": included[since]},
        )
        for number, (since, until) in enumerate(pairwise(starts), start=1)
        if since is not None
    ]
    vars(month)["tariff"] = Tariff([(market, Category.MARKETING, STEP) for market in ("Germany", "France")])
    vars(month)["_prices"] = {"EUR": Prices("EUR", common=[PriceRule("p", "EUR", Decimal(0), Decimal(0), FIRST)])}
    return month


@given(plans, messages)
def test_a_month_covers_what_its_plan_says_less_what_was_covered_before(
    included: dict[date, int], sent: list[tuple[date, int, str]]
) -> None:
    month, covered = month_with(included), 0
    for day, quantity, market in sorted(sent):
        in_force = included[max(since for since in included if since <= day)]
        expected = min(quantity, max(0, in_force - covered))
        parts = month.rate_next(Usage(market, "marketing", "regular", day, quantity))
        assert sum(part.quantity for part in parts) == quantity
        assert sum(part.quantity for part in parts if part.price_id == INCLUDED) == expected
        covered += expected
    assert covered <= max(included.values())
