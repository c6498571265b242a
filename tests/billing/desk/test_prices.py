"""Cards from files, price lists and exchange rates: nothing half taken, nothing twice, nothing edited afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from billing.rating.models import ExchangeRate, PriceList, PriceOverride, RateCard
from tenants.models import AuditEntry, Company, User
from tests.billing.metered import dollars, publish
from tests.billing.test_card_import import file, line
from tests.conftest import Browser

ADD = "/staff/billing/cards/add/"
PART = [line("Germany", "49", "marketing", "0.15"), line("Germany", "49", "utility", "0.05")]


def upload(console: Browser, lines: list[str], **fields: Any) -> Any:
    values = {
        "file": SimpleUploadedFile("card.csv", file(lines), "text/csv"),
        "channel_kind": "whatsapp",
        "currency": "EUR",
        "label": "2027",
        "valid_from": "2027-01-01",
        "is_partial": "on",
        **fields,
    }
    return console.post(ADD, values)


def made() -> RateCard:
    return RateCard.objects.latest("pk")


def url(card: RateCard, step: str = "") -> str:
    return f"/staff/billing/cards/{card.public_id}/{step}"


@pytest.fixture
def colleague(outsider: User, at: Callable[..., Browser], staff: User) -> Browser:
    """Another person of the operator."""
    User.objects.filter(pk=outsider.pk).update(is_staff=True)
    outsider.refresh_from_db()
    (authenticator,) = staff.authenticator_set.all()
    outsider.authenticator_set.create(type=authenticator.type, data=authenticator.data)
    return at(None, outsider)


def test_a_file_becomes_a_draft(console: Browser, staff: User) -> None:
    answer = upload(console, PART)
    card = made()
    assert answer["Location"] == url(card)
    assert (card.state, card.is_partial, card.imported_by_id) == ("draft", True, staff.pk)


def test_the_same_file_again_is_the_same_draft(console: Browser) -> None:
    upload(console, PART)
    answer = upload(console, PART)
    assert answer["Location"] == url(made())
    assert RateCard.objects.filter(label="2027").count() == 1


def test_every_wrong_line_is_named_and_nothing_saved(console: Browser) -> None:
    answer = upload(console, [PART[0].replace("0.15", "a lot"), PART[1].replace("EUR", "euro")])
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 2: “a lot” is not a rate" in text
    assert "Line 3: “euro” is not a currency" in text
    assert not RateCard.objects.filter(label="2027").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"file": ""},
        {"file": SimpleUploadedFile("card.csv", b"")},
        {"file": SimpleUploadedFile("card.csv", b"\xff\xfe not text")},
        {"file": SimpleUploadedFile("card.csv", b"x" * (2 * 1024 * 1024 + 1))},
        {"channel_kind": "pigeon"},
        {"currency": "E1R"},
        {"valid_from": "tomorrow"},
        {"label": ""},
    ],
)
def test_a_form_that_is_no_card_is_refused(console: Browser, fields: dict[str, Any]) -> None:
    assert upload(console, PART, **fields).status_code == 422
    assert not RateCard.objects.filter(label="2027").exists()


def test_a_card_is_compared_with_the_rates_before(console: Browser) -> None:
    publish([("Germany", "marketing", "0.10"), ("Germany", "utility", "0.10")], valid_from=date(2026, 12, 1))
    upload(console, PART)
    answer = console.get(url(made()))
    comparison = answer.context["comparison"]
    assert (comparison.ups, comparison.downs, comparison.new) == (1, 1, 0)
    text = answer.content.decode()
    assert "+50%" in text
    assert "−50%" in text


def test_whoever_imported_a_card_does_not_approve_it(console: Browser) -> None:
    upload(console, PART)
    answer = console.post(url(made(), "approve/"), follow=True)
    assert "ask a colleague" in answer.content.decode()
    assert made().state == "draft"


def test_a_card_whose_revision_is_published_is_refused_in_words(console: Browser, colleague: Browser) -> None:
    upload(console, PART)
    found = made()
    colleague.post(url(found, "approve/"))
    publish([], valid_from=found.valid_from, currency=found.currency, revision=found.revision)
    answer = console.post(url(found, "publish/"), follow=True)
    assert "as the next revision" in answer.content.decode()


def test_a_card_is_approved_and_published_once(console: Browser, colleague: Browser) -> None:
    upload(console, PART)
    assert "nothing was changed" in console.post(url(made(), "publish/"), follow=True).content.decode()
    colleague.post(url(made(), "approve/"))
    assert made().state == "approved"
    assert "approved already" in colleague.post(url(made(), "approve/"), follow=True).content.decode()
    assert "never be edited" in console.get(url(made(), "publish/")).content.decode()
    console.post(url(made(), "publish/"))
    assert made().state == "published"
    assert "nothing was changed" in console.post(url(made(), "publish/"), follow=True).content.decode()
    written = AuditEntry.objects.filter(action__startswith="rate_card.").order_by("pk")
    assert [entry.action for entry in written] == ["rate_card.imported", "rate_card.approved", "rate_card.published"]


def test_cards_and_rules_stand_on_one_page(console: Browser, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    console.get("/staff/billing/cards/")
    with django_assert_num_queries(6) as few:
        text = console.get("/staff/billing/cards/").content.decode()
    assert "the first 1,000 of a number and month are free" in text
    for number in range(5):
        publish([], valid_from=date(2027, 1, 1 + number))
    with django_assert_num_queries(len(few.captured_queries)):
        console.get("/staff/billing/cards/")


# --- Price lists -----------------------------------------------------------------------------------

PRICES = {"label": "2027", "currency": "EUR", "valid_from": "2027-01-01", "markup_percent": "12,5", "floor": "0.005"}


def test_a_new_list_for_all_ends_the_one_before(console: Browser) -> None:
    console.post("/staff/billing/prices/add/", {**PRICES, "fixed": "Germany; marketing; 0,09\n*; service; 0.01"})
    made = PriceList.objects.get(label="2027")
    assert (made.company, made.markup_percent, made.floor) == (None, Decimal("12.5"), Decimal("0.005"))
    before = PriceList.objects.exclude(pk=made.pk).latest("valid_from")
    assert before.valid_to == date(2026, 12, 31)
    fixed = {(one.market, one.category): one.unit_price for one in PriceOverride.objects.filter(price_list=made)}
    assert fixed == {("Germany", "marketing"): Decimal("0.09"), ("", "service"): Decimal("0.01")}
    assert "12.5%" in console.get(f"/staff/billing/prices/{made.public_id}/").content.decode()


def test_the_same_list_twice_is_refused(console: Browser) -> None:
    console.post("/staff/billing/prices/add/", PRICES)
    answer = console.post("/staff/billing/prices/add/", PRICES)
    assert answer.status_code == 422
    assert "Choose a later day" in answer.content.decode()
    assert PriceList.objects.filter(label="2027").count() == 1


def test_a_company_gets_a_list_of_its_own(console: Browser, acme: Company) -> None:
    console.post(f"/staff/billing/prices/add/?company={acme.public_id}", PRICES)
    assert PriceList.objects.get(label="2027").company == acme
    assert acme.name in console.get("/staff/billing/prices/").content.decode()
    assert console.get("/staff/billing/prices/add/?company=nobody").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"markup_percent": "-101"},
        {"markup_percent": "1,2345"},
        {"floor": "-1"},
        {"fixed": "Mars; marketing; 0.1"},
        {"fixed": "Germany; gifts; 0.1"},
        {"fixed": "Germany; marketing"},
        {"fixed": "Germany; marketing; -1"},
        {"fixed": "*; marketing; 1\n*; marketing; 2"},
        {"valid_from": ""},
    ],
)
def test_a_list_that_cannot_be_is_refused(console: Browser, fields: dict[str, str]) -> None:
    assert console.post("/staff/billing/prices/add/", {**PRICES, **fields}).status_code == 422
    assert not PriceList.objects.filter(label="2027").exists()


# --- Exchange rates --------------------------------------------------------------------------------

RATE = {"base": "usd", "quote": "EUR", "rate": "0,8612", "valid_from": "2026-11-01", "source": "ECB"}


def test_a_missing_rate_is_told(console: Browser) -> None:
    assert "There is no rate from USD to EUR" in console.get("/staff/billing/exchange/").content.decode()
    dollars(since=date(2020, 1, 1))
    text = console.get("/staff/billing/exchange/").content.decode()
    assert "There is no rate" not in text
    assert "USD to EUR is as of" in text


def test_an_exchange_rate_is_entered_once(console: Browser) -> None:
    console.post("/staff/billing/exchange/", RATE)
    console.post("/staff/billing/exchange/", RATE)
    assert ExchangeRate.objects.get().rate == Decimal("0.8612")
    answer = console.post("/staff/billing/exchange/", {**RATE, "rate": "0.9"})
    assert "another rate for this day" in answer.content.decode()
    assert ExchangeRate.objects.get().rate == Decimal("0.8612")


@pytest.mark.parametrize("fields", [{"rate": "0"}, {"rate": "x"}, {"quote": "USD"}, {"base": "$"}, {"source": ""}])
def test_a_rate_that_cannot_be_is_refused(console: Browser, fields: dict[str, str]) -> None:
    assert console.post("/staff/billing/exchange/", {**RATE, **fields}).status_code == 422
    assert not ExchangeRate.objects.exists()
