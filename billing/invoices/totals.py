"""Sums as EN 16931 wants them: each line rounded once, VAT on the sum of a category, never per line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing.einvoice.document import TaxShare, Totals

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Amount:
    """What a line adds to the sums."""

    net: Decimal
    category: str
    rate: Decimal


class TooFine(ValueError):
    """A quantity or price has more than six places, so a row could not keep it."""


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def exact(value: Decimal) -> Decimal:
    """The value with six places; TooFine rather than another value."""
    kept = value.quantize(PLACES)
    if kept != value:
        raise TooFine(format(value, "f"))
    return kept


def net_of(quantity: Decimal, unit_price: Decimal, *, after: Decimal = ZERO) -> Decimal:
    """Of a line, or of the part of it that comes `after` parts of that quantity.

    All parts so far are rounded as one, so that parts add up to what the whole line is.
    """
    return cents((after + quantity) * unit_price) - cents(after * unit_price)


def tax_shares(
    amounts: Iterable[Amount], *, at_most: Mapping[tuple[str, Decimal], Decimal] | None = None
) -> list[TaxShare]:
    """VAT per category and rate, in a fixed order.

    `at_most` caps a category's VAT: corrections that take an invoice back in parts must not give back a cent more.
    """
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for amount in amounts:
        key = (amount.category, amount.rate)
        bases[key] = bases.get(key, ZERO) + amount.net
    return [_share(key, basis, at_most or {}) for key, basis in sorted(bases.items())]


def _share(key: tuple[str, Decimal], basis: Decimal, at_most: Mapping[tuple[str, Decimal], Decimal]) -> TaxShare:
    category, rate = key
    tax = cents(basis * rate / 100)
    return TaxShare(category, rate, basis, min(tax, at_most.get(key, tax)))


def totals_of(shares: Iterable[TaxShare]) -> Totals:
    shares = list(shares)
    net = sum((share.basis for share in shares), ZERO)
    tax = sum((share.tax for share in shares), ZERO)
    return Totals(net, net, tax, net + tax, net + tax)
