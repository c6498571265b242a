"""A month's cost: exact, never too low, never silently incomplete."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import billing
from billing.rating.card import Category, whatsapp_card
from billing.rating.estimate import Estimate, Volume, estimate
from tests.billing.cards import TODAY, card

MARKETS = [market.name for market in whatsapp_card().markets(TODAY)]
VOLUMES = st.builds(
    Volume,
    st.sampled_from(MARKETS),
    st.sampled_from([Category.MARKETING, Category.UTILITY, Category.AUTHENTICATION, Category.SERVICE]),
    st.integers(0, 100_000_000),
)
LISTS = st.lists(VOLUMES, min_size=1, max_size=5)


def in_dollars(*volumes: Volume, on_date: date = TODAY, numbers: int = 1) -> Estimate:
    return estimate(whatsapp_card(), list(volumes), currency="USD", on_date=on_date, numbers=numbers)


def test_messages_times_rate_is_the_amount() -> None:
    (line,) = in_dollars(Volume("Germany", Category.MARKETING, 10_000)).lines
    assert line.amount == Decimal("1365.0000")


def test_the_first_thousand_service_messages_of_a_number_are_free() -> None:
    (line,) = in_dollars(Volume("Germany", Category.SERVICE, 3_000)).lines
    assert (line.free, line.charged, line.amount) == (1_000, 2_000, Decimal("110.0000"))


def test_two_numbers_have_two_thousand_free() -> None:
    assert in_dollars(Volume("Germany", Category.SERVICE, 3_000), numbers=2).total == Decimal("55.0000")


def test_the_free_messages_are_shared_by_all_rows_cheapest_first() -> None:
    dear, cheap = in_dollars(Volume("Germany", Category.SERVICE, 900), Volume("India", Category.SERVICE, 400)).lines
    assert (dear.free, cheap.free) == (600, 400)


def test_service_messages_before_october_2026_are_free() -> None:
    assert in_dollars(Volume("Germany", Category.SERVICE, 5_000), on_date=date(2026, 9, 30)).total == 0


def test_a_row_without_a_price_is_named_and_not_in_the_sum() -> None:
    known = card("Germany,49,EUR,utility,0.05,2026-10-01,test")
    volumes = [Volume("Germany", Category.UTILITY, 100), Volume("France", Category.UTILITY, 100)]
    result = estimate(known, volumes, currency="EUR", on_date=TODAY)
    assert result.total == Decimal("5.00")
    assert [line.volume.market for line in result.missing] == ["France"]


@given(LISTS, st.integers(1, 20))
def test_parts_add_up(volumes: list[Volume], numbers: int) -> None:
    result = in_dollars(*volumes, numbers=numbers)
    assert result.free + result.charged == result.messages
    assert result.total == sum(line.amount or 0 for line in result.lines)
    assert result.free <= 1_000 * numbers


@given(LISTS, st.data(), st.integers(0, 5_000))
def test_more_messages_never_cost_less(volumes: list[Volume], data: st.DataObject, more: int) -> None:
    row = data.draw(st.integers(0, len(volumes) - 1))
    grown = [*volumes]
    grown[row] = replace(grown[row], messages=grown[row].messages + more)
    assert in_dollars(*grown).total >= in_dollars(*volumes).total


@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_change_the_sum(volumes: list[Volume], random: object) -> None:
    shuffled = [*volumes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_dollars(*shuffled).total == in_dollars(*volumes).total


@given(LISTS, st.integers(1, 5))
def test_one_more_number_never_costs_more(volumes: list[Volume], numbers: int) -> None:
    assert in_dollars(*volumes, numbers=numbers + 1).total <= in_dollars(*volumes, numbers=numbers).total


def floats(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno
        if isinstance(node, ast.Name | ast.Attribute) and (getattr(node, "id", "") or getattr(node, "attr", "")) in {
            "float",
            "FloatField",
        }:
            yield node.lineno


@pytest.mark.parametrize(
    "path", sorted(Path(billing.__file__).parent.rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_money_never_meets_a_float(path: Path) -> None:
    assert not list(floats(ast.parse(path.read_text(encoding="utf-8"))))
