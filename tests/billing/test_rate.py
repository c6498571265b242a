"""One function prices everything: the same facts, in whatever portions, give the same money."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from billing.rating.card import Category, whatsapp_card
from billing.rating.estimate import Volume, estimate
from billing.rating.problems import Unrated
from billing.rating.rate import RatedUsage, Usage, rate
from billing.rating.tariff import Conversion, PriceRule, Prices, Step, Tariff
from tests.billing.metered import prices, tariff

DAY = date(2026, 11, 10)
CARD = tariff(("Germany", "marketing", "0.10"), ("Germany", "utility", "0.04"), ("Germany", "authentication", "0.05"))


def usage(category: str = "marketing", pricing_type: str = "regular", **fields: object) -> Usage:
    return Usage(**{"market": "Germany", "category": category, "pricing_type": pricing_type, "day": DAY, **fields})  # type: ignore[arg-type]


def one(*args: object, **fields: object) -> RatedUsage:
    (part,) = rate(usage(*args, **fields), tariff=CARD, prices=prices())  # type: ignore[arg-type]
    return part


@pytest.mark.parametrize(
    ("category", "pricing_type", "day", "price", "rule"),
    [
        ("marketing", "regular", DAY, "0.10", "2026-10-01/charged"),
        ("marketing_lite", "regular", DAY, "0.10", "2026-10-01/charged"),
        ("utility", "regular", DAY, "0.04", "2026-10-01/charged"),
        # In the window it was free, and the provider says so; since October it says "regular".
        ("utility", "free_customer_service", date(2026, 9, 30), "0", "2025-07-01/window"),
        ("authentication", "regular", DAY, "0.05", "2026-10-01/charged"),
        ("service", "regular", date(2026, 9, 30), "0", "2025-07-01/service"),
        ("service", "regular", DAY, "0", "2026-10-01/allowance"),
        ("service", "free_customer_service", DAY, "0", "2026-10-01/allowance"),
        ("referral_conversion", "free_entry_point", DAY, "0", "2026-10-01/entry_point"),
        ("marketing", "free_entry_point", DAY, "0", "2026-10-01/entry_point"),
        # Nobody told: our own rules.
        ("utility", "", DAY, "0.04", "2026-10-01/charged"),
    ],
)
def test_the_report_and_the_rules_of_the_day_decide(
    category: str, pricing_type: str, day: date, price: str, rule: str
) -> None:
    part = one(category, pricing_type, day=day)
    assert (part.unit_price, part.rule_id) == (Decimal(price), rule)


def test_a_service_message_costs_what_utility_costs_from_the_thousand_and_first_on() -> None:
    free, charged = rate(usage("service", quantity=5, service_before=998), tariff=CARD, prices=prices())
    assert (free.quantity, free.net, free.rule_id) == (2, 0, "2026-10-01/allowance")
    assert (charged.quantity, charged.unit_price, charged.net) == (3, Decimal("0.04"), Decimal("0.12"))


def test_a_tier_holds_for_the_messages_above_its_bound() -> None:
    steps = [
        ("India", Category.UTILITY, Step("1", "c", "EUR", Decimal("0.10"), DAY, tier_to=10)),
        ("India", Category.UTILITY, Step("2", "c", "EUR", Decimal("0.05"), DAY, tier_from=10)),
    ]
    parts = rate(usage("utility", market="India", quantity=6, charged_before=8), tariff=Tariff(steps), prices=prices())
    assert [(part.quantity, part.rate_id) for part in parts] == [(2, "1"), (4, "2")]


def test_included_messages_cost_the_company_nothing_and_us_what_they_cost() -> None:
    covered, paid = rate(usage(quantity=5, included_left=2), tariff=CARD, prices=prices("50"))
    assert (covered.quantity, covered.unit_price, covered.unit_cost) == (2, 0, Decimal("0.10"))
    assert (paid.quantity, paid.unit_price) == (3, Decimal("0.15"))


@pytest.mark.parametrize(
    ("markup", "floor", "overrides", "price", "price_id"),
    [
        ("20", "0", {}, "0.120000", "list"),
        ("0", "0.2", {}, "0.200000", "list/floor"),
        ("20", "0", {("Germany", "marketing"): Decimal("0.07")}, "0.070000", "list/fixed"),
        ("20", "0", {("", "marketing"): Decimal("0.08")}, "0.080000", "list/fixed"),
        ("20", "0", {("France", "marketing"): Decimal("0.07")}, "0.120000", "list"),
    ],
)
def test_the_price_is_fixed_or_marked_up_but_never_below_the_floor(
    markup: str, floor: str, overrides: dict[tuple[str, str], Decimal], price: str, price_id: str
) -> None:
    (part,) = rate(usage(), tariff=CARD, prices=prices(markup, floor, overrides=overrides))
    assert (part.unit_price, part.price_id, part.unit_cost) == (Decimal(price), price_id, Decimal("0.10"))


def test_a_card_in_dollars_is_exchanged_at_the_rate_of_the_day() -> None:
    card = tariff(("Germany", "marketing", "0.10"), currency="USD", exchange="0.905")
    (part,) = rate(usage(quantity=2), tariff=card, prices=prices("10"))
    assert (part.unit_cost, part.cost_currency, part.unit_price) == (Decimal("0.10"), "USD", Decimal("0.099550"))
    assert (part.cost, part.net) == (Decimal("0.1810"), Decimal("0.199100"))


@pytest.mark.parametrize(
    ("asked", "card", "list_", "missing"),
    [
        (usage(market=""), CARD, prices(), "market"),
        (usage("general_purpose_ai"), CARD, prices(), "category"),
        (usage("marketing", "half_price"), CARD, prices(), "pricing_type"),
        (usage(day=date(2025, 6, 30)), CARD, prices(), "rules"),
        (usage(market="France"), CARD, prices(), "rate"),
        (usage(), CARD, Prices("EUR"), "price"),
        (usage(), tariff(("Germany", "marketing", "1"), currency="USD"), prices(), "exchange"),
    ],
)
def test_without_exactly_one_price_the_problem_has_a_name_and_words(
    asked: Usage, card: Tariff, list_: Prices, missing: str
) -> None:
    with pytest.raises(Unrated) as caught:
        rate(asked, tariff=card, prices=list_)
    assert caught.value.problem.missing == missing
    assert caught.value.problem.words().endswith(".")


def test_what_is_free_needs_no_market_and_no_rate() -> None:
    (part,) = rate(usage("general_purpose_ai", "free_entry_point", market=""), tariff=Tariff([]), prices=prices())
    assert part.net == 0


def test_a_company_s_own_list_comes_before_the_one_for_all() -> None:
    own = PriceRule("own", "EUR", Decimal(50), Decimal(0), date(2026, 11, 5), date(2026, 11, 20))
    common = PriceRule("all", "EUR", Decimal(0), Decimal(0), date(2025, 7, 1))
    lists = Prices("EUR", own=[own], common=[common])
    found = [lists.rule_on(date(2026, 11, day)) for day in (4, 5, 20, 21)]
    told = [(rule.price_id, rule.valid_from.day, rule.valid_to) for rule in found if rule]
    assert told == [
        ("all", 1, date(2026, 11, 4)),
        ("own", 5, date(2026, 11, 20)),
        ("own", 5, date(2026, 11, 20)),
        ("all", 21, date.max),
    ]


MONEY = st.decimals(min_value=0, max_value=1, places=4)


@given(
    quantity=st.integers(1, 12),
    cut=st.integers(0, 12),
    before=st.integers(990, 1005),
    charged=st.integers(0, 12),
    included=st.integers(0, 8),
    amounts=st.tuples(MONEY, MONEY),
    category=st.sampled_from(["service", "utility", "marketing"]),
)
def test_any_portions_cost_the_same_and_as_much_as_one_by_one(
    quantity: int, cut: int, before: int, charged: int, included: int, amounts: tuple[Decimal, Decimal], category: str
) -> None:
    """I-07, I-08, against a slow oracle that knows one message at a time."""
    steps = [
        ("Germany", Category(name), step)
        for name in ("utility", "marketing")
        for step in (
            Step("1", "c", "EUR", amounts[0], date(2026, 1, 1), tier_to=6),
            Step("2", "c", "EUR", amounts[1], date(2026, 1, 1), tier_from=6),
        )
    ]
    card, list_ = Tariff(steps), prices("25", "0.01")

    def cost(portions: list[int]) -> tuple[Decimal, Decimal]:
        service, paid, left = before, charged, included
        net = own_cost = Decimal(0)
        for portion in portions:
            asked = usage(category, quantity=portion, service_before=service, charged_before=paid, included_left=left)
            for part in rate(asked, tariff=card, prices=list_):
                net, own_cost = net + part.net, own_cost + part.cost
                paid += part.quantity if part.is_charged else 0
                left -= part.quantity if part.price_id == "included" else 0
            service += portion
        return net, own_cost

    def oracle() -> Decimal:
        net, paid, left = Decimal(0), charged, included
        for number in range(quantity):
            if category == "service" and before + number < 1000:
                continue
            amount = amounts[0] if category == "service" or paid < 6 else amounts[1]
            paid += 1
            if left:
                left -= 1
            elif amount:
                net += max(Decimal("0.01"), amount * Decimal("1.25"))
        return net

    portions = [part for part in (min(cut, quantity), quantity - min(cut, quantity)) if part]
    assert cost([quantity]) == cost(portions) == cost([1] * quantity)
    assert cost([quantity])[0] == oracle()


@given(
    days=st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), min_size=1, max_size=5, unique=True),
    day=st.dates(date(2026, 1, 1), date(2028, 1, 31)),
)
def test_on_each_day_exactly_the_newest_card_holds(days: list[date], day: date) -> None:
    """I-05"""
    steps = [
        ("Germany", Category.MARKETING, Step(str(number), "c", "EUR", Decimal(number), start))
        for number, start in enumerate(days)
    ]
    begun = [start for start in days if start <= day]
    found = Tariff(steps).steps("Germany", Category.MARKETING, "EUR", day)
    assert [step.rate_id for step in found] == ([str(days.index(max(begun)))] if begun else [])
    assert all(step.valid_from <= day <= step.valid_to for step in found)


@given(
    own=st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=6),
    common=st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3),
    day=st.dates(date(2026, 1, 1), date(2027, 1, 31)),
)
def test_on_each_day_one_price_list_holds_and_it_knows_for_how_long(
    own: set[date], common: set[date], day: date
) -> None:
    """I-05: against a look at every day. Own lists run from every first of two days to the second."""
    bounds = sorted(own)
    periods = list(zip(bounds[::2], bounds[1::2], strict=False))
    starts = [date(2025, 7, 1), *sorted(common)]
    lists = Prices(
        "EUR",
        own=[PriceRule(f"own {first}", "EUR", Decimal(0), Decimal(0), first, last) for first, last in periods],
        common=[
            PriceRule(f"all {first}", "EUR", Decimal(0), Decimal(0), first, then - timedelta(days=1))
            for first, then in zip(starts, [*starts[1:], date(2028, 1, 1)], strict=True)
        ],
    )

    def slow(day: date) -> str:
        if day == date(2028, 1, 1):
            return "the end"
        held = [f"own {first}" for first, last in periods if first <= day <= last]
        return held[0] if held else f"all {max(start for start in starts if start <= day)}"

    rule = lists.rule_on(day)
    assert rule is not None
    assert rule.price_id == slow(day)
    assert rule.valid_from <= day <= rule.valid_to
    assert {slow(edge) for edge in (rule.valid_from, rule.valid_to)} == {rule.price_id}
    # It ends where another begins.
    assert slow(rule.valid_to + timedelta(days=1)) != rule.price_id


def test_the_public_calculator_and_the_invoice_agree() -> None:
    """The calculator reads the file, the invoice the database's rates; both must say the same of a month."""
    card = whatsapp_card()
    steps = [
        (market, category, Step("1", "c", currency, found.amount, found.effective_from))
        for (market, category, currency), history in card.rates.items()
        for found in history
    ]
    dollars = Prices("USD", common=[PriceRule("all", "USD", Decimal(0), Decimal(0), date(2025, 7, 1))])
    for market in card.markets(DAY):
        for category in (Category.MARKETING, Category.UTILITY, Category.AUTHENTICATION, Category.SERVICE):
            told = estimate(card, [Volume(market.name, category, 1500)], currency="USD", on_date=DAY)
            parts = rate(Usage(market.name, category, "", DAY, quantity=1500), tariff=Tariff(steps), prices=dollars)
            assert sum(part.net for part in parts) == told.total


def test_an_exchange_rate_holds_until_the_next() -> None:
    exchanges = [
        ("USD", "EUR", Conversion(Decimal("0.9"), date(2026, 1, 1))),
        ("USD", "EUR", Conversion(Decimal("0.8"), date(2026, 11, 1))),
    ]
    card = Tariff([], exchanges)
    told = [card.conversion("USD", "EUR", date(2026, month, 15)) for month in (10, 11)]
    assert [found.rate for found in told if found] == [Decimal("0.9"), Decimal("0.8")]
    assert card.conversion("USD", "EUR", date(2025, 12, 31)) is None
