"""The public pages: readable by everybody, honest about prices, cheap to serve."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from billing.plans.models import Plan
from billing.rating import published
from billing.rating.card import whatsapp_card
from billing.rating.cards import publish
from billing.rating.models import CardState, Rate, RateCard
from tests.billing import metered

PAGES = ["/", "/prices/", "/imprint/", "/privacy/"]
ROW = {"r1-country": "DE", "r1-category": "marketing", "r1-messages": "10.000"}
At = Callable[..., Any]


@pytest.fixture
def public(at: At, db: None) -> Any:
    return at()


@pytest.fixture
def in_german(at: At, db: None) -> Any:
    return at(headers={"accept-language": "de"})


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_everybody_reads_the_public_pages(public: Any, path: str) -> None:
    assert public.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_only_answers_reading(public: Any, path: str) -> None:
    assert public.post(path).status_code == 405


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_has_no_inline_code_and_nothing_from_elsewhere(public: Any, path: str) -> None:
    page = text(public.get(path))
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)
    sources = re.findall(r"""(?:src|href)="(https?://[^"]+)""", page)
    assert [url for url in sources if not url.startswith(f"{settings.SCHEME}://{settings.BASE_HOST}/")] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_is_no_company_s_page(at: At, acme: Any, path: str) -> None:
    answer = at(acme).get(path)
    assert answer.status_code != 200 or b"site-section" not in answer.content


# The price page: the schema is chosen, the plans are read.
@pytest.mark.parametrize(("path", "queries"), [("/", 0), ("/prices/", 2), ("/imprint/", 0), ("/privacy/", 0)])
def test_a_public_page_asks_the_database_a_fixed_number_of_times(
    public: Any, django_assert_num_queries: DjangoAssertNumQueries, path: str, queries: int
) -> None:
    for number in range(20):
        Plan.objects.create(code=f"p{number}", name="P", monthly_fee=1, seats=1, extra_seat_fee=1)
    # Once a minute rates and markets are read as well, in a schema that must be chosen.
    with django_assert_num_queries(queries + {"/": 3, "/prices/": 2}.get(path, 0)):
        public.get(path)
    with django_assert_num_queries(queries):
        public.get(path)


def test_the_price_page_shows_the_plans(public: Any) -> None:
    page = text(public.get("/prices/"))
    for words in ("Start", "€29.00", "Team", "€99.00", "Haus", "€349.00", "€0.0060"):
        assert words in page


def test_the_calculator_answers_by_its_address(public: Any) -> None:
    page = text(public.get("/prices/", ROW))
    assert "US$1,365.0000" in page
    assert "10,000 × US$0.1365" in page
    assert "card of 1 Oct 2026" in page


def test_the_calculator_reads_and_writes_german_numbers(in_german: Any) -> None:
    page = text(in_german.get("/prices/", ROW))
    assert "1.365,0000\u00a0$" in page
    assert 'value="10.000"' in page


def test_a_bad_number_is_explained_beside_its_field_and_kept(public: Any) -> None:
    answer = public.get("/prices/", ROW | {"r1-messages": "lots"})
    page = text(answer)
    assert answer.status_code == 422
    assert 'value="lots"' in page
    assert 'href="#id_r1-messages"' in page
    assert 'id="id_r1-messages_error"' in page
    assert 'aria-invalid="true"' in page


def test_what_is_typed_is_escaped(public: Any) -> None:
    page = text(public.get("/prices/", ROW | {"r1-messages": "<b>&", "q": '"><b>'}))
    assert "<b>" not in page


def test_a_row_without_a_price_is_not_silently_left_out(public: Any) -> None:
    page = text(public.get("/prices/", ROW | {"currency": "EUR", "r2-country": "PL", "r2-messages": "100"}))
    assert "1 row is not in this sum" in page
    assert "no price in EUR" in page


def test_the_free_service_messages_are_shown(public: Any) -> None:
    page = text(public.get("/prices/", ROW | {"r1-category": "service", "r1-messages": "3000"}))
    assert "1,000 free" in page
    assert "US$110.0000" in page


def test_the_rate_table_is_searched(public: Any) -> None:
    page = text(public.get("/prices/", {"q": "+49"}))
    table = page[page.index('id="rates"') :]
    assert "Germany" in table
    assert "US$0.1365" in table
    assert "France" not in table


def test_a_search_without_a_find_offers_the_way_back(public: Any) -> None:
    page = text(public.get("/prices/", {"q": "Atlantis"}))
    assert "No market for “Atlantis”" in page
    assert "Show all markets" in page


def test_searching_keeps_the_calculator_and_the_other_way_round(public: Any) -> None:
    page = text(public.get("/prices/", ROW | {"q": "France"}))
    assert '<input type="hidden" name="r1-country" value="DE">' in page
    assert '<input type="hidden" name="q" value="France">' in page


def test_the_rate_table_tells_dates_and_sources(public: Any) -> None:
    page = text(public.get("/prices/", {"q": "Egypt"}))
    assert "1 Oct 2026" in page
    assert 'href="#source-1"' in page
    assert 'id="source-1"' in page


def test_a_changed_field_brings_the_answer_alone(public: Any) -> None:
    answer = public.get("/prices/", ROW, headers={"hx-request": "true"})
    page = text(answer)
    assert page.lstrip().startswith('<div class="calculator-answer" id="estimate"')
    assert "US$1,365.0000" in page
    assert "<html" not in page
    assert '<div id="carried" hidden hx-swap-oob="true"><input type="hidden" name="r1-country" value="DE">' in page
    assert "HX-Request" in answer["Vary"]


def test_the_whole_page_varies_by_htmx_too(public: Any) -> None:
    assert "HX-Request" in public.get("/prices/")["Vary"]


def a_card(amount: str, state: CardState, *, valid_from: date = date(2026, 11, 20)) -> RateCard:
    made = RateCard.objects.create(
        channel_kind="whatsapp",
        currency="USD",
        label="ours",
        valid_from=valid_from,
        revision=2,
        is_partial=True,
        file_hash="0" * 64,
    )
    Rate.objects.create(card=made, market="Germany", category="marketing", amount=Decimal(amount), source="ours")
    RateCard.objects.filter(pk=made.pk).update(state=state)
    return made


def test_a_published_card_shows_at_once_and_a_draft_never(
    public: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("config.site.timezone.localdate", lambda: date(2026, 11, 22))
    a_card("0.777", CardState.DRAFT)
    made = a_card("0.4321", CardState.APPROVED)
    before = text(public.get("/prices/", ROW))
    assert "4,321" not in before
    with django_capture_on_commit_callbacks(execute=True):
        publish(made, by=None, now=metered.NOVEMBER)
    after = text(public.get("/prices/", ROW))
    assert "4,321.00" in after
    assert "0.4321" in after
    assert "7,770" not in after


def test_a_card_of_a_coming_day_does_not_show_before_it(public: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    a_card("0.4321", CardState.PUBLISHED, valid_from=date(2026, 12, 1))
    for day, shown in ((date(2026, 11, 30), False), (date(2026, 12, 1), True)):
        monkeypatch.setattr("config.site.timezone.localdate", lambda day=day: day)
        assert ("4,321.00" in text(public.get("/prices/", ROW))) == shown


def test_where_nothing_is_published_the_shipped_card_is_shown(public: Any) -> None:
    assert published.public_card() is not whatsapp_card()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_ratecard SET state = 'approved'")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    published.forget()
    assert published.public_card() is whatsapp_card()


def test_before_the_rules_changed_service_was_free(public: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.site.timezone.localdate", lambda: date(2026, 9, 30))
    page = text(public.get("/prices/", ROW | {"r1-category": "service", "r1-messages": "3000"}))
    assert "3,000 free" in page


def test_the_pages_stand_in_a_year_from_now(public: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    later = date(2026, 11, 22) + timedelta(days=400)
    monkeypatch.setattr("config.site.timezone.localdate", lambda: later)
    assert public.get("/").status_code == public.get("/prices/").status_code == 200


def test_the_imprint_names_the_operator(public: Any) -> None:
    page = text(public.get("/imprint/"))
    for field in ("name", "street", "city", "email", "phone", "register", "vat_id", "directors"):
        assert settings.OPERATOR[field] in page
    assert "Germany" in page
    assert "§ 5 DDG" in page


def test_the_privacy_page_names_who_is_responsible_and_the_rights(public: Any) -> None:
    page = text(public.get("/privacy/"))
    assert settings.OPERATOR["name"] in page
    assert settings.OPERATOR["email"] in page
    assert "Your rights" in page


def test_reading_starts_no_session(public: Any) -> None:
    for path in PAGES:
        public.get(path)
    assert set(public.cookies) <= {settings.CSRF_COOKIE_NAME}
