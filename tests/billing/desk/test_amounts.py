"""Amounts are read as both languages write them, and refused when they could mean two things."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenants.forms.amounts import read_amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,5", "1234.5"),
        ("1.234", "1234"),
        ("1 234", "1234"),
        ("12 345 678", "12345678"),
        ("12,50", "12.50"),
        ("0,05", "0.05"),
    ],
)
def test_a_sum_of_money_is_read_in_either_language(text: str, amount: str) -> None:
    assert read_amount(text, places=2, is_money=True) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "1.2345", "1,234,56", "1.23.4", "12,345.678", "1e5", "NaN", "٣", "5 €", "--1"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_amount(text, places=2, is_money=True)


def test_a_price_has_no_marks_between_thousands() -> None:
    assert read_amount("0.055", places=6, is_money=False) == Decimal("0.055")
    assert read_amount("1,234", places=6, is_money=False) == Decimal("1.234")
