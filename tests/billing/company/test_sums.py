"""Every page of a company's billing says the same sum as its rated lines, to the cent."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from billing.models import RatedLine, UsageRecord
from billing.plans.periods import month_of, today
from billing.rating.breakdown import bill, in_cents
from billing.views.usage import WAYS
from tenants.models import Company, User
from tests.billing.company.conftest import budget, now, this_month, use
from tests.billing.metered import FRENCH
from tests.conftest import Browser

CENT = Decimal("0.01")


@pytest.fixture
def used(priced: Company) -> Company:
    use(priced, 3, prefix="a")
    use(priced, 5, prefix="b", category="utility", origin="reply")
    use(priced, 2, prefix="c", address=FRENCH, broadcast_public_id="news")
    use(priced, 4, prefix="d", category="service", origin="reply")
    return priced


def messages_of(company: Company) -> Decimal:
    lines = RatedLine.objects.of(company).filter(kind="usage")
    return sum((line.net for line in lines), Decimal(0))


@pytest.mark.parametrize("way", WAYS)
def test_each_way_adds_up_to_the_rated_lines(used: Company, browser: Browser, way: str) -> None:
    context = browser.get("/billing/usage/", {"by": way}).context
    assert messages_of(used) == Decimal("0.8665")
    assert context["sum"] == sum(row["net"] for row in context["rows"]) == Decimal("0.87")
    assert (context["quantity"], context["free"]) == (14, 4)


def test_the_month_is_messages_fee_and_plan(used: Company, browser: Browser) -> None:
    tiles = browser.get("/billing/usage/").context["tiles"]
    # Twelve messages beyond the two included ones.
    assert [tile["value"] for tile in tiles] == ["€0.87", "€0.06", "€99.00", "€99.93"]


def test_half_a_cent_is_rounded_alike_on_every_page(priced: Company, browser: Browser) -> None:
    # Seven messages, five of them beyond the included ones: 0.025.
    use(priced, 7, category="service", origin="reply")
    for page, place in (("/billing/", 1), ("/billing/usage/", 1)):
        tile = browser.get(page).context["tiles"][place]
        assert (tile["value"], page) == ("€0.03", page)


def test_the_overview_and_its_drawing_say_the_same(used: Company, browser: Browser) -> None:
    context = browser.get("/billing/").context
    drawn = sum((sum(series["values"]) for series in context["chart"]["series"]), Decimal(0))
    assert drawn == Decimal("0.87")
    assert [tile["value"] for tile in context["tiles"]][:2] == ["€0.87", "€0.06"]
    assert [row["name"] for row in context["markets"]] == ["Germany", "France"]


def test_the_file_of_a_month_holds_each_message_with_its_price(used: Company, browser: Browser) -> None:
    answer = browser.get("/billing/usage/messages.csv", {"month": this_month()})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 14
    assert sum(Decimal(row["price"]) for row in rows) == messages_of(used)
    assert answer["Content-Disposition"].startswith("attachment")


def test_the_file_of_a_month_reads_its_messages_once(used: Company, browser: Browser) -> None:
    with CaptureQueriesContext(connection) as queries:
        b"".join(browser.get("/billing/usage/messages.csv").streaming_content)
    asked = [query["sql"] for query in queries if UsageRecord._meta.db_table in query["sql"]]
    # All of them are of one day.
    assert len(asked) == 1


def test_a_cell_of_the_file_is_never_a_formula(priced: Company, browser: Browser) -> None:
    use(priced, 1, number="=1+1", category="marketing")
    answer = browser.get("/billing/usage/messages.csv")
    assert b",'=1+1," in b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 14),
        ({"by": "market", "of": "Germany"}, 12),
        ({"by": "category", "of": "utility"}, 5),
        ({"by": "number", "of": "channel"}, 14),
        ({"by": "origin", "of": "broadcast:news"}, 2),
        ({"by": "market", "of": "Nowhere"}, 0),
    ],
)
def test_a_row_opens_its_messages(used: Company, browser: Browser, query: dict[str, str], count: int) -> None:
    answer = browser.get("/billing/usage/messages/", query)
    assert len(answer.context["rows"]) == count
    assert (b"No messages here" in answer.content) == (count == 0)


@pytest.mark.parametrize(
    "query", [{"by": "shoe size", "of": "42"}, {"by": "day", "of": "yesterday"}, {"by": "day", "of": "1999-01-01"}]
)
def test_a_row_that_cannot_be_is_not_found(used: Company, browser: Browser, query: dict[str, str]) -> None:
    assert browser.get("/billing/usage/messages/", query).status_code == 404


@pytest.mark.parametrize("query", [{"month": "soon"}, {"month": "2026-13"}, {"month": "9999-12"}, {"by": "mood"}])
def test_a_month_nobody_knows_is_this_month(used: Company, browser: Browser, query: dict[str, str]) -> None:
    assert browser.get("/billing/usage/", query).context["quantity"] == 14


def test_pages_of_messages_follow_each_other(priced: Company, browser: Browser) -> None:
    use(priced, 60)
    first = browser.get("/billing/usage/messages/").context
    second = browser.get("/billing/usage/messages/", {"after": first["page"].after}).context
    assert (len(first["rows"]), len(second["rows"])) == (50, 10)
    assert not {row["message"] for row in first["rows"]} & {row["message"] for row in second["rows"]}
    assert browser.get("/billing/usage/messages/", {"after": "x' OR 1"}).status_code == 200


def test_where_the_free_ones_end_each_message_has_its_own_price(priced: Company, browser: Browser) -> None:
    use(priced, 1001, category="service", origin="reply")
    answer = browser.get("/billing/usage/messages.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert sorted({row["price"] for row in rows}) == ["0.00", "0.0333"]
    assert sum(Decimal(row["price"]) for row in rows) == Decimal("0.0333") == messages_of(priced)


def test_what_has_no_price_is_said_and_not_in_the_sum(priced: Company, browser: Browser) -> None:
    use(priced, 3, category="carrier_pigeon")
    assert bill(priced, month_of(today(now()))).unpriced == 3
    for page in ("/billing/", "/billing/usage/"):
        assert b"3 messages have no price yet" in browser.get(page).content
    assert b"no price yet" in browser.get("/billing/usage/messages/").content


def test_before_the_first_message_the_page_says_what_will_be_here(priced: Company, browser: Browser) -> None:
    assert b"No message was delivered yet" in browser.get("/billing/").content
    assert b"Nothing was delivered in this month" in browser.get("/billing/usage/").content


def test_a_month_of_free_messages_has_nothing_to_draw(priced: Company, browser: Browser) -> None:
    use(priced, 2, category="service", origin="reply")
    assert b"All messages of the month were free so far" in browser.get("/billing/").content


def test_a_rival_s_messages_are_nowhere(
    used: Company, globex: Company, rival: User, at: Callable[..., Browser], browser: Browser
) -> None:
    use(globex, 7, prefix="g")
    assert browser.get("/billing/usage/").context["quantity"] == 14
    theirs = at(globex, rival)
    assert theirs.get("/billing/usage/").context["quantity"] == 7
    assert len(theirs.get("/billing/usage/messages/").context["rows"]) == 7


@pytest.mark.parametrize(
    ("page", "queries"),
    [("/billing/", 30), ("/billing/usage/?by=day", 20), ("/billing/usage/?by=market", 14)],
)
def test_a_busy_month_takes_the_queries_of_a_quiet_one(
    priced: Company, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries, page: str, queries: int
) -> None:
    budget(priced, "100")
    use(priced, 1)
    browser.get(page)
    with django_assert_num_queries(queries, exact=False) as few:
        browser.get(page)
    use(priced, 40, prefix="n", address=FRENCH, broadcast_public_id="news")
    use(priced, 40, prefix="o", category="utility", origin="reply")
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(page)


def test_cents_add_up_to_the_rounded_sum() -> None:
    exact = [Decimal("0.333333")] * 3 + [Decimal("-0.005")]
    assert sum(in_cents(exact)) == sum(exact).quantize(CENT, "ROUND_HALF_UP")
    assert in_cents([]) == []
