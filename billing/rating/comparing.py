"""A rate card beside the rates that held before it: what goes up, what goes down."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q

from billing.rating.card import Category
from billing.rating.models import CardState, Rate, RateCard
from billing.rating.names import fold, market_name

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class RateRow:
    """One rate with the one it follows."""

    tier_from: int
    tier_to: int | None
    amount: Decimal
    former: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """As a share of the former rate; None when there was none, or none above zero."""
        return self.amount / self.former - 1 if self.former else None


@dataclass
class MarketRow:
    market: str
    cells: dict[str, list[RateRow]] = field(default_factory=lambda: defaultdict(list))

    @property
    def name(self) -> str:
        return market_name(self.market)


@dataclass(frozen=True)
class Comparison:
    """`ups`, `downs`, `new` and `same` count rates."""

    categories: list[Category]
    rows: list[MarketRow]
    ups: int
    downs: int
    new: int
    same: int

    @property
    def table(self) -> list[tuple[MarketRow, list[list[RateRow]]]]:
        return [(row, [row.cells.get(category.value, []) for category in self.categories]) for row in self.rows]


def compared(card: RateCard) -> Comparison:
    """The card's rates by market. Two queries."""
    former = _held_before(card)
    markets: dict[str, MarketRow] = {}
    counts = dict.fromkeys(("ups", "downs", "new", "same"), 0)
    seen: set[str] = set()
    for rate in card.rates.order_by("market", "category", "tier_from"):
        row = markets.setdefault(rate.market, MarketRow(rate.market))
        one = RateRow(
            rate.tier_from, rate.tier_to, rate.amount, former.get((rate.market, rate.category, rate.tier_from))
        )
        row.cells[rate.category].append(one)
        seen.add(rate.category)
        counts[_direction(one)] += 1
    rows = sorted(markets.values(), key=lambda row: (row.market == "Other", fold(row.name)))
    return Comparison([category for category in Category if category.value in seen], rows, **counts)


def _direction(rate: RateRow) -> str:
    if rate.former is None:
        return "new"
    if rate.amount == rate.former:
        return "same"
    return "ups" if rate.amount > rate.former else "downs"


def _held_before(card: RateCard) -> dict[Key, Decimal]:
    """What was published for an earlier day, or earlier for the same; the latest of each counts."""
    earlier = Q(card__valid_from__lt=card.valid_from) | Q(
        card__valid_from=card.valid_from, card__revision__lt=card.revision
    )
    rates = Rate.objects.filter(
        earlier, card__channel_kind=card.channel_kind, card__currency=card.currency, card__state=CardState.PUBLISHED
    )
    in_order = rates.order_by("card__valid_from", "card__revision", "pk")
    return {
        (market, category, tier_from): amount
        for market, category, tier_from, amount in in_order.values_list("market", "category", "tier_from", "amount")
    }


def in_force(today: date) -> dict[tuple[str, str], int]:
    """The key of the newest published card by channel and currency; older ones hold where it names no rate."""
    held = RateCard.objects.filter(state=CardState.PUBLISHED, valid_from__lte=today)
    in_order = held.order_by("valid_from", "revision").values_list("channel_kind", "currency", "pk")
    return {(kind, currency): pk for kind, currency, pk in in_order}
