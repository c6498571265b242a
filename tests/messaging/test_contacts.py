"""Contacts: one per address, found by any form of their number, seen only by their company."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from messaging.channels.base import Address
from messaging.contacts import services
from messaging.contacts.identities import person_behind
from messaging.contacts.models import Contact
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


@pytest.mark.parametrize("written", ["0151 23456789", "+49 151 23456789", "0049 (151) 2345-6789", "+4915123456789"])
def test_a_number_is_kept_in_one_form_however_it_is_written(browser: Browser, acme: Company, written: str) -> None:
    browser.post("/contacts/add/", {"name": "Neu", "phone_number": written, "language": "de", "note": ""})
    with company_context(acme):
        assert Contact.objects.get(name="Neu").identities.get().external_id == "+4915123456789"


@pytest.mark.parametrize("written", ["12", "abc", "+49", "+999 1234567", "0151 2345678901234567"])
def test_what_is_no_number_is_refused_in_plain_words(browser: Browser, written: str) -> None:
    answer = browser.post("/contacts/add/", {"name": "Neu", "phone_number": written, "language": "de"})
    assert answer.status_code == 422
    assert "not a telephone number" in str(answer.context["form"].errors["phone_number"])


def test_a_number_another_contact_has_is_refused_and_names_them(browser: Browser, acme_contact: Contact) -> None:
    number = acme_contact.identities.all()[0].external_id
    answer = browser.post("/contacts/add/", {"name": "Neu", "phone_number": number, "language": "de"})
    assert acme_contact.name in str(answer.context["form"].errors["phone_number"])


@pytest.mark.parametrize(("writes", "entered"), [("+4915100000009",) * 2, ("+551187654321", "+5511987654321")])
def test_a_number_somebody_has_written_from_is_theirs(
    browser: Browser, acme: Company, writes: str, entered: str
) -> None:
    """Else a new contact would be written to at the number of somebody who has opted out."""
    with company_context(acme):
        person_behind("whatsapp", Address(writes), name="Ana")
    answer = browser.post("/contacts/add/", {"name": "Neu", "phone_number": entered, "language": "de"})
    assert "Ana" in str(answer.context["form"].errors["phone_number"])


def test_a_contact_known_by_a_provider_s_id_alone_can_be_changed(browser: Browser, acme: Company) -> None:
    with company_context(acme):
        found, _identity = person_behind("whatsapp", Address("", "US.1349"), name="Ana")
    path = f"/contacts/{found.public_id}/edit/"
    shown = browser.get(path).context["form"]["phone_number"].value()
    said = {"name": "Anna", "phone_number": shown, "language": "de", "note": ""}
    assert (shown, browser.post(path, said).status_code) == ("", 302)


def test_a_refused_contact_leaves_no_half_of_it(browser: Browser, acme: Company, acme_contact: Contact) -> None:
    number = acme_contact.identities.all()[0].external_id
    browser.post("/contacts/add/", {"name": "Neu", "phone_number": number, "language": "de"})
    with company_context(acme):
        assert not Contact.objects.filter(name="Neu").exists()


def test_the_same_number_in_two_companies_is_two_contacts(acme_contact: Contact, globex_contact: Contact) -> None:
    numbers = {contact.identities.all()[0].external_id for contact in (acme_contact, globex_contact)}
    assert len(numbers) == 1
    assert acme_contact.name != globex_contact.name


def test_ten_adders_of_one_number_make_one_contact(committed: object) -> None:
    company = Company.objects.get(name="Acme Versand")

    def add(_: int) -> int:
        with company_context(company):
            try:
                return services.find_or_add(name="Eilig", phone_number="+4917099999999").pk
            finally:
                connection.close()

    try:
        with ThreadPoolExecutor(10) as pool:
            assert len(set(pool.map(add, range(10)))) == 1
    finally:
        with company_context(company):
            Contact.objects.filter(name="Eilig").delete()


@pytest.mark.parametrize("words", ["0151 1234", "+49151", "customer of acme", "12345678"])
def test_a_contact_is_found_by_name_or_number(browser: Browser, acme_contact: Contact, words: str) -> None:
    assert acme_contact.name in browser.get("/contacts/", {"q": words}).content.decode()


def test_a_search_without_a_match_says_so(browser: Browser, acme_contact: Contact) -> None:
    assert acme_contact.name not in browser.get("/contacts/", {"q": "nobody"}).content.decode()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "{{ settings.SECRET_KEY }}"])
def test_a_hostile_name_is_only_text(browser: Browser, name: str) -> None:
    page = browser.post("/contacts/add/", {"name": name, "phone_number": "", "language": "de"}, follow=True)
    body = page.content.decode()
    assert "<script>alert" not in body
    assert "<img src=x" not in body


def test_direction_and_zero_width_tricks_are_taken_out_of_a_name(browser: Browser, acme: Company) -> None:
    browser.post("/contacts/add/", {"name": "Mo\u202ena\u200b Lisa", "phone_number": "", "language": "de"})
    with company_context(acme):
        assert Contact.objects.filter(name="Mona Lisa").exists()


def test_an_agent_changes_a_contact(browser: Browser, acme: Company, acme_contact: Contact) -> None:
    browser.post(
        f"/contacts/{acme_contact.public_id}/edit/",
        {"name": "Neuer Name", "phone_number": "+49 170 1111111", "language": "en", "note": "calls back"},
    )
    with company_context(acme):
        changed = Contact.objects.get(pk=acme_contact.pk)
        assert (changed.name, changed.note) == ("Neuer Name", "calls back")
        assert changed.identities.get().external_id == "+491701111111"


def test_only_an_admin_removes_a_contact(
    browser: Browser, acme: Company, admin: User, acme_contact: Contact, at: Callable[..., Browser]
) -> None:
    path = f"/contacts/{acme_contact.public_id}/remove/"
    assert browser.post(path).status_code == 403
    assert at(acme, admin).post(path).status_code == 302
    with company_context(acme):
        assert not Contact.objects.exists()


def test_the_list_takes_the_same_queries_for_one_contact_and_for_many(
    browser: Browser, acme: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/contacts/")
    with django_assert_num_queries(8) as few:
        browser.get("/contacts/")
    with company_context(acme):
        for number in range(20):
            services.add(name=f"Contact {number}", phone_number=f"+4917012345{number:02}")
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get("/contacts/")
