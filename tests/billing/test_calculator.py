"""The price calculator: takes what people type, refuses what it cannot mean, keeps every word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from billing.rating.card import whatsapp_card
from billing.rating.forms import EXAMPLE, MOST_MESSAGES, ROWS, Calculator
from tests.billing.cards import TODAY


def one_row(messages: str, country: str = "DE", category: str = "marketing") -> Calculator:
    return Calculator({"r1-country": country, "r1-category": category, "r1-messages": messages})


def total(calculator: Calculator) -> Decimal:
    assert calculator.is_valid(), calculator.errors
    return calculator.estimate(whatsapp_card(), TODAY).total


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "typed", ["10000", "10.000", "10,000", "10 000", "10'000", "10’000", " 10000 ", "10\u00a0000", "10\u202f000"]
)
def test_ten_thousand_is_ten_thousand_however_it_is_written(language: str, typed: str) -> None:
    with translation.override(language):
        assert total(one_row(typed)) == Decimal("1365.0000")


@pytest.mark.parametrize(
    "typed", ["abc", "1.5", "10,0", "1e5", "-5", "1.0000", "1,000.000", "10.000,00", "٣", "1 2", "."]
)
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    calculator = one_row(typed)
    ((field, row, message),) = calculator.errors
    assert (field.name, row) == ("messages", 1)
    assert "whole number" in message
    assert field.value() == typed


@pytest.mark.parametrize("typed", ["0", str(MOST_MESSAGES + 1), "9" * 20])
def test_a_number_out_of_reason_is_refused(typed: str) -> None:
    ((_field, _row, message),) = one_row(typed).errors
    assert "100,000,000" in message


def test_an_error_speaks_the_reader_s_language_of_numbers() -> None:
    with translation.override("de"):
        ((_field, _row, message),) = one_row("abc").errors
    assert "10.000" in message


def test_a_row_needs_both_country_and_number() -> None:
    calculator = Calculator({"r1-country": "DE", "r2-messages": "5"})
    assert [(field.name, row) for field, row, _message in calculator.errors] == [("messages", 1), ("country", 2)]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({"r1-country": "XX", "r1-messages": "5"}, "country"),
        ({"r1-country": "DE", "r1-messages": "5", "r1-category": "gossip"}, "category"),
        ({"currency": "BTC"}, "currency"),
        ({"numbers": "0"}, "numbers"),
    ],
)
def test_a_made_up_choice_is_refused(words: dict[str, str], name: str) -> None:
    ((field, _row, _message),) = Calculator(words).errors
    assert field.name == name


def test_without_words_it_shows_an_example() -> None:
    calculator = Calculator({"q": "Germany"})
    assert calculator.is_example
    assert calculator.is_valid()
    assert len(calculator.asked_rows()) == len(EXAMPLE)


def test_empty_rows_are_not_asked() -> None:
    calculator = Calculator({f"r{row}-{name}": "" for row in range(1, ROWS + 1) for name in ("country", "messages")})
    assert calculator.is_valid()
    assert calculator.asked_rows() == []


def test_a_country_without_a_market_of_its_own_has_its_region_s_price() -> None:
    calculator = one_row("1000", country="AT", category="utility")
    assert total(calculator) == Decimal("17.1000")
    (answer,) = calculator.answers(calculator.estimate(whatsapp_card(), TODAY))
    assert (answer.country, answer.region) == ("Austria", "Rest of Western Europe")


def test_links_carry_only_words_of_ours() -> None:
    calculator = Calculator({"r1-country": "DE", "currency": "EUR", "q": "x", "utm": "y"})
    assert calculator.given == {"r1-country": "DE", "currency": "EUR"}
