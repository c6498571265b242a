"""A card from a file: right throughout or refused with every line that is wrong; published, it never changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.markets.csv_rows import CardError
from billing.markets.models import MarketPrefix, market_table
from billing.rating.card import Category, whatsapp_card
from billing.rating.cards import MarketsMoved, SamePerson, SameRevision, WrongState, approve, publish
from billing.rating.importing import PLAIN, TIERED, import_card
from billing.rating.models import ExchangeRate, PriceList, Rate, RateCard
from billing.rating.price_lists import LaterList, enter_exchange_rate, set_prices
from billing.rating.tariff import load_prices, load_tariff
from tenants.models import AuditEntry, Company, User
from tenants.services.errors import Refused
from tests.billing.metered import NOVEMBER
from tests.conftest import Cast

DAY = date(2027, 1, 1)
NEEDED = ("marketing", "utility", "authentication")


def line(market: str, prefixes: str, category: str, rate: str = "0.05", **cells: str) -> str:
    values = {"currency": "EUR", "day": "2027-01-01", "source": "test", "tiers": "", **cells}
    told = [market, prefixes, values["currency"], category, rate, values["day"], values["source"]]
    return ",".join(told) + values["tiers"]


def whole() -> list[str]:
    """A card with two markets and all the others."""
    markets = (("Germany", "49"), ("France", "33"), ("Other", "*"))
    return [line(market, prefixes, category) for market, prefixes in markets for category in NEEDED]


def file(lines: list[str], columns: tuple[str, ...] = PLAIN) -> bytes:
    return "\n".join([",".join(columns), *lines, ""]).encode()


def take(data: bytes, by: User | None = None, **fields: object) -> RateCard:
    values = {"channel_kind": "whatsapp", "currency": "EUR", "label": "2027", "valid_from": DAY, **fields}
    return import_card(data, by=by, **values)  # type: ignore[arg-type]


def test_the_shipped_card_is_published_from_the_first_day(db: None) -> None:
    card, held = whatsapp_card(), load_tariff()
    for market in card.markets(date(2026, 11, 22)):
        for category in (Category.MARKETING, Category.UTILITY, Category.AUTHENTICATION):
            rate = card.rate(market.name, category, "USD", date(2026, 11, 22))
            (step,) = held.steps(market.name, category, "USD", date(2026, 11, 22))
            assert (step.amount, step.valid_from) == (rate.amount, rate.effective_from)
    for day in (date(2026, 6, 30), date(2026, 11, 22)):
        assert market_table("whatsapp").markets(day) == card.markets(day)


def test_a_file_becomes_a_draft_with_its_rates(staff: User) -> None:
    card = take(file(whole()), staff)
    assert (card.state, card.rates.count(), card.imported_by_id) == ("draft", 9, staff.pk)
    assert card.file_hash


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: [*lines[:-1]], "Line 9: Other has no rate for authentication"),
        (lambda lines: [*lines, lines[0]], "Line 2: the volumes above|Line 11: these volumes already have a rate"),
        (lambda lines: [*lines[:-1], lines[-1].replace("0.05", "-0.05")], "Line 10: “-0.05” is not a rate"),
        (lambda lines: [*lines[:-1], lines[-1].replace("0.05", "0,05")], "Line 10: 8 cells where 7 belong"),
        (lambda lines: [*lines[:-1], lines[-1].replace("EUR", "USD")], "Line 10: the card is in EUR"),
        (lambda lines: [*lines[:-1], lines[-1].replace("2027", "2026")], "Line 10: the card begins on 2027-01-01"),
        (lambda lines: [*lines, line("Germany", "49", "gifts")], "Line 11: “gifts” is not a category"),
        (lambda lines: [*lines, line("Germany", "49 43", "service")], "Line 11: this market has other prefixes"),
        (lambda lines: [*lines, line("Austria", "49", "service")], "Line 11: prefix 49 already has a market"),
        (lambda lines: lines[:6], "Line 7: “*”, every other number, must belong to “Other”"),
        (lambda lines: [one.replace("Other", "World") for one in lines], "Line 10: “*”, every other number, must"),
        (lambda lines: [*lines, line("x" * 61, "43", "service")], "Line 11: a market's name has at most 60"),
        (lambda lines: [*lines, line("Aus\0tria", "43", "service")], "Line 11: a cell has a character|Line 11: line"),
        (lambda lines: [*lines, line("Austria", "43", "service", source="\0")], "Line 11: a cell has a|Line 11: line"),
        (lambda lines: [], "Line 1: there is no rate"),
    ],
)
def test_a_wrong_line_refuses_the_file_and_is_named(db: None, change: object, problem: str) -> None:
    with pytest.raises(CardError) as caught:
        take(file(change(whole())))  # type: ignore[operator]
    assert any(found.startswith(tuple(problem.split("|"))) for found in caught.value.problems), caught.value.problems
    assert not RateCard.objects.filter(valid_from=DAY).exists()


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ([",0,100", ",200,MAX"], "the volumes below these have no rate"),
        ([",0,100", ",50,MAX"], "these volumes already have a rate"),
        ([",0,100"], "the volumes above these have no rate"),
        ([",0,100", ",100,100"], "it ends before it begins"),
        ([",0,x"], "is not a volume"),
    ],
)
def test_volumes_follow_each_other_without_hole_or_overlap(db: None, tiers: list[str], problem: str) -> None:
    lines = [*whole()[3:]]
    plain = [f"{one},," for one in lines]
    ladder = [line("Germany", "49", "utility", tiers=tier) for tier in tiers]
    rest = [line("Germany", "49", category, tiers=",,") for category in ("marketing", "authentication")]
    with pytest.raises(CardError, match=problem):
        take(file([*plain, *ladder, *rest], TIERED))


def test_a_ladder_of_volumes_is_taken(db: None) -> None:
    rest = [f"{one},," for one in whole() if "Germany,49,EUR,utility" not in one]
    ladder = [line("Germany", "49", "utility", tiers=tier) for tier in (",0,100", ",100,MAX")]
    card = take(file([*rest, *ladder], TIERED))
    told = Rate.objects.filter(card=card, market="Germany", category="utility").order_by("tier_from")
    assert list(told.values_list("tier_from", "tier_to")) == [(0, 100), (100, None)]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (",".join(PLAIN).encode() + b"\nK\xf6ln,49,EUR,utility,1,2027-01-01,x\n", "Line 2: this is not UTF-8"),
        (b"market,rate\nGermany,1\n", "Line 1: the columns must be"),
        (b"", "Line 1: the columns must be"),
        (b"x" * 3_000_000, "larger"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_its_reason(db: None, data: bytes, problem: str) -> None:
    with pytest.raises(CardError, match=problem):
        take(data)


def test_a_part_of_a_card_may_have_holes_but_moves_no_country(db: None) -> None:
    card = take(file([line("Germany", "49", "utility")]), is_partial=True)
    assert card.rates.count() == 1
    with pytest.raises(CardError, match="not those of the market"):
        take(file([line("Germany", "49 43", "utility")]), is_partial=True)


def test_somebody_else_approves_before_it_is_published(staff: User, admin: User) -> None:
    card = take(file(whole()), staff)
    with pytest.raises(WrongState):
        publish(card, by=staff, now=NOVEMBER)
    with pytest.raises(SamePerson):
        approve(card, by=staff)
    approve(card, by=admin)
    with pytest.raises(WrongState):
        approve(card, by=admin)
    publish(card, by=staff, now=NOVEMBER)
    with pytest.raises(WrongState):
        publish(card, by=staff, now=NOVEMBER)
    (step,) = load_tariff().steps("Germany", Category.UTILITY, "EUR", DAY)
    assert step.amount == Decimal("0.05")


def published(staff: User, admin: User, lines: list[str] | None = None) -> RateCard:
    card = take(file(lines or whole()), staff)
    approve(card, by=admin)
    publish(card, by=staff, now=NOVEMBER)
    return card


def test_a_published_card_never_changes(staff: User, admin: User) -> None:
    card = published(staff, admin)
    acts = [
        lambda: RateCard.objects.filter(pk=card.pk).update(label="x"),
        lambda: Rate.objects.filter(card=card).update(amount=1),
        lambda: Rate.objects.filter(card=card).delete(),
        lambda: Rate.objects.create(card=card, market="X", category="utility", amount=1),
        lambda: RateCard.objects.filter(pk=card.pk).delete(),
    ]
    for act in acts:
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            act()


def test_a_later_card_of_the_same_day_holds_where_it_says_something(staff: User, admin: User) -> None:
    published(staff, admin)
    again = take(file([line("Germany", "49", "utility", "0.07")]), staff, is_partial=True)
    approve(again, by=admin)
    publish(again, by=staff, now=NOVEMBER)
    held = load_tariff()
    amounts = [
        held.steps("Germany", category, "EUR", DAY)[0].amount for category in (Category.UTILITY, Category.MARKETING)
    ]
    assert amounts == [Decimal("0.07"), Decimal("0.05")]


def test_a_second_card_of_a_revision_is_refused(staff: User, admin: User) -> None:
    published(staff, admin)
    twin = take(file(whole()), staff)
    RateCard.objects.filter(pk=twin.pk).update(revision=1)
    twin.refresh_from_db()
    approve(twin, by=admin)
    with pytest.raises(SameRevision):
        publish(twin, by=staff, now=NOVEMBER)
    twin.refresh_from_db()
    assert twin.state == "approved"


@pytest.fixture
def cards_put_away(committed: Cast) -> Iterator[Cast]:
    """Whatever is imported and published, the shipped card alone is left behind."""
    markets, entries = list(MarketPrefix.objects.all()), set(AuditEntry.objects.values_list("pk", flat=True))
    try:
        yield committed
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "DELETE FROM billing_rate r USING billing_ratecard c WHERE c.id = r.card_id AND c.valid_from = %s",
                [DAY],
            )
            cursor.execute("DELETE FROM billing_ratecard WHERE valid_from = %s", [DAY])
            cursor.execute("DELETE FROM tenants_auditentry WHERE NOT id = ANY(%s)", [list(entries)])
            cursor.execute("SET session_replication_role = DEFAULT")
        MarketPrefix.objects.all().delete()
        MarketPrefix.objects.bulk_create(markets)


def test_cards_that_are_imported_and_published_at_once_are_one_after_another(cards_put_away: Cast) -> None:
    staff, admin = (User.objects.get(pk=pk) for pk in (cards_put_away.staff, cards_put_away.admin))

    def bring(number: int) -> RateCard:
        try:
            return take(file(whole()), staff, label=f"card {number}")
        finally:
            connection.close()

    def bring_out(card: RateCard) -> None:
        try:
            publish(card, by=staff, now=NOVEMBER)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        made = list(pool.map(bring, range(4)))
        for card in made:
            approve(card, by=admin)
        list(pool.map(bring_out, made))
    assert sorted(card.revision for card in made) == [1, 2, 3, 4]
    assert RateCard.objects.filter(valid_from=DAY, state="published").count() == 4


def test_publishing_moves_countries_on_the_day_of_the_card(staff: User, admin: User) -> None:
    published(staff, admin)
    table = market_table("whatsapp")
    assert table.market_of("4366012345", date(2026, 12, 31)) == "Rest of Western Europe"
    assert table.market_of("4366012345", DAY) == "Other"
    assert table.market_of("4915112345", DAY) == "Germany"


def test_cards_are_published_in_the_order_of_their_days(staff: User, admin: User) -> None:
    published(staff, admin, [*whole(), *[line("Austria", "43", category) for category in NEEDED]])
    early = take(
        file([one.replace("2027-01-01", "2026-12-01") for one in whole()]), staff, valid_from=date(2026, 12, 1)
    )
    approve(early, by=admin)
    with pytest.raises(MarketsMoved):
        publish(early, by=staff, now=NOVEMBER)


def test_a_prefix_has_one_market_at_a_time(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MarketPrefix.objects.create(channel_kind="whatsapp", prefix="49", market="X", valid_from=DAY)
    MarketPrefix.objects.create(channel_kind="sms", prefix="49", market="X", valid_from=DAY)


def prices_from(company: Company | None, day: date, markup: str = "10") -> PriceList:
    return set_prices(
        company,
        currency="EUR",
        label="x",
        valid_from=day,
        markup_percent=Decimal(markup),
        by=None,
        fixed={("Germany", "marketing"): Decimal("0.09")},
    )


def test_new_prices_end_those_before_and_never_rewrite_them(acme: Company) -> None:
    first, second = prices_from(acme, date(2026, 11, 1)), prices_from(acme, date(2026, 12, 1), "20")
    first.refresh_from_db()
    assert (first.valid_to, second.valid_to) == (date(2026, 11, 30), None)
    with pytest.raises(LaterList):
        prices_from(acme, date(2026, 11, 15))
    with pytest.raises(DatabaseError, match="new list"), transaction.atomic():
        PriceList.objects.filter(pk=first.pk).update(markup_percent=1)
    PriceList.objects.filter(pk=second.pk).update(valid_to=date(2026, 12, 31))
    held = load_prices(acme, "EUR")
    told = [held.rule_on(day) for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1))]
    assert [rule.markup_percent for rule in told if rule] == [0, 10, 20, 0]


def test_two_lists_of_a_company_never_overlap(acme: Company, globex: Company) -> None:
    prices_from(acme, date(2026, 11, 1))
    prices_from(globex, date(2026, 11, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceList.objects.create(company=acme, currency="EUR", label="y", valid_from=date(2027, 5, 1))


def test_an_exchange_rate_is_entered_once_per_day(staff: User) -> None:
    enter_exchange_rate("USD", "EUR", valid_from=DAY, rate=Decimal("0.9"), source="ECB", by=staff)
    enter_exchange_rate("USD", "EUR", valid_from=DAY, rate=Decimal("0.9"), source="ECB", by=staff)
    assert ExchangeRate.objects.filter(valid_from=DAY).count() == 1
    with pytest.raises(Refused):
        enter_exchange_rate("USD", "EUR", valid_from=DAY, rate=Decimal("0.8"), source="ECB", by=staff)
