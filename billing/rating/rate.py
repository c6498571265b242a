"""The one function that puts a price on messages: for an estimate, a reservation and an invoice alike.

It reads no database: the tariff and the prices are handed in, so the same facts always give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from billing.rating.card import Category
from billing.rating.problems import Missing, Problem, Unrated
from billing.rating.rules import Free, NoRules, Rules, card_category, rules_on
from billing.rating.tariff import Conversion, PriceRule, Prices, Step, Tariff

PLACES = Decimal("0.000001")
ZERO = Decimal(0)
REGULAR, FREE_SERVICE, FREE_ENTRY = "regular", "free_customer_service", "free_entry_point"
# The provider's words for what is one category on its card.
REPORTED = {
    "marketing_lite": Category.MARKETING,
    "authentication_international": Category.AUTHENTICATION_INTERNATIONAL,
    "group_marketing": Category.MARKETING,
    "group_utility": Category.UTILITY,
    "group_service": Category.SERVICE,
}
CHARGED, INCLUDED = "charged", "included"


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages of one kind and day, and where they stand in their month.

    `service_before`: service messages the same number has delivered earlier in the month; `charged_before`: charged
    ones of the same market and category; `included_left`: how many more of the category the subscription covers.
    """

    market: str
    category: str
    pricing_type: str
    day: date
    quantity: int = 1
    service_before: int = 0
    charged_before: int = 0
    included_left: int = 0


@dataclass(frozen=True, slots=True)
class RatedUsage:
    """Messages that cost the same for the same reason. `explanation` holds the facts a person is told."""

    quantity: int
    unit_cost: Decimal
    cost_currency: str
    unit_price: Decimal
    currency: str
    rule_id: str
    rate_id: str
    price_id: str
    exchange_rate: Decimal
    valid_from: date
    valid_to: date
    explanation: Mapping[str, str]

    @property
    def cost(self) -> Decimal:
        """In `currency`, not rounded."""
        return self.quantity * self.unit_cost * self.exchange_rate

    @property
    def net(self) -> Decimal:
        return self.quantity * self.unit_price

    @property
    def is_charged(self) -> bool:
        """Whether the provider charges it, whoever pays."""
        return bool(self.rate_id)


def rate(usage: Usage, *, tariff: Tariff, prices: Prices) -> tuple[RatedUsage, ...]:
    """Price messages; parted where the free ones, a tier or the included ones end. Raises Unrated."""
    rules = _rules(usage)
    free, reason = _free(usage, rules)
    parts = [_free_part(free, reason, rules, prices)] if free else []
    if free < usage.quantity:
        parts += _charged(replace(usage, quantity=usage.quantity - free), rules, tariff, prices)
    return tuple(parts)


def known_category(reported: str) -> Category | None:
    """The card's category for the provider's word."""
    if reported in REPORTED:
        return REPORTED[reported]
    plain = reported.replace("_", "-")
    return Category(plain) if plain in Category.values else None


def reported_words(category: str) -> list[str]:
    """All words of the provider for one of the card's categories, or the one word that is none of them."""
    own = [word for word, known in REPORTED.items() if known == category]
    return [category, category.replace("-", "_"), *own]


def counts_for_allowance(category: str, pricing_type: str) -> bool:
    """Whether a delivered message uses up one of the number's free service messages, if there are any left."""
    return known_category(category) is Category.SERVICE and pricing_type != FREE_ENTRY


def _rules(usage: Usage) -> Rules:
    try:
        return rules_on(usage.day)
    except NoRules as error:
        raise _unrated(Missing.RULES, usage) from error


def _unrated(missing: Missing, usage: Usage, *, category: str = "", currency: str = "") -> Unrated:
    """Only what tells one such problem from another."""
    market = usage.market if missing == Missing.RATE else ""
    return Unrated(Problem(missing, usage.day, market, category, currency, usage.quantity))


