"""Lists and labels; and the list of contacts, by them and by consent."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.channels.models import Channel
from messaging.contacts import services
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.finding import Standing, standing_as
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.consent.standing import Why
from messaging.contacts.models import Contact, ContactList, Label
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.contacts_pages.conftest import Decide, text_of

IN, OUT = ConsentState.OPTED_IN, ConsentState.OPTED_OUT


@pytest.fixture
def regulars(acme: Company) -> ContactList:
    with company_context(acme):
        return ContactList.objects.create(name="Regulars")


@pytest.fixture
def three(acme: Company) -> list[Contact]:
    with company_context(acme):
        return [services.add(name=f"Person {n}", phone_number=f"+491701111111{n}") for n in range(3)]


def names(answer: Any) -> list[str]:
    return [contact.name for contact in answer.context["page"]]


def test_an_agent_adds_a_list(desk: Browser, acme: Company) -> None:
    assert desk.post("/contacts/lists/", {"name": " Regu\u202elars "}).status_code == 302
    with company_context(acme):
        assert ContactList.objects.get().name == "Regulars"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "REGULARS", "x" * 81])
def test_a_list_without_a_name_of_its_own_is_refused(
    desk: Browser, acme: Company, regulars: ContactList, name: str
) -> None:
    assert desk.post("/contacts/lists/", {"name": name}).status_code == 422
    with company_context(acme):
        assert ContactList.objects.count() == 1


def test_a_list_is_renamed_but_not_to_another_s_name(desk: Browser, acme: Company, regulars: ContactList) -> None:
    path = f"/contacts/lists/{regulars.public_id}/rename/"
    with company_context(acme):
        ContactList.objects.create(name="Others")
    assert desk.post(path, {"name": "others"}).status_code == 422
    assert desk.post(path, {"name": "regulars"}).status_code == 302
    with company_context(acme):
        assert ContactList.objects.get(pk=regulars.pk).name == "regulars"


def test_a_deleted_list_leaves_its_people(desk: Browser, boss: Browser, acme: Company, regulars: ContactList) -> None:
    with company_context(acme):
        regulars.contacts.add(Contact.objects.get())
    path = f"/contacts/lists/{regulars.public_id}/delete/"
    assert "1 person is on it and stays" in text_of(boss.get(path))
    assert desk.post(path).status_code == 403
    assert boss.post(path).status_code == 302
    with company_context(acme):
        assert (ContactList.objects.count(), Contact.objects.count()) == (0, 1)


def test_lists_take_the_same_queries_however_many_there_are(
    desk: Browser, acme: Company, three: list[Contact], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk.get("/contacts/lists/")
    with django_assert_num_queries(5):
        desk.get("/contacts/lists/")
    with company_context(acme):
        for number in range(10):
            ContactList.objects.create(name=f"List {number}").contacts.set(three)
    with django_assert_num_queries(5):
        answer = desk.get("/contacts/lists/")
    assert [row.number for row in answer.context["page"]] == [3] * 10


# --- A contact's own --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "model"), [("labels", Label), ("lists", ContactList)])
def test_an_agent_gives_and_takes_away(
    desk: Browser, acme: Company, acme_contact: Contact, path: str, model: Any
) -> None:
    address = f"/contacts/{acme_contact.public_id}/{path}/"
    desk.post(address, {"new": "VIP"})
    desk.post(address, {"new": "vip"})
    with company_context(acme):
        known, other = model.objects.get(), model.objects.create(name="Other")
        assert list(getattr(acme_contact, path).all()) == [known]
    desk.post(address, {"add": other.public_id})
    desk.post(address, {"remove": known.public_id})
    with company_context(acme):
        assert list(getattr(acme_contact, path).all()) == [other]


def test_a_label_that_is_gone_is_told(desk: Browser, acme: Company, acme_contact: Contact) -> None:
    address = f"/contacts/{acme_contact.public_id}/labels/"
    for values in ({"add": "gone"}, {"new": "x" * 41}):
        assert desk.post(address, values, follow=True).context["messages"]
    with company_context(acme):
        assert not acme_contact.labels.exists()


# --- The chosen rows --------------------------------------------------------------------------------------------------


def put(browser: Browser, people: list[Contact], to: str, **more: str) -> Any:
    values = {"people": [one.public_id for one in people], "list": to, **more}
    return browser.post("/contacts/lists/put/", values, follow=True)


def test_those_chosen_go_on_the_list_once(
    desk: Browser, acme: Company, regulars: ContactList, three: list[Contact]
) -> None:
    answer = put(desk, three, regulars.public_id, next="/contacts/?q=Person")
    assert "3 people were put on" in text_of(answer)
    assert names(answer) == ["Person 0", "Person 1", "Person 2"]
    assert "were on “Regulars” already" in text_of(put(desk, three, regulars.public_id))
    with company_context(acme):
        assert regulars.contacts.count() == 3


def test_without_people_or_a_list_nothing_happens_and_it_says_why(
    desk: Browser, acme: Company, regulars: ContactList, three: list[Contact]
) -> None:
    assert "Choose people first" in text_of(put(desk, [], regulars.public_id))
    assert "Choose a list first" in text_of(put(desk, three, ""))
    assert "This list is gone" in text_of(put(desk, three, "gone"))
    with company_context(acme):
        assert not regulars.contacts.exists()


def test_it_leads_back_to_our_own_pages_only(desk: Browser, regulars: ContactList, three: list[Contact]) -> None:
    answer = put(desk, three, regulars.public_id, next="https://evil.example/")
    assert answer.redirect_chain == [("/contacts/", 302)]


# --- Filters ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_who_is_on_a_list_has_a_label_or_is_blocked(
    desk: Browser, acme: Company, regulars: ContactList, three: list[Contact]
) -> None:
    with company_context(acme):
        label = Label.objects.create(name="VIP")
        regulars.contacts.add(three[0], three[1])
        three[1].labels.add(label)
        services.block(three[2])
    assert names(desk.get("/contacts/", {"list": regulars.public_id})) == ["Person 0", "Person 1"]
    assert names(desk.get("/contacts/", {"list": regulars.public_id, "label": label.public_id})) == ["Person 1"]
    assert names(desk.get("/contacts/", {"blocked": "1"})) == ["Person 2"]


def test_the_list_shows_who_may_get_news(desk: Browser, shop: Channel, decided: Decide, three: list[Contact]) -> None:
    decided(IN, contact=three[0])
    decided(OUT, contact=three[1])
    got = {value: names(desk.get("/contacts/", {"consent": value, "q": "Person"})) for value in Standing.values}
    assert got == {"may": ["Person 0"], "opted_out": ["Person 1"], "not_agreed": ["Person 2"]}


def test_a_filter_nobody_knows_filters_nothing(desk: Browser, three: list[Contact]) -> None:
    assert len(names(desk.get("/contacts/", {"list": "x", "label": "x", "consent": "x", "blocked": "x"}))) == 4


def test_a_filter_nobody_fits_says_so(desk: Browser, acme_contact: Contact) -> None:
    assert "Nobody is like that" in text_of(desk.get("/contacts/", {"blocked": "1"}))


def test_paging_keeps_the_filter(desk: Browser, acme: Company, regulars: ContactList) -> None:
    with company_context(acme):
        people = [services.add(name=f"Many {number:02}") for number in range(51)]
        regulars.contacts.set(people)
    first = desk.get("/contacts/", {"list": regulars.public_id})
    assert f"list={regulars.public_id}" in text_of(first).split('rel="next"')[0].rpartition("href=")[2]
    second = desk.get("/contacts/", {"list": regulars.public_id, "after": first.context["page"].after})
    assert names(second) == ["Many 50"]


def test_the_filtered_list_takes_the_same_queries_however_long(
    desk: Browser,
    acme: Company,
    regulars: ContactList,
    shop: Channel,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    query = {"list": regulars.public_id, "consent": "not_agreed"}
    desk.get("/contacts/", query)
    with company_context(acme):
        regulars.contacts.add(services.add(name="One"))
    with django_assert_num_queries(9):
        desk.get("/contacts/", query)
    with company_context(acme):
        regulars.contacts.set([services.add(name=f"Many {number}") for number in range(20)])
    with django_assert_num_queries(9):
        desk.get("/contacts/", query)


def test_the_parts_of_the_list_are_what_may_message_answers(
    acme: Company, acme_contact: Contact, shop: Channel
) -> None:
    """Every way two numbers and all of them may stand, each as a contact of its own."""
    now = timezone.now()
    own, other = ConsentSource.KEYWORD, ConsentSource.MEMBER
    everywhere = (None, (IN, other, 0), (OUT, own, 0), (OUT, other, 2))
    at_the_shop = (None, (IN, own, 1), (IN, other, 1), (OUT, other, 0))
    at_the_office = (None, (IN, own, 0), (OUT, own, 1))
    with company_context(acme):
        office = Channel.objects.create(kind="whatsapp", name="Büro", external_id="1066", token="-")
        Contact.objects.all().delete()
        expected: dict[str, set[int]] = {value: set() for value in Standing.values}
        for stands in product(everywhere, at_the_shop, at_the_office):
            contact = Contact.objects.create(name="x")
            for channel, decision in zip((None, shop, office), stands, strict=True):
                if decision:
                    state, source, day = decision
                    at = now + timedelta(days=day)
                    consent.record(
                        contact, purpose=Purpose.MARKETING, state=state, source=source, channel=channel, at=at
                    )
            answers = [consent.may_message(contact, channel, Purpose.MARKETING) for channel in (shop, office)]
            part = Standing.MAY if any(answer.allowed for answer in answers) else Standing.OPTED_OUT
            decided = any(stands)
            expected[part if decided else Standing.NOT_AGREED].add(contact.pk)
            assert decided or {answer.why for answer in answers} == {Why.NO_CONSENT}
        got = {value: {*standing_as(Contact.objects.all(), value).values_list("pk", flat=True)} for value in Standing}
    assert got == expected
