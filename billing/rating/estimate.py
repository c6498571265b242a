"""What a month of messages would cost: volumes in, priced lines out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.rating.card import Category, Rate, RateCard
from billing.rating.rules import card_category, free_because, rules_on

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Volume:
    market: str
    category: Category
    messages: int


@dataclass(frozen=True, slots=True)
class Line:
    """One priced volume. Without a rate the card lacks it, and the amount is not known."""

    volume: Volume
    rate: Rate | None
    free: int = 0

    @property
    def charged(self) -> int:
        return self.volume.messages - self.free

    @property
    def amount(self) -> Decimal | None:
        if self.rate is None:
            return None if self.charged else ZERO
        return self.rate.amount * self.charged


@dataclass(frozen=True, slots=True)
class Estimate:
    lines: list[Line]
    currency: str
    on_date: date

    @property
    def total(self) -> Decimal:
        """The sum of what is priced; `missing` says what is not in it."""
        return sum((line.amount for line in self.lines if line.amount is not None), ZERO)

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.amount is None]

    @property
    def messages(self) -> int:
        return sum(line.volume.messages for line in self.lines)

    @property
    def free(self) -> int:
        return sum(line.free for line in self.lines)

    @property
    def charged(self) -> int:
        return sum(line.charged for line in self.lines)


def estimate(card: RateCard, volumes: list[Volume], *, currency: str, on_date: date, numbers: int = 1) -> Estimate:
    """Price a month's volumes, sent outside the customer service window, from so many numbers of ours."""
    lines = [price(card, volume, currency, on_date) for volume in volumes]
    allowance = rules_on(on_date).free_service_per_number_and_month * numbers
    return Estimate(share_allowance(lines, allowance), currency, on_date)


def price(card: RateCard, volume: Volume, currency: str, on_date: date) -> Line:
    rate = card.find_rate(volume.market, card_category(volume.category), currency, on_date)
    is_free = free_because(volume.category, on_date=on_date) is not None
    return Line(volume, rate, free=volume.messages if is_free else 0)


def share_allowance(lines: list[Line], allowance: int) -> list[Line]:
    """Give the free service messages to the cheapest markets first, so that no estimate is too low."""
    shared = list(lines)
    for position in sorted(range(len(lines)), key=lambda position: cost_order(lines[position])):
        line = lines[position]
        if line.volume.category is Category.SERVICE and line.charged:
            free = min(line.charged, allowance)
            shared[position] = replace(line, free=line.free + free)
            allowance -= free
    return shared


def cost_order(line: Line) -> tuple[bool, Decimal]:
    """Cheapest first; a line without a rate comes last, since its free messages could not be valued."""
    return (line.rate is None, line.rate.amount if line.rate else ZERO)
