"""One person is one contact, whichever of their addresses a provider shows, in whichever form."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from messaging.channels.base import Address
from messaging.channels.models import Channel, ChannelKind
from messaging.contacts import services as contacts
from messaging.contacts.identities import known, move, person_behind
from messaging.contacts.models import ChannelIdentity, Contact, ContactList, Label
from messaging.conversations.models import Conversation, ConversationState
from messaging.conversations.services import conversation_for, record_inbound
from messaging.messages.models import Message
from messaging.messages.people import Followers
from tenants.context import company_context
from tenants.models import Company

WHATSAPP = ChannelKind.WHATSAPP
ANA = Address("+15550001111", "US.1349", "US.ENT.118")


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


def addresses(contact: Contact) -> set[tuple[str, str]]:
    return set(contact.identities.values_list("kind", "external_id"))


def behind(*parts: str, **more: Any) -> Contact:
    return person_behind(WHATSAPP, Address(*parts), followers=Followers(), **more)[0]


# --- Finding ----------------------------------------------------------------------------------------------------------


def test_a_person_seen_first_becomes_a_contact_with_all_addresses(inside: Company) -> None:
    contact, identity = person_behind(WHATSAPP, ANA, name="Ana", username="ana.k")
    assert contact.name == "Ana"
    assert (identity.external_id, identity.username) == ("+15550001111", "ana.k")
    assert addresses(contact) == {(WHATSAPP, part) for part in ("+15550001111", "US.1349", "US.ENT.118")}


@pytest.mark.parametrize(
    "shown", [ANA, Address("+15550001111"), Address("", "US.1349"), Address("", "XX", "US.ENT.118")]
)
def test_any_of_their_addresses_finds_them_again(inside: Company, shown: Address) -> None:
    contact, _identity = person_behind(WHATSAPP, ANA)
    assert person_behind(WHATSAPP, shown)[0] == contact


def test_an_answer_goes_to_the_number_when_it_is_shown(inside: Company) -> None:
    assert person_behind(WHATSAPP, ANA)[1].external_id == "+15550001111"
    assert person_behind(WHATSAPP, Address("", "US.1349"))[1].external_id == "US.1349"


def test_a_number_a_colleague_has_entered_is_the_same_contact(inside: Company) -> None:
    entered = contacts.add(name="Ana Berg", phone_number="+15550001111")
    assert behind("+15550001111", "US.1349", name="ana 🌸") == entered
    entered.refresh_from_db()
    assert entered.name == "Ana Berg"
    assert addresses(entered) == {(ChannelKind.SMS, "+15550001111"), (WHATSAPP, "+15550001111"), (WHATSAPP, "US.1349")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511987654321", "+551187654321"),
        ("+5521912345678", "+5521912345678"),
        ("+525512345678", "+5215512345678"),
        ("+541112345678", "+5491112345678"),
        ("+543515551234", "+5493515551234"),
    ],
)
def test_variants_of_a_number_find_the_same_contact(inside: Company, one: str, other: str) -> None:
    assert behind(one) == behind(other)
    assert contacts.count() == 2
    second = contacts.add(name="Entered", phone_number="+4930123456")
    assert behind("+4930123456") == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Landlines of Brazil have eight digits, and the ninth makes another number of them.
        ("+551133334444", "+5511933334444"),
        ("+15550001111", "+15550001112"),
        ("+4915112345678", "+49915112345678"),
    ],
)
def test_other_numbers_stay_other_people(inside: Company, one: str, other: str) -> None:
    assert behind(one) != behind(other)


def test_a_page_s_id_is_not_a_telephone_number_s(inside: Company) -> None:
    first, _identity = person_behind(ChannelKind.MESSENGER, Address("", "1349"))
    assert person_behind(WHATSAPP, Address("", "1349"))[0] != first


def test_a_rival_s_contact_is_never_found(acme: Company, globex: Company) -> None:
    with company_context(acme):
        person_behind(WHATSAPP, ANA, name="Ana")
    with company_context(globex):
        assert not known(WHATSAPP, ANA)


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "username", "shown"),
    [
        ("  Ana\nBerg ", "", "Ana Berg"),
        ("\u202eanA\u2066", "", "anA"),
        ("\u200b\u200e", "ana.k", "ana.k"),
        ("", "", "+1 555-000-1111"),
        ("<b>Ana</b>", "", "<b>Ana</b>"),
        ("x" * 500, "", "x" * 120),
    ],
)
def test_a_name_is_plain_and_never_empty(inside: Company, name: str, username: str, shown: str) -> None:
    assert behind("+15550001111", name=name, username=username).name == shown


def test_a_contact_called_by_its_number_gets_the_name_that_comes_later(inside: Company) -> None:
    first = behind("+15550001111")
    assert behind("+15550001111", name="Ana").name == "Ana"
    first.refresh_from_db()
    assert first.name == "Ana"


def test_a_name_is_not_changed_by_the_person(inside: Company) -> None:
    behind("+15550001111", name="Ana")
    assert behind("+15550001111", name="Bundesbank").name == "Ana"


def test_a_new_username_is_remembered(inside: Company) -> None:
    person_behind(WHATSAPP, Address("", "US.1349"), username="ana.k")
    assert person_behind(WHATSAPP, Address("", "US.1349"), username="ana.berg")[1].username == "ana.berg"


# --- Two that are one -------------------------------------------------------------------------------------------------


@pytest.fixture
def channel(inside: Company) -> Channel:
    return Channel.objects.create(kind=WHATSAPP, name="Laden", external_id="1065", token="-")


def talk(channel: Channel, *parts: str, text: str, minutes_ago: int, **more: Any) -> Conversation:
    contact, identity = person_behind(WHATSAPP, Address(*parts), **more)
    conversation = conversation_for(channel, contact, identity)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Message.objects.create(conversation=conversation, channel=channel, direction="inbound", text=text, at=at)
    record_inbound(conversation, preview=text, at=at)
    return conversation


def test_a_payload_that_shows_both_makes_two_contacts_one(channel: Channel) -> None:
    older = talk(channel, "+15550001111", text="first", minutes_ago=9, name="Ana")
    newer = talk(channel, "", "US.1349", text="second", minutes_ago=1)
    newer.labels.add(Label.objects.create(name="VIP"))
    Conversation.objects.filter(pk=older.pk).update(state=ConversationState.RESOLVED)
    merged = behind("+15550001111", "US.1349")
    conversation = Conversation.objects.get()
    assert (merged, conversation.contact) == (older.contact, older.contact)
    assert [message.text for message in conversation.messages.order_by("at")] == ["first", "second"]
    assert (conversation.preview, conversation.unread_count, conversation.state) == ("second", 2, "open")
    assert [label.name for label in conversation.labels.all()] == ["VIP"]
    assert addresses(merged) == {(WHATSAPP, "+15550001111"), (WHATSAPP, "US.1349")}
    assert not Contact.objects.filter(pk=newer.contact_id).exists()


def test_conversations_on_other_channels_move_along(channel: Channel) -> None:
    other = Channel.objects.create(kind=WHATSAPP, name="Zwei", external_id="2", token="-")
    talk(channel, "+15550001111", text="first", minutes_ago=9)
    moved = talk(other, "", "US.1349", text="second", minutes_ago=1)
    merged = behind("+15550001111", "US.1349")
    moved.refresh_from_db()
    assert moved.contact == merged
    assert Conversation.objects.count() == 2


def test_notes_of_both_are_kept(inside: Company) -> None:
    one, two = behind("+15550001111"), behind("", "US.1349", name="Ana")
    Contact.objects.filter(pk=one.pk).update(note="likes tea")
    Contact.objects.filter(pk=two.pk).update(note="calls early")
    merged = behind("+15550001111", "US.1349")
    merged.refresh_from_db()
    assert (merged.note, merged.name) == ("likes tea\ncalls early", "Ana")


def test_lists_labels_and_attributes_of_both_are_kept(inside: Company) -> None:
    one, two = behind("+15550001111"), behind("", "US.1349")
    two.lists.add(ContactList.objects.create(name="Stamm"))
    two.labels.add(Label.objects.create(name="VIP"))
    Contact.objects.filter(pk=one.pk).update(attributes={"city": "Husum"})
    Contact.objects.filter(pk=two.pk).update(attributes={"city": "Kiel", "size": "40"})
    merged = behind("+15550001111", "US.1349")
    merged.refresh_from_db()
    assert merged.attributes == {"city": "Husum", "size": "40"}
    assert [one.name for one in (*merged.lists.all(), *merged.labels.all())] == ["Stamm", "VIP"]


@pytest.mark.parametrize("blocked", [0, 1])
def test_who_is_blocked_stays_blocked_as_one(inside: Company, blocked: int) -> None:
    pair = [behind("+15550001111"), behind("", "US.1349")]
    Contact.objects.filter(pk=pair[blocked].pk).update(blocked_at=timezone.now())
    merged = behind("+15550001111", "US.1349")
    merged.refresh_from_db()
    assert merged.blocked_at is not None


def test_without_followers_two_contacts_stay_apart(inside: Company) -> None:
    one, two = behind("+15550001111"), behind("", "US.1349")
    person_behind(WHATSAPP, Address("+15550001111", "US.1349"))
    assert Contact.objects.filter(pk__in=[one.pk, two.pk]).count() == 2


# --- New addresses ----------------------------------------------------------------------------------------------------


def moved(old: Address, new: Address) -> Contact:
    return move(WHATSAPP, old, new, followers=Followers())[0]


def test_a_new_number_takes_the_old_one_s_place(channel: Channel) -> None:
    conversation = talk(channel, "+15550001111", "US.1349", text="Hi", minutes_ago=1)
    contact = moved(Address("+15550001111"), Address("+15550002222"))
    assert contact == conversation.contact
    assert addresses(contact) == {(WHATSAPP, "+15550002222"), (WHATSAPP, "US.1349")}
    conversation.refresh_from_db()
    assert conversation.identity.external_id == "+15550002222"


def test_whoever_gets_the_old_number_is_somebody_else(inside: Company) -> None:
    entered = contacts.add(name="Ana", phone_number="+15550001111")
    moved(Address("+15550001111"), Address("+15550002222"))
    assert behind("+15550001111", name="Bo") != entered


def test_a_new_user_id_takes_the_old_one_s_place(inside: Company) -> None:
    contact = behind("+15550001111", "US.1349")
    assert moved(Address("", "US.1349"), Address("", "US.2222", "US.ENT.9")) == contact
    assert addresses(contact) == {(WHATSAPP, "+15550001111"), (WHATSAPP, "US.2222"), (WHATSAPP, "US.ENT.9")}


def test_who_has_written_from_the_new_number_already_is_the_same_person(channel: Channel) -> None:
    first = talk(channel, "+15550001111", text="first", minutes_ago=9, name="Ana")
    talk(channel, "+15550002222", text="second", minutes_ago=1)
    contact = moved(Address("+15550001111"), Address("+15550002222"))
    conversation = Conversation.objects.get()
    assert (contact, conversation.contact) == (first.contact, first.contact)
    assert conversation.identity.external_id == "+15550002222"
    assert addresses(contact) == {(WHATSAPP, "+15550002222")}
    assert conversation.messages.count() == 2


def test_the_same_move_told_again_changes_nothing(inside: Company) -> None:
    contact = behind("+15550001111")
    for _ in range(3):
        assert moved(Address("+15550001111"), Address("+15550002222")) == contact
    assert addresses(contact) == {(WHATSAPP, "+15550002222")}


# --- At the same time -------------------------------------------------------------------------------------------------


def test_ten_at_once_find_one_contact(committed: Any) -> None:
    acme = Company.objects.get(pk=committed.acme)
    shown = [("+15550001111", "US.1349"), ("", "US.1349"), ("+15550001111", "US.1349", "US.ENT.118")]

    def find(number: int) -> int:
        try:
            with company_context(acme):
                return behind(*shown[number % 3], name="Ana").pk
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(10) as pool:
            assert len(set(pool.map(find, range(10)))) == 1
    finally:
        with company_context(acme):
            Contact.objects.filter(name="Ana").delete()
            assert not ChannelIdentity.objects.filter(kind=WHATSAPP).exists()
        connection.close()
