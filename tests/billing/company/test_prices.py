"""A company's own prices are those its invoice would have."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pytest_django import DjangoAssertNumQueries

from billing.plans.periods import today
from billing.rating.price_lists import set_prices
from tenants.models import Company
from tests.billing import metered
from tests.billing.company.conftest import now
from tests.conftest import Browser


def cell(browser: Browser, market: str, place: int = 0, **query: str) -> Decimal | None:
    rows = browser.get("/billing/prices/", query).context["table"].rows
    price: Decimal | None = next(row for row in rows if row.market.name == market).prices[place].amount
    return price


def test_an_own_mark_up_is_in_the_prices(priced: Company, browser: Browser) -> None:
    assert cell(browser, "Germany") == Decimal("0.1000")
    set_prices(
        priced,
        currency="EUR",
        label="own",
        valid_from=today(now()),
        markup_percent=Decimal(50),
        by=None,
    )
    assert cell(browser, "Germany") == Decimal("0.1500")


def test_a_market_is_found_by_a_country_or_a_calling_code(priced: Company, browser: Browser) -> None:
    for query in ("germany", "+49"):
        rows = browser.get("/billing/prices/", {"q": query}).context["table"].rows
        assert [row.market.name for row in rows] == ["Germany"]
    assert "No market for “Atlantis”" in browser.get("/billing/prices/", {"q": "Atlantis"}).content.decode()


def test_a_card_that_comes_is_told_with_its_day(priced: Company, browser: Browser) -> None:
    day = today(now()) + timedelta(days=20)
    metered.publish([("Germany", "marketing", "0.1200")], valid_from=day, revision=7)
    table = browser.get("/billing/prices/").context["table"]
    price = next(row for row in table.rows if row.market.name == "Germany").prices[0]
    assert (price.next_price, price.next_from) == (Decimal("0.1200"), day)
    assert table.next_from == day


def test_what_has_no_price_is_a_dash_and_no_zero(priced: Company, browser: Browser) -> None:
    metered.publish([], currency="USD", revision=9)
    assert cell(browser, "Germany", 4) is None


def test_the_queries_are_few(
    priced: Company, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/billing/prices/")
    with django_assert_num_queries(14, exact=False):
        browser.get("/billing/prices/")
