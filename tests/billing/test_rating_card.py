"""The rate card: strict to read, exact to ask."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from billing.markets.csv_rows import CardError
from billing.markets.table import load_markets
from billing.rating.card import DATA, Category, MissingRate, Rate, RateCard, load_card, whatsapp_card
from tests.billing.cards import TODAY, card, table

GERMANY = "Germany,49,EUR,marketing,0.1131,2026-10-01,test"
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))
AMOUNTS = st.decimals(min_value=0, max_value=9, places=4)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (GERMANY, "twice"),
        ("Germany,49,EUR,utility,0.05,2026-10-01", "6 cells"),
        ("Germany,49,EUR,gossip,0.05,2026-10-01,test", "gossip"),
        ("Germany,49,euro,utility,0.05,2026-10-01,test", "euro"),
        ("Germany,49,EUR,utility,0.05,2026-13-01,test", "2026-13-01"),
        ("Germany,49,EUR,utility,0.05,20261001,test", "20261001"),
        ("Germany,49,EUR,utility,0.05,2026-10-01,", "empty"),
        ("Germany,+49,EUR,utility,0.05,2026-10-01,test", "+49"),
        ("Germany,33,EUR,utility,0.05,2026-10-01,test", "prefixes"),
        ("Atlantis,99,EUR,utility,0.05,2026-10-01,test", "prefixes"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(line: str, complaint: str) -> None:
    with pytest.raises(CardError) as refused:
        card(GERMANY, line)
    (problem,) = refused.value.problems
    assert problem.startswith("Line 3: ")
    assert complaint in problem


@pytest.mark.parametrize("figure", ["", "-0.05", "0,05", "5e-2", "NaN", "Infinity", "0.0000001", " 0.05", ".05", "١"])
def test_a_rate_is_plain_digits(figure: str) -> None:
    with pytest.raises(CardError, match="Line 2"):
        card(f'Germany,49,EUR,utility,"{figure}",2026-10-01,test')


def test_all_bad_lines_are_named_at_once() -> None:
    with pytest.raises(CardError) as refused:
        card("Germany,49,EUR,utility,x,2026-10-01,test", GERMANY, "Germany,49,EUR,utility,0.1,never,test")
    assert [problem[:7] for problem in refused.value.problems] == ["Line 2:", "Line 4:"]


def test_other_columns_are_refused() -> None:
    with pytest.raises(CardError, match="Line 1"):
        load_card("market,rate\nGermany,0.05\n", table())


def test_a_file_with_an_open_quote_is_refused() -> None:
    with pytest.raises(CardError, match="Line 2"):
        card('Germany,"49,EUR,utility,0.05,2026-10-01,test')


def test_a_prefix_has_one_market_at_a_time() -> None:
    with pytest.raises(CardError, match=r"Line 4.*49"):
        table("Germany,49,,2026-06-30,test", "Saxony,49,2026-06-30,,test")


def test_every_other_number_needs_a_market() -> None:
    with pytest.raises(CardError, match="Other"):
        load_markets("market,prefixes,valid_from,valid_to,source\nGermany,49,,,test\n")


@given(st.dictionaries(DAYS, AMOUNTS, min_size=1, max_size=12), DAYS)
def test_the_latest_rate_in_force_wins(history: dict[date, Decimal], day: date) -> None:
    rates = [Rate("Germany", "EUR", Category.UTILITY, amount, since, "test") for since, amount in history.items()]
    found = RateCard(rates, table()).find_rate("Germany", Category.UTILITY, "EUR", day)
    in_force = [since for since in history if since <= day]
    assert (found.effective_from if found else None) == max(in_force, default=None)
    assert found is None or found.amount == history[found.effective_from]


@given(AMOUNTS, DAYS, st.integers(1, 900))
def test_a_rate_of_tomorrow_does_not_count_today(amount: Decimal, day: date, ahead: int) -> None:
    future = Rate("Germany", "EUR", Category.UTILITY, amount, day + timedelta(days=ahead), "test")
    with pytest.raises(MissingRate):
        RateCard([future], table()).rate("Germany", Category.UTILITY, "EUR", day)


@given(st.data())
def test_the_longest_prefix_wins(data: st.DataObject) -> None:
    known = data.draw(st.sets(st.integers(1, 99_999).map(str), min_size=1, max_size=20))
    markets = table(*(f"M{prefix},{prefix},,,test" for prefix in sorted(known)))
    digits = data.draw(st.one_of(st.sampled_from(sorted(known)), st.just(""))) + data.draw(
        st.from_regex(r"\A[0-9]{1,9}\Z")
    )
    fitting = [prefix for prefix in known if digits.startswith(prefix)]
    expected = f"M{max(fitting, key=len)}" if fitting else "Other"
    assert markets.market_of(digits, TODAY) == expected


@given(st.from_regex(r"\A[0-9]{1,15}\Z"), DAYS)
def test_every_number_has_a_market_of_its_day(digits: str, day: date) -> None:
    known = whatsapp_card()
    assert known.market_of(digits, day) in {market.name for market in known.markets(day)}


@pytest.mark.parametrize("text", ["", "+4930123", "49 30", "٤٩٣٠", "Ada"])
def test_a_number_is_digits_only(text: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        whatsapp_card().market_of(text, TODAY)


BEFORE_JULY, IN_JULY, IN_OCTOBER = date(2026, 6, 30), date(2026, 7, 1), date(2026, 10, 1)


@pytest.mark.parametrize(
    ("digits", "day", "market"),
    [
        ("4930123456", TODAY, "Germany"),
        ("12125550100", TODAY, "North America"),
        ("18095550100", TODAY, "Rest of Latin America"),
        ("18765550100", TODAY, "Rest of Latin America"),
        ("12425550100", TODAY, "Other"),
        ("18685550100", TODAY, "Other"),
        ("821012345678", TODAY, "Other"),
        ("35621234567", TODAY, "Other"),
        ("74951234567", TODAY, "Russia"),
        ("77011234567", TODAY, "Kazakhstan"),
        ("77011234567", date(2026, 9, 30), "Other"),
        ("48601234567", BEFORE_JULY, "Rest of Central & Eastern Europe"),
        ("48601234567", IN_JULY, "Poland"),
        ("85251234567", BEFORE_JULY, "Rest of Asia Pacific"),
        ("85251234567", IN_JULY, "Hong Kong"),
        ("97455123456", BEFORE_JULY, "Rest of Middle East"),
        ("97455123456", IN_JULY, "Qatar"),
        ("212612345678", date(2026, 9, 30), "Rest of Africa"),
        ("212612345678", IN_OCTOBER, "Morocco"),
        ("380501234567", date(2026, 9, 30), "Rest of Central & Eastern Europe"),
        ("380501234567", IN_OCTOBER, "Ukraine"),
        ("263771234567", date(2025, 9, 30), "Other"),
        ("263771234567", date(2025, 10, 1), "Rest of Africa"),
    ],
)
def test_markets_follow_the_published_list(digits: str, day: date, market: str) -> None:
    assert whatsapp_card().market_of(digits, day) == market


@pytest.mark.parametrize(
    ("market", "marketing", "utility"),
    [
        ("Germany", "0.1365", "0.0550"),
        ("Netherlands", "0.1597", "0.0500"),
        ("France", "0.0859", "0.0300"),
        ("United Kingdom", "0.0635", "0.0220"),
        ("Italy", "0.0795", "0.0300"),
        ("Spain", "0.0707", "0.0200"),
        ("Brazil", "0.0625", "0.0068"),
        ("Mexico", "0.0397", "0.0085"),
        ("India", "0.0118", "0.0014"),
        ("Indonesia", "0.0411", "0.0250"),
        ("United Arab Emirates", "0.0576", "0.0157"),
        ("North America", "0.0250", "0.0034"),
        ("Other", "0.0604", "0.0077"),
    ],
)
def test_our_card_has_the_published_dollar_rates(market: str, marketing: str, utility: str) -> None:
    known = whatsapp_card()
    assert known.rate(market, Category.MARKETING, "USD", IN_OCTOBER).amount == Decimal(marketing)
    for category in (Category.UTILITY, Category.AUTHENTICATION, Category.SERVICE):
        assert known.rate(market, category, "USD", IN_OCTOBER).amount == Decimal(utility)


def test_our_card_prices_every_market_of_today_in_dollars() -> None:
    known = whatsapp_card()
    markets = known.markets(TODAY)
    assert len(markets) == 47
    for market in markets:
        assert known.rate(market.name, Category.MARKETING, "USD", TODAY)
        assert known.rate(market.name, Category.UTILITY, "USD", TODAY)


def test_a_price_we_do_not_hold_is_never_made_up() -> None:
    with pytest.raises(MissingRate):
        whatsapp_card().rate("Germany", Category.MARKETING, "EUR", TODAY)


def test_the_files_of_the_card_end_with_a_line() -> None:
    for name in ("whatsapp_rates.csv", "market_prefixes.csv"):
        assert (DATA / name).read_text(encoding="utf-8").endswith("\n")
