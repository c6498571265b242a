"""What is free, and since when."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from billing.rating.card import Category, whatsapp_card
from billing.rating.rules import RULES, Free, NoRules, card_category, free_because, rules_on

BEFORE, SINCE = date(2026, 9, 30), date(2026, 10, 1)


def test_a_service_message_was_free_until_october_2026() -> None:
    assert free_because(Category.SERVICE, on_date=BEFORE) is Free.SERVICE
    assert free_because(Category.SERVICE, on_date=SINCE) is None


def test_the_free_thousand_comes_before_the_charge() -> None:
    assert rules_on(SINCE).free_service_per_number_and_month == 1000
    assert free_because(Category.SERVICE, on_date=SINCE, free_service_left=1) is Free.ALLOWANCE
    assert free_because(Category.SERVICE, on_date=SINCE, free_service_left=0) is None


def test_the_free_thousand_is_for_service_messages_only() -> None:
    assert free_because(Category.UTILITY, on_date=SINCE, free_service_left=1000) is None


def test_utility_in_the_open_window_was_free_until_october_2026() -> None:
    assert free_because(Category.UTILITY, on_date=BEFORE, window_is_open=True) is Free.WINDOW
    assert free_because(Category.UTILITY, on_date=BEFORE) is None
    assert free_because(Category.UTILITY, on_date=SINCE, window_is_open=True) is None


@pytest.mark.parametrize("category", [Category.MARKETING, Category.AUTHENTICATION])
def test_an_open_window_never_freed_marketing_or_codes(category: Category) -> None:
    assert free_because(category, on_date=BEFORE, window_is_open=True) is None


@pytest.mark.parametrize("category", list(Category))
def test_an_advertisement_s_answer_opens_a_free_window_for_all(category: Category) -> None:
    assert free_because(category, on_date=SINCE, from_entry_point=True) is Free.ENTRY_POINT


def test_before_july_2025_we_have_no_rules() -> None:
    assert rules_on(date(2025, 7, 1))
    with pytest.raises(NoRules):
        rules_on(date(2025, 6, 30))


def test_the_card_agrees_that_service_costs_what_utility_costs() -> None:
    card = whatsapp_card()
    assert card_category(Category.SERVICE) is Category.UTILITY
    for market in card.markets(SINCE):
        service = card.rate(market.name, Category.SERVICE, "USD", SINCE)
        assert service.amount == card.rate(market.name, Category.UTILITY, "USD", SINCE).amount


@given(st.dates(date(2025, 7, 1), date(2035, 12, 31)))
def test_each_day_has_exactly_one_set_of_rules(day: date) -> None:
    """I-05"""
    assert [rules for rules in RULES if rules.valid_from <= day <= rules.valid_to] == [rules_on(day)]
