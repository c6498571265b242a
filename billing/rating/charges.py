"""What a company owes for a period, before it is an invoice: the border between rating and invoicing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both within."""

    first: date
    last: date


@dataclass(frozen=True)
class Charge:
    """One priced amount. `key` is the same whenever the same thing is rated again."""

    key: str
    kind: str  # plan, seats, usage, adjustment
    description: Mapping[str, str | int]
    quantity: Decimal
    unit: str  # message, month, seat
    unit_price: Decimal
    currency: str
    unit_cost: Decimal
    service_from: date
    service_to: date
    rate_ref: str
    rule_ref: str


@dataclass(frozen=True)
class Problem:
    """Why a period cannot be rated yet, in words for staff."""

    code: str
    words: str


@dataclass(frozen=True)
class Charges:
    charges: tuple[Charge, ...]
    problems: tuple[Problem, ...]
