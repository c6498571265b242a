"""Whom an audience reaches, why not the others, and that the parts add up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies as st

from messaging.broadcasts import audience
from messaging.broadcasts.audience import REACHABLE, Message, chosen
from messaging.broadcasts.models import SkipReason
from messaging.channels.models import Channel
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Attribute, Contact, ContactList, Label
from tests.messaging.broadcasts.conftest import decide, make_person, opt_out

EVERYONE = {"everyone": True}
NAME = Message({"body.0": {"field": "first_name"}}, fixed=10)


def count(channel: Channel, wanted: dict[str, Any] | None = None, message: Message | None = None) -> dict[str, int]:
    found = audience.count(wanted or EVERYONE, channel, Purpose.MARKETING, message)
    return {part: number for part, number in found.items() if number}


def part_of(contact: Contact, channel: Channel, message: Message | None = None) -> str:
    for part in audience.PARTS:
        if contact.pk in audience.sample(EVERYONE, channel, Purpose.MARKETING, part, message=message, most=100):
            return part
    return ""


# --- The parts --------------------------------------------------------------------------------------------------------


def test_who_agreed_and_has_a_number_is_reached(channel: Channel) -> None:
    make_person(1)
    assert count(channel) == {REACHABLE: 1}


def test_a_number_known_from_text_messages_is_a_number(channel: Channel) -> None:
    make_person(1, kind="sms")
    assert count(channel) == {REACHABLE: 1}


def test_each_reason_not_to_write_is_a_part_and_all_add_up(channel: Channel) -> None:
    make_person(1)
    make_person(2, agreed=False)
    opt_out(make_person(3))
    make_person(4, blocked_at=timezone.now())
    make_person(5, phone="none")
    make_person(6, phone="+5511987654321")
    make_person(7, phone="+551187654321")
    make_person(8, name="\u2003")
    found = count(channel, message=NAME)
    assert found == {
        REACHABLE: 2,
        SkipReason.NO_CONSENT: 1,
        SkipReason.OPTED_OUT: 1,
        SkipReason.BLOCKED: 1,
        SkipReason.NO_CHANNEL: 1,
        SkipReason.DUPLICATE: 1,
        SkipReason.VALUE_MISSING: 1,
    }
    assert sum(found.values()) == Contact.objects.count()


def test_of_two_contacts_with_one_number_the_one_who_agreed_is_written_to(channel: Channel) -> None:
    silent = make_person(1, phone="+551187654321", agreed=False)
    agreed = make_person(2, phone="+5511987654321")
    assert (part_of(silent, channel), part_of(agreed, channel)) == (SkipReason.NO_CONSENT, REACHABLE)


def test_a_text_that_grows_too_long_by_a_value_reaches_nobody(channel: Channel) -> None:
    long = Message({"body.0": {"text": "x" * 1000}}, fixed=30)
    assert part_of(make_person(1), channel, long) == SkipReason.TOO_LONG


def test_line_breaks_and_runs_of_spaces_in_a_value_are_one_space(channel: Channel) -> None:
    make_person(1, attributes={"shop": "Markt\n\n1 \t  Husum"})
    message = Message({"body.0": {"field": "attributes.shop"}})
    sql, values = audience.people(EVERYONE, channel, Purpose.MARKETING, message)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.values->>'body.0' FROM ({sql}) p", values)
        assert cursor.fetchall() == [("Markt 1 Husum",)]


def test_a_fallback_stands_for_a_value_that_is_missing(channel: Channel) -> None:
    make_person(1)
    with_fallback = Message({"body.0": {"field": "attributes.shop", "fallback": "Ihrem Laden"}})
    assert count(channel, message=with_fallback) == {REACHABLE: 1}
    assert count(channel, message=Message({"body.0": {"field": "attributes.shop"}})) == {SkipReason.VALUE_MISSING: 1}


# --- The same answer as for one person --------------------------------------------------------------------------------

decisions = st.lists(
    st.tuples(
        st.sampled_from(list(ConsentState)), st.sampled_from(list(ConsentSource)), st.booleans(), st.integers(0, 2)
    ),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(decisions)
def test_an_audience_answers_as_one_asks_for_one_person(channel: Channel, made: list[Any]) -> None:
    Consent.objects.all().delete()
    ConsentEvent.objects.all().delete()
    Contact.objects.all().delete()
    contact = make_person(1, agreed=False)
    start = timezone.now() - timedelta(days=9)
    for state, source, is_here, day in made:
        decide(contact, state, source, channel=channel if is_here else None, at=start + timedelta(days=day))
    answer = consent.may_message(contact, channel, Purpose.MARKETING)
    assert part_of(contact, channel) == (REACHABLE if answer.allowed else answer.why)


# --- Who is chosen ----------------------------------------------------------------------------------------------------


def names(wanted: dict[str, Any]) -> set[str]:
    return set(chosen(wanted).values_list("name", flat=True))


@pytest.fixture
def town(channel: Channel) -> None:
    Attribute.objects.create(key="city", name="Stadt")
    Attribute.objects.create(key="orders", name="Bestellungen", kind="number")
    Attribute.objects.create(key="last_order", name="Letzte Bestellung", kind="date")
    facts = {"city": "Husum", "orders": "12", "last_order": "2026-10-01"}
    ana = make_person(1, name="Ana", language="de", attributes=facts)
    ben = make_person(2, name="Ben", language="en", attributes={"city": "Kiel", "orders": "9"}, phone="+447700900101")
    make_person(3, name="Cem", attributes={"orders": "viele"})
    ana.lists.add(ContactList.objects.create(name="Stamm", public_id="list"))
    ben.labels.add(Label.objects.create(name="VIP", public_id="label"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, set()),
        ({"everyone": True}, {"Ana", "Ben", "Cem"}),
        ({"lists": ["list"]}, {"Ana"}),
        ({"labels": ["label"]}, {"Ben"}),
        ({"lists": ["list"], "labels": ["label"]}, {"Ana", "Ben"}),
        ({"lists": ["nobody's"]}, set()),
        ({"everyone": True, "without": ["list"]}, {"Ben", "Cem"}),
    ],
)
def test_lists_and_labels_choose(town: None, wanted: dict[str, Any], found: set[str]) -> None:
    assert names(wanted) == found


@pytest.mark.parametrize(
    ("field", "op", "value", "found"),
    [
        ("name", "is", "ana", {"Ana"}),
        ("name", "is_not", "ana", {"Ben", "Cem"}),
        ("language", "is", "en", {"Ben"}),
        ("country", "is", "+44", {"Ben"}),
        ("country", "is_not", "44", {"Ana", "Cem"}),
        ("attributes.city", "is", "husum", {"Ana"}),
        ("attributes.city", "contains", "u", {"Ana"}),
        ("attributes.city", "is_not", "Husum", {"Ben", "Cem"}),
        ("attributes.city", "empty", "", {"Cem"}),
        ("attributes.city", "filled", "", {"Ana", "Ben"}),
        ("attributes.orders", "above", "10", {"Ana"}),
        ("attributes.orders", "below", "10.5", {"Ben"}),
        ("attributes.last_order", "above", "2026-09-30", {"Ana"}),
        ("attributes.last_order", "below", "2026-09-30", set()),
    ],
)
def test_conditions_narrow(town: None, field: str, op: str, value: str, found: set[str]) -> None:
    assert names({"everyone": True, "conditions": [{"field": field, "op": op, "value": value}]}) == found


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"field": "password", "op": "is", "value": "x"},
        {"field": "name", "op": "regex", "value": ".*"},
        {"field": "name", "op": "is", "value": ""},
        {"field": "country", "op": "is", "value": "Germany"},
        {"field": "attributes.unknown", "op": "filled", "value": ""},
        {"field": "attributes.orders", "op": "above", "value": "ten"},
        {"field": "attributes.orders__gt", "op": "is", "value": "1"},
        {"field": "attributes.city", "op": "is", "value": "'); DROP TABLE x; --"},
    ],
)
def test_a_condition_that_makes_no_sense_reaches_nobody(
    town: None, channel: Channel, condition: dict[str, str]
) -> None:
    wanted = {"everyone": True, "conditions": [condition]}
    assert names(wanted) == set()
    assert count(channel, wanted) == {}