def _free(usage: Usage, rules: Rules) -> tuple[int, Free]:
    """How many of them are free, and why."""
    is_service = known_category(usage.category) is Category.SERVICE
    if usage.pricing_type == FREE_ENTRY:
        return usage.quantity, Free.ENTRY_POINT
    if is_service and not rules.service_is_charged:
        return usage.quantity, Free.SERVICE
    if usage.pricing_type == FREE_SERVICE:
        return usage.quantity, Free.ALLOWANCE if is_service else Free.WINDOW
    if usage.pricing_type not in {REGULAR, ""}:
        raise _unrated(Missing.PRICING_TYPE, usage, category=usage.pricing_type)
    if is_service:
        left = max(0, rules.free_service_per_number_and_month - usage.service_before)
        return min(usage.quantity, left), Free.ALLOWANCE
    return 0, Free.ALLOWANCE


def _free_part(quantity: int, reason: Free, rules: Rules, prices: Prices) -> RatedUsage:
    return RatedUsage(
        quantity=quantity,
        unit_cost=ZERO,
        cost_currency=prices.currency,
        unit_price=ZERO,
        currency=prices.currency,
        rule_id=f"{rules.key}/{reason}",
        rate_id="",
        price_id="",
        exchange_rate=Decimal(1),
        valid_from=rules.valid_from,
        valid_to=rules.valid_to,
        explanation={"rule": reason, "since": rules.key},
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for charged messages of one market, category and day."""

    category: Category
    rules: Rules
    steps: tuple[Step, ...]
    rule: PriceRule
    conversion: Conversion


def _charged(usage: Usage, rules: Rules, tariff: Tariff, prices: Prices) -> Iterator[RatedUsage]:
    """Parted where the included ones or a tier end."""
    terms = _terms(usage, rules, tariff, prices)
    included = min(usage.quantity, usage.included_left)
    position, end = usage.charged_before, usage.charged_before + usage.quantity
    for step in terms.steps:
        until = end if step.tier_to is None else min(end, step.tier_to)
        while position < until:
            quantity = min(included, until - position) if included else until - position
            yield _part(quantity, usage, terms, step, is_included=bool(included))
            included = max(0, included - quantity)
            position += quantity


def _terms(usage: Usage, rules: Rules, tariff: Tariff, prices: Prices) -> Terms:
    category = known_category(usage.category)
    if category is None:
        raise _unrated(Missing.CATEGORY, usage, category=usage.category)
    if not usage.market:
        raise _unrated(Missing.MARKET, usage)
    steps = tariff.steps(usage.market, card_category(category), prices.currency, usage.day)
    if not steps:
        raise _unrated(Missing.RATE, usage, category=category.value)
    rule = prices.rule_on(usage.day)
    if rule is None:
        raise _unrated(Missing.PRICE, usage, currency=prices.currency)
    conversion = tariff.conversion(steps[0].currency, prices.currency, usage.day)
    if conversion is None:
        raise _unrated(Missing.EXCHANGE, usage, currency=steps[0].currency)
    # Service messages have no volume tiers: they cost what the first utility message costs.
    tiers = [replace(steps[0], tier_to=None)] if category is Category.SERVICE else steps
    return Terms(category, rules, tuple(tiers), rule, conversion)


def _part(quantity: int, usage: Usage, terms: Terms, step: Step, *, is_included: bool) -> RatedUsage:
    price, price_id = terms.rule.price(usage.market, terms.category, step.amount * terms.conversion.rate)
    word = INCLUDED if is_included else CHARGED
    dated = (terms.rules, step, terms.rule, terms.conversion)
    return RatedUsage(
        quantity=quantity,
        unit_cost=step.amount,
        cost_currency=step.currency,
        unit_price=ZERO if is_included else price.quantize(PLACES, ROUND_HALF_UP),
        currency=terms.rule.currency,
        rule_id=f"{terms.rules.key}/{word}",
        rate_id=step.rate_id,
        price_id=INCLUDED if is_included else price_id,
        exchange_rate=terms.conversion.rate,
        valid_from=max(one.valid_from for one in dated),
        valid_to=min(one.valid_to for one in dated),
        explanation={
            "rule": word,
            "since": terms.rules.key,
            "card": step.card,
            "rate": f"{step.amount} {step.currency}",
            "tier": f"{step.tier_from}:{'' if step.tier_to is None else step.tier_to}",
            "exchange": str(terms.conversion.rate),
            "price": price_id,
        },
    )
