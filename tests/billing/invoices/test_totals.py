"""Sums to the cent, for any lines."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, strategies as st

from billing.invoices.totals import Amount, TooFine, exact, net_of, tax_shares, totals_of

quantities = st.decimals("-100000", "100000", places=3)
prices = st.decimals("0", "500", places=6)
RATES = {"S": Decimal(19), "AE": Decimal(0)}
lines = st.lists(st.tuples(quantities, prices, st.sampled_from(sorted(RATES))), min_size=1, max_size=40)


def amounts_of(drawn: list[tuple[Decimal, Decimal, str]]) -> list[Amount]:
    return [Amount(net_of(quantity, price), category, RATES[category]) for quantity, price, category in drawn]


@given(lines)
def test_the_sums_are_those_of_the_rounded_lines(drawn: list[tuple[Decimal, Decimal, str]]) -> None:
    amounts = amounts_of(drawn)
    shares = tax_shares(amounts)
    totals = totals_of(shares)
    assert totals.line_total == sum(amount.net for amount in amounts)
    assert totals.tax_inclusive_amount == totals.tax_exclusive_amount + totals.tax_amount
    assert totals.tax_amount == sum(share.tax for share in shares)
    assert all(abs(share.tax - share.basis * share.rate / 100) <= Decimal("0.005") for share in shares)


@given(lines, st.randoms())
def test_the_order_of_the_lines_changes_no_cent(drawn: list[tuple[Decimal, Decimal, str]], random: Random) -> None:
    amounts = amounts_of(drawn)
    shuffled = list(amounts)
    random.shuffle(shuffled)
    assert tax_shares(shuffled) == tax_shares(amounts)


@given(lines)
def test_every_amount_has_two_places_and_is_no_float(drawn: list[tuple[Decimal, Decimal, str]]) -> None:
    for share in tax_shares(amounts_of(drawn)):
        for amount in (share.basis, share.tax):
            assert isinstance(amount, Decimal)
            assert amount.as_tuple().exponent == -2


def test_vat_is_reckoned_on_the_sum_and_not_per_line() -> None:
    three = [Amount(Decimal("0.03"), "S", Decimal(19))] * 3
    assert tax_shares(three)[0].tax == Decimal("0.02")  # per line it would be 0.03


def test_half_a_cent_goes_up() -> None:
    assert net_of(Decimal(1), Decimal("0.005")) == Decimal("0.01")
    assert net_of(Decimal(3), Decimal("0.0012")) == Decimal("0.00")


def test_a_price_finer_than_a_row_keeps_is_refused_and_not_rounded() -> None:
    assert exact(Decimal("0.123456")) == Decimal("0.123456")
    with pytest.raises(TooFine):
        exact(Decimal("0.1234567"))
