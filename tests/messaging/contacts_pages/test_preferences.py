"""A customer's own page: opened by its link alone, changed by its button alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.contacts.consent import preference_views
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState
from messaging.contacts.consent.preferences import token_of
from messaging.contacts.models import Contact
from tenants.context import company_context
from tenants.models import Company
from tenants.services.limits import Limit
from tests.conftest import Browser
from tests.messaging.contacts_pages.conftest import Decide, text_of

IN, OUT = ConsentState.OPTED_IN, ConsentState.OPTED_OUT


@pytest.fixture
def phone(acme: Company, at: Callable[..., Browser]) -> Browser:
    """A browser inside an app: nobody is signed in, and posts carry no token of ours."""
    return at(acme, enforce_csrf_checks=True)


@pytest.fixture
def link(acme: Company, acme_contact: Contact) -> str:
    return f"/preferences/{token_of(acme_contact, acme.schema_name)}/"


def events(company: Company) -> list[tuple[str, str, str]]:
    with company_context(company):
        return list(ConsentEvent.objects.order_by("pk").values_list("purpose", "state", "source"))


def test_the_page_speaks_the_customer_s_language_and_names_the_company(phone: Browser, link: str) -> None:
    answer = phone.get(link, headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "de"
    assert '<html lang="de"' in text_of(answer)
    assert "Acme Versand" in text_of(answer)


def test_no_search_engine_cache_or_next_page_learns_the_link(phone: Browser, link: str) -> None:
    answer = phone.get(link)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex, nofollow">' in text_of(answer)


def test_opening_the_link_changes_nothing_and_chooses_nothing(phone: Browser, acme: Company, link: str) -> None:
    assert "checked" not in text_of(phone.get(link))
    assert not events(acme)


def test_a_choice_goes_into_the_ledger_with_the_words_that_were_shown(phone: Browser, acme: Company, link: str) -> None:
    answer = phone.post(link, {"marketing": OUT}, follow=True)
    assert "Gespeichert" in text_of(answer)
    with company_context(acme):
        event = ConsentEvent.objects.get()
    assert (event.purpose, event.state, event.source) == ("marketing", OUT, ConsentSource.PREFERENCES)
    assert event.words.startswith("Neuigkeiten und Angebote: Angebote")
    assert event.words.endswith("Nein, bitte nicht schreiben")


def test_what_stood_there_already_is_no_new_decision(phone: Browser, acme: Company, link: str, decided: Decide) -> None:
    decided(IN, ConsentSource.IMPORT)
    for _ in range(2):
        phone.post(link, {"marketing": IN, "service": OUT})
    assert events(acme) == [("marketing", IN, "import"), ("service", OUT, "preferences")]


def test_who_stopped_by_a_word_starts_again_on_their_page(
    phone: Browser, acme: Company, link: str, shop: Channel, decided: Decide
) -> None:
    decided(OUT)
    phone.post(link, {"marketing": IN})
    with company_context(acme):
        assert Consent.objects.get().state == IN


def test_their_yes_also_lifts_what_a_colleague_stopped_for_one_number(
    phone: Browser, acme: Company, link: str, shop: Channel, decided: Decide
) -> None:
    decided(OUT, ConsentSource.MEMBER, channel=shop)
    phone.post(link, {"marketing": IN})
    with company_context(acme):
        assert set(Consent.objects.values_list("channel", "state")) == {(None, IN), (shop.pk, IN)}


def test_what_is_switched_off_in_the_app_is_told_and_stays_off(
    phone: Browser, acme: Company, link: str, shop: Channel, decided: Decide
) -> None:
    decided(OUT, ConsentSource.PROVIDER, channel=shop, at=timezone.now() - timedelta(days=1))
    answer = phone.post(link, {"marketing": IN}, follow=True)
    assert "<bdi>Laden</bdi>" in text_of(answer)
    with company_context(acme):
        assert Consent.objects.get(channel=shop).state == OUT


def test_an_answer_that_was_not_offered_is_refused(phone: Browser, acme: Company, link: str) -> None:
    assert phone.post(link, {"marketing": "everything"}).status_code == 422
    assert not events(acme)


def test_a_changed_link_opens_a_calm_page(phone: Browser, link: str) -> None:
    for broken in (f"{link[:-2]}/", "/preferences/x/", "/preferences/%F0%9F%92%A9/"):
        answer = phone.get(broken, headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        assert "This link does not open" in text_of(answer)
        assert phone.post(broken, {"marketing": IN}).status_code == 404


def test_a_link_opens_at_its_own_company_alone(globex: Company, link: str, at: Callable[..., Browser]) -> None:
    assert at(globex).get(link).status_code == 404
    assert at(globex).post(link, {"marketing": IN}).status_code == 404


def test_the_link_of_somebody_who_was_removed_opens_nothing(phone: Browser, acme: Company, link: str) -> None:
    with company_context(acme):
        Contact.objects.all().delete()
    assert phone.get(link).status_code == 404


def test_posts_are_limited(phone: Browser, acme: Company, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preference_views, "OF_A_PERSON", Limit(1, timedelta(minutes=10)))
    phone.post(link, {"marketing": IN})
    answer = phone.post(link, {"marketing": OUT})
    assert answer.status_code == 429
    assert len(events(acme)) == 1
