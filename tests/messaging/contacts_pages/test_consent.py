"""The contact's page: may I write to this person, and why; what a colleague records of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.channels.models import Channel
from messaging.contacts.consent.models import ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Attribute, Contact, ContactList, Label
from messaging.messages.models import Message
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.contacts_pages.conftest import Decide, text_of
from tests.messaging.inbox.conftest import begin

IN, OUT = ConsentState.OPTED_IN, ConsentState.OPTED_OUT
TODAY = timezone.localdate()


def page(browser: Browser, contact: Contact) -> str:
    return text_of(browser.get(f"/contacts/{contact.public_id}/"))


def agree(browser: Browser, contact: Contact, **more: Any) -> Any:
    values = {"purpose": "marketing", "channel": "all", "words": "Newsletter?", "proof": "folder 12", "on": TODAY}
    return browser.post(f"/contacts/{contact.public_id}/agreed/", {**values, **more})


def events(company: Company) -> list[ConsentEvent]:
    with company_context(company):
        return list(ConsentEvent.objects.select_related("channel").order_by("pk"))


# --- May I? -----------------------------------------------------------------------------------------------------------


def test_who_never_said_anything_may_not_be_written_to(desk: Browser, acme_contact: Contact, shop: Channel) -> None:
    body = page(desk, acme_contact)
    assert body.count("No: they have not agreed") == len(Purpose)
    assert "Laden" in body


def test_the_answer_names_the_decision_that_says_so(
    desk: Browser, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    decided(IN, ConsentSource.IMPORT, author=None, words="Yes to news", proof={"file": "a.csv", "line": 3})
    body = page(desk, acme_contact)
    assert "Yes: they agreed" in body
    assert "from a.csv, line 3" in body
    assert "Yes to news" in body


def test_the_proof_leads_to_the_conversation(
    desk: Browser, acme: Company, acme_contact: Contact, decided: Decide
) -> None:
    conversation = begin(acme, "STOP")
    with company_context(acme):
        message = Message.objects.get(conversation=conversation)
    decided(OUT, proof={"message": message.public_id}, words="STOP")
    body = page(desk, acme_contact)
    assert "No: they do not want it" in body
    assert body.count(f'href="/inbox/{conversation.public_id}/"') == 2


def test_each_number_has_its_own_answer(
    desk: Browser, acme: Company, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    with company_context(acme):
        Channel.objects.create(kind="whatsapp", name="Büro", external_id="1066", token="-")
    decided(IN, ConsentSource.IMPORT)
    decided(OUT, ConsentSource.PROVIDER, channel=shop)
    body = page(desk, acme_contact)
    assert body.count("Yes: they agreed") == body.count("No: they do not want it") == 1


def test_without_an_address_the_answer_is_no(
    desk: Browser, acme: Company, acme_contact: Contact, decided: Decide
) -> None:
    with company_context(acme):
        Channel.objects.create(kind="messenger", name="Seite", external_id="7", token="-")
    decided(IN)
    assert "No: there is no address of theirs" in page(desk, acme_contact)


def test_a_hostile_quote_is_only_text(desk: Browser, acme_contact: Contact, decided: Decide) -> None:
    decided(OUT, words="<script>alert(1)</script>")
    assert "<script>alert" not in page(desk, acme_contact)


def test_the_ledger_is_paged(desk: Browser, acme_contact: Contact, decided: Decide) -> None:
    for minute in range(25):
        decided(OUT, at=timezone.now() - timedelta(minutes=minute), words=f"wish {minute}.")
    first = desk.get(f"/contacts/{acme_contact.public_id}/")
    older = desk.get(f"/contacts/{acme_contact.public_id}/", {"after": first.context["page"].after})
    assert [len(answer.context["ledger"]) for answer in (first, older)] == [20, 5]


def test_a_contact_s_page_takes_the_same_queries_however_much_was_decided(
    desk: Browser,
    acme: Company,
    acme_contact: Contact,
    shop: Channel,
    decided: Decide,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    decided(IN, proof={"message": "m"})
    page(desk, acme_contact)
    with django_assert_num_queries(15):
        page(desk, acme_contact)
    for number in range(5):
        decided(OUT, proof={"message": f"m{number}"})
        with company_context(acme):
            Channel.objects.create(kind="whatsapp", name=f"n{number}", external_id=f"2{number}", token="-")
            acme_contact.labels.add(Label.objects.create(name=f"l{number}"))
            acme_contact.lists.add(ContactList.objects.create(name=f"l{number}"))
            Attribute.objects.create(key=f"a{number}", name=f"a{number}")
    with django_assert_num_queries(15):
        page(desk, acme_contact)


# --- They agreed ------------------------------------------------------------------------------------------------------


def test_an_agent_records_that_somebody_agreed(
    desk: Browser, acme: Company, acme_contact: Contact, shop: Channel
) -> None:
    assert agree(desk, acme_contact, channel=shop.public_id).status_code == 302
    (event,) = events(acme)
    assert (event.state, event.source, event.channel, event.words) == (IN, ConsentSource.MEMBER, shop, "Newsletter?")
    assert (event.author_name, event.proof) == ("Agent", {"note": "folder 12"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("words", " "),
        ("on", TODAY + timedelta(days=1)),
        ("on", "0001-01-01"),
        ("on", "gestern"),
        ("on", ""),
        ("purpose", "spam"),
        ("channel", "unknown"),
    ],
)
def test_an_agreement_that_proves_nothing_is_refused(
    desk: Browser, acme: Company, acme_contact: Contact, field: str, value: Any
) -> None:
    answer = agree(desk, acme_contact, **{field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not events(acme)


def test_what_a_person_has_stopped_a_colleague_cannot_start(
    desk: Browser, acme: Company, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    decided(OUT)
    for channel in ("all", shop.public_id):
        answer = agree(desk, acme_contact, channel=channel)
        assert answer.status_code == 422
        assert "only they can start it again" in text_of(answer)
    assert len(events(acme)) == 1


def test_what_a_colleague_has_stopped_for_all_is_not_started_for_one(
    desk: Browser, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    decided(OUT, ConsentSource.MEMBER)
    assert agree(desk, acme_contact, channel=shop.public_id).status_code == 422
    assert agree(desk, acme_contact).status_code == 302
    assert "Yes: they agreed" in page(desk, acme_contact)


def test_of_two_decisions_of_a_day_the_stop_counts(
    desk: Browser, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    yesterday = TODAY - timedelta(days=1)
    decided(OUT, ConsentSource.MEMBER, at=timezone.now() - timedelta(days=1))
    agree(desk, acme_contact, on=yesterday)
    assert "Yes: they agreed" not in page(desk, acme_contact)


# --- They do not want it ----------------------------------------------------------------------------------------------


def test_an_agent_records_that_somebody_does_not_want_it(desk: Browser, acme: Company, acme_contact: Contact) -> None:
    path = f"/contacts/{acme_contact.public_id}/refused/"
    assert desk.post(path, {"purpose": "service", "channel": "all", "reason": ""}).status_code == 422
    assert desk.post(path, {"purpose": "service", "channel": "all", "reason": "said so"}).status_code == 302
    (event,) = events(acme)
    assert (event.state, event.purpose, event.words) == (OUT, Purpose.SERVICE, "said so")


# --- Blocking ---------------------------------------------------------------------------------------------------------


def test_a_blocked_person_may_not_be_written_to_whatever_they_agreed_to(
    desk: Browser, acme_contact: Contact, shop: Channel, decided: Decide
) -> None:
    decided(IN)
    desk.post(f"/contacts/{acme_contact.public_id}/block/")
    assert "Yes: they agreed" not in page(desk, acme_contact)
    desk.post(f"/contacts/{acme_contact.public_id}/unblock/")
    assert "Yes: they agreed" in page(desk, acme_contact)


def test_a_second_click_on_block_changes_nothing(desk: Browser, acme: Company, acme_contact: Contact) -> None:
    moments = []
    for _ in range(2):
        desk.post(f"/contacts/{acme_contact.public_id}/block/")
        with company_context(acme):
            moments.append(Contact.objects.get().blocked_at)
    assert moments[0] == moments[1]
