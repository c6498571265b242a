"""All published rates and all price lists as values: exactly one answers for a day, or none."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from billing.rating.card import Category
from billing.rating.models import CardState, ExchangeRate, PriceList, Rate, RateCard
from tenants.models import Company

# Where the card of the company's currency has no rate.
FALLBACK = "USD"
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Step:
    """A rate for the messages of a month between two volumes; its days are both included."""

    rate_id: str
    card: str
    currency: str
    amount: Decimal
    valid_from: date
    valid_to: date = date.max
    tier_from: int = 0
    tier_to: int | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    rate: Decimal
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True, slots=True)
class PriceRule:
    """One price list: a mark-up on the provider's price and a floor, or a price that stands."""

    price_id: str
    currency: str
    markup_percent: Decimal
    floor: Decimal
    valid_from: date
    valid_to: date = date.max
    overrides: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def price(self, market: str, category: Category, cost: Decimal) -> tuple[Decimal, str]:
        """Our price for what costs us so much, and where it comes from; a market's own price before that of all."""
        for wanted in (market, ""):
            if (wanted, category.value) in self.overrides:
                return self.overrides[wanted, category.value], f"{self.price_id}/fixed"
        if not cost:
            return cost, self.price_id
        price = cost * (1 + self.markup_percent / HUNDRED)
        return (self.floor, f"{self.price_id}/floor") if price < self.floor else (price, self.price_id)


class Tariff:
    """The rates of a kind of channel by market, category and currency, and the exchange rates."""

    def __init__(
        self, steps: Iterable[tuple[str, Category, Step]], conversions: Iterable[tuple[str, str, Conversion]] = ()
    ) -> None:
        rates: dict[tuple[str, Category, str], dict[date, list[Step]]] = defaultdict(lambda: defaultdict(list))
        for market, category, step in steps:
            rates[market, category, step.currency][step.valid_from].append(step)
        self._rates = {key: _closed(by_day) for key, by_day in rates.items()}
        exchanges: dict[tuple[str, str], dict[date, list[Conversion]]] = defaultdict(lambda: defaultdict(list))
        for base, quote, conversion in conversions:
            exchanges[base, quote][conversion.valid_from].append(conversion)
        self._exchanges = {key: _closed(by_day) for key, by_day in exchanges.items()}

    def steps(self, market: str, category: Category, currency: str, day: date) -> list[Step]:
        """The tiers in force, lowest first: in the currency where its card has them, else in dollars."""
        for wanted in dict.fromkeys((currency, FALLBACK)):
            found = _in_force(self._rates.get((market, category, wanted), []), day)
            if found:
                return sorted(found, key=lambda step: step.tier_from)
        return []

    def conversion(self, base: str, quote: str, day: date) -> Conversion | None:
        if base == quote:
            return Conversion(Decimal(1))
        found = _in_force(self._exchanges.get((base, quote), []), day)
        return found[0] if found else None


class Prices:
    """The price lists of one company and currency: its own before those of all."""

    def __init__(self, currency: str, own: Iterable[PriceRule] = (), common: Iterable[PriceRule] = ()) -> None:
        self.currency = currency
        self._own = sorted(own, key=lambda rule: rule.valid_from)
        self._common = sorted(common, key=lambda rule: rule.valid_from)

    def rule_on(self, day: date) -> PriceRule | None:
        """The list in force; one for all ends where the company's own begins, and begins where it ends."""
        for rule in self._own:
            if rule.valid_from <= day <= rule.valid_to:
                return rule
        for rule in self._common:
            if rule.valid_from <= day <= rule.valid_to:
                return self._between_own(rule, day)
        return None

    def _between_own(self, rule: PriceRule, day: date) -> PriceRule:
        before = [own.valid_to + timedelta(days=1) for own in self._own if own.valid_to < day]
        after = [own.valid_from - timedelta(days=1) for own in self._own if own.valid_from > day]
        return replace(rule, valid_from=max([rule.valid_from, *before]), valid_to=min([rule.valid_to, *after]))


Dated = tuple[date, list]


def _closed(by_day: Mapping[date, list]) -> list[Dated]:
    """Each set holds until the day before the next."""
    starts = sorted(by_day)
    ends = [start - timedelta(days=1) for start in starts[1:]] + [date.max]
    return [
        (start, [replace(value, valid_to=end) for value in by_day[start]])
        for start, end in zip(starts, ends, strict=True)
    ]


def _in_force(history: list[Dated], day: date) -> list:
    position = bisect_right(history, day, key=lambda dated: dated[0])
    return history[position - 1][1] if position else []


# What a step needs to know of its card.
OF_CARD = ("channel_kind", "currency", "label", "valid_from", "revision")


def load_tariff(channel_kind: str = "whatsapp") -> Tariff:
    """What is published; of two cards of one day the higher revision holds, market by market."""
    published = Rate.objects.filter(card__channel_kind=channel_kind, card__state=CardState.PUBLISHED)
    # As bare values: a price is asked for every few hundred messages, and there are a thousand rates.
    rates = published.order_by("card__revision", "pk").values_list(
        "pk", "market", "category", "amount", "tier_from", "tier_to", *(f"card__{name}" for name in OF_CARD)
    )

    @cache
    def card_of(*facts: Any) -> RateCard:
        return RateCard(**dict(zip(OF_CARD, facts, strict=True)))

    newest: dict[tuple, tuple[int, list[tuple[str, Category, Step]]]] = {}
    for pk, market, category, amount, tier_from, tier_to, *of_card in rates:
        card = card_of(*of_card)
        step = Step(str(pk), str(card), card.currency, amount, card.valid_from, tier_from=tier_from, tier_to=tier_to)
        key = (card.currency, card.valid_from, market, category)
        row = (market, Category(category), step)
        revision, found = newest.get(key, (card.revision, []))
        newest[key] = (card.revision, [row] if revision < card.revision else [*found, row])
    exchanges = [
        (row.base, row.quote, Conversion(row.rate.normalize(), row.valid_from)) for row in ExchangeRate.objects.all()
    ]
    return Tariff([row for _revision, found in newest.values() for row in found], exchanges)


def load_prices(company: Company | None, currency: str) -> Prices:
    lists = PriceList.objects.filter(currency=currency).prefetch_related("overrides")
    own = lists.filter(company=company) if company else lists.none()
    return Prices(currency, map(_rule, own), map(_rule, lists.filter(company=None)))


def _rule(row: PriceList) -> PriceRule:
    return PriceRule(
        row.public_id,
        row.currency,
        row.markup_percent,
        row.floor,
        row.valid_from,
        row.valid_to or date.max,
        {(override.market, override.category): override.unit_price for override in row.overrides.all()},
    )
