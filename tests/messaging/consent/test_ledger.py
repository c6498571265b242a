"""The ledger: what decisions add up to, whoever made them and whenever we hear of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from messaging.channels.models import Channel
from messaging.contacts import identities, services as contacts
from messaging.contacts.consent import services
from messaging.contacts.consent.models import (
    BY_PERSON,
    Consent,
    ConsentEvent,
    ConsentSource,
    ConsentState,
    Purpose,
    Suppression,
)
from messaging.contacts.consent.standing import Standing, Why, decide, standing
from messaging.contacts.models import Contact
from messaging.messages.people import Followers
from tests.messaging.consent.conftest import NOON, Decide

IN, OUT = ConsentState.OPTED_IN, ConsentState.OPTED_OUT
KEYWORD, PROVIDER, IMPORT, MEMBER = (
    ConsentSource.KEYWORD,
    ConsentSource.PROVIDER,
    ConsentSource.IMPORT,
    ConsentSource.MEMBER,
)


def why(contact: Contact, channel: Channel, purpose: Purpose = Purpose.MARKETING) -> Why:
    return services.may_message(contact, channel, purpose).why


def test_nobody_is_written_to_who_never_agreed(contact: Contact, shop: Channel) -> None:
    assert why(contact, shop) == Why.NO_CONSENT


def test_who_agreed_may_be_written_to_and_the_answer_names_the_decision(
    contact: Contact, shop: Channel, decided: Decide
) -> None:
    event = decided(IN, IMPORT, words="Ja, Angebote per WhatsApp")
    answer = services.may_message(contact, shop, Purpose.MARKETING)
    assert answer.allowed
    assert answer.because is not None
    assert answer.because.event == event


def test_agreeing_to_news_is_not_agreeing_to_notices(contact: Contact, shop: Channel, decided: Decide) -> None:
    decided(IN, IMPORT)
    assert why(contact, shop, Purpose.SERVICE) == Why.NO_CONSENT


def test_a_stop_for_all_numbers_holds_for_each(
    contact: Contact, shop: Channel, office: Channel, decided: Decide
) -> None:
    decided(IN, IMPORT)
    decided(IN, MEMBER, channel=shop, minute=1)
    decided(OUT, KEYWORD, minute=2)
    assert (why(contact, shop), why(contact, office)) == (Why.OPTED_OUT, Why.OPTED_OUT)


def test_a_stop_at_one_number_leaves_the_others(
    contact: Contact, shop: Channel, office: Channel, decided: Decide
) -> None:
    decided(IN, IMPORT)
    decided(OUT, PROVIDER, channel=shop, minute=1)
    assert (why(contact, shop), why(contact, office)) == (Why.OPTED_OUT, Why.OPTED_IN)


@pytest.mark.parametrize("source", [IMPORT, MEMBER, ConsentSource.API])
def test_what_a_person_has_stopped_nobody_else_starts_again(
    contact: Contact, shop: Channel, decided: Decide, source: ConsentSource
) -> None:
    decided(OUT, KEYWORD)
    decided(IN, source, minute=1)
    assert why(contact, shop) == Why.OPTED_OUT


def test_a_person_starts_again_what_they_have_stopped(contact: Contact, shop: Channel, decided: Decide) -> None:
    decided(OUT, KEYWORD)
    decided(IN, KEYWORD, minute=1)
    assert why(contact, shop) == Why.OPTED_IN


def test_a_person_s_later_word_for_one_number_goes_before_a_general_stop(
    contact: Contact, shop: Channel, office: Channel, decided: Decide
) -> None:
    decided(OUT, KEYWORD)
    decided(IN, PROVIDER, channel=shop, minute=1)
    assert (why(contact, shop), why(contact, office)) == (Why.OPTED_IN, Why.OPTED_OUT)


def test_a_colleague_s_stop_may_be_lifted_by_an_import(contact: Contact, shop: Channel, decided: Decide) -> None:
    decided(OUT, MEMBER)
    decided(IN, IMPORT, minute=1)
    assert why(contact, shop) == Why.OPTED_IN


def test_a_late_decision_stands_where_its_time_puts_it(contact: Contact, shop: Channel, decided: Decide) -> None:
    decided(OUT, KEYWORD, minute=5)
    decided(IN, KEYWORD, minute=1)
    assert why(contact, shop) == Why.OPTED_OUT


def test_at_the_same_moment_the_stop_counts(contact: Contact, shop: Channel, decided: Decide) -> None:
    decided(OUT, KEYWORD)
    decided(IN, KEYWORD)
    assert why(contact, shop) == Why.OPTED_OUT


def test_the_same_news_told_twice_counts_once(contact: Contact, decided: Decide) -> None:
    assert decided(OUT, PROVIDER, key="wish.1") is not None
    assert decided(OUT, PROVIDER, key="wish.1") is None
    assert ConsentEvent.objects.count() == 1


# --- People who become one, leave, and come back ----------------------------------------------------------------------


def test_two_contacts_that_become_one_keep_what_either_has_stopped(
    contact: Contact, shop: Channel, decided: Decide
) -> None:
    other = contacts.add(name="Ana", phone_number="+15550001111")
    decided(IN, IMPORT)
    decided(OUT, KEYWORD, contact=other, minute=1)
    identities.person_behind("whatsapp", identities.Address("+15550001111", "US.1349"), followers=Followers())
    address = identities.Address(contact.identities.get().external_id, "US.1349")
    kept, _identity = identities.person_behind("whatsapp", address, followers=Followers())
    assert Contact.objects.count() == 1
    assert why(kept, shop) == Why.OPTED_OUT
    assert kept.consent_events.count() == 2


def test_a_removed_contact_who_is_added_again_has_opted_out_still(
    contact: Contact, shop: Channel, decided: Decide
) -> None:
    number = contact.identities.get().external_id
    decided(OUT, KEYWORD)
    contacts.remove(contact)
    again = contacts.add(name="Neu", phone_number=number)
    assert why(again, shop) == Why.OPTED_OUT
    decided(IN, IMPORT, contact=again, minute=9)
    assert why(again, shop) == Why.OPTED_OUT


def test_of_a_removed_contact_only_a_hash_and_the_proof_are_kept(contact: Contact, decided: Decide) -> None:
    number = contact.identities.get().external_id
    decided(OUT, KEYWORD, words="STOP")
    contacts.remove(contact)
    assert number not in str(list(Suppression.objects.values()))
    assert ConsentEvent.objects.get().contact is None


# --- Any decisions in any order ---------------------------------------------------------------------------------------

decisions = st.lists(
    st.tuples(st.sampled_from([IN, OUT]), st.sampled_from(list(ConsentSource)), st.integers(0, 3)), max_size=6
)


def slow_oracle(events: list[ConsentEvent]) -> str:
    """The rule as a person would say it, by looking at every decision from the last one back."""
    in_time = sorted(events, key=lambda event: (event.at, event.state))
    for place in range(len(in_time) - 1, -1, -1):
        event = in_time[place]
        if event.state == OUT:
            return OUT
        if event.source in BY_PERSON:
            return IN
        stops = [one for one in in_time[:place] if one.state == OUT and one.source in BY_PERSON]
        if not stops:
            return IN
        starts = [one for one in in_time[:place] if one.state == IN and one.source in BY_PERSON]
        if starts and in_time.index(starts[-1]) > in_time.index(stops[-1]):
            return IN
    return OUT if events else ""


@given(decisions)
def test_what_decisions_add_up_to_is_what_the_rule_says(made: list[tuple[ConsentState, ConsentSource, int]]) -> None:
    events = [
        ConsentEvent(state=state, source=source, at=NOON + timedelta(minutes=minute)) for state, source, minute in made
    ]
    found = standing(sorted(events, key=lambda event: (event.at, event.state)))
    assert (found[0].state if found else "") == slow_oracle(events)


def test_the_order_of_arrival_changes_nothing(contact: Contact, shop: Channel, decided: Decide) -> None:
    made = [(IN, IMPORT, 0), (OUT, KEYWORD, 1), (IN, MEMBER, 2), (IN, KEYWORD, 3), (OUT, PROVIDER, 3)]
    seen: set[tuple[str, datetime]] = set()
    for order in permutations(made):
        Consent.objects.all().delete()
        ConsentEvent.objects.all().delete()
        for state, source, minute in order:
            decided(state, source, minute=minute)
        row = Consent.objects.get()
        seen.add((row.state, row.since))
    assert seen == {(OUT, NOON + timedelta(minutes=3))}


stands = st.none() | st.builds(
    Standing, st.sampled_from([IN, OUT]), st.booleans(), st.integers(0, 2).map(lambda day: NOON + timedelta(days=day))
)


@given(stands, stands)
def test_a_stop_is_never_passed_over(everywhere: Standing | None, here: Standing | None) -> None:
    stopped_here = here is not None and here.state == OUT
    stopped_everywhere = everywhere is not None and everywhere.state == OUT
    own_later_word = here and everywhere and here.is_by_person and here.since > everywhere.since
    stopped = stopped_here or (stopped_everywhere and not own_later_word)
    allowed = Why.OPTED_IN if everywhere or here else Why.NO_CONSENT
    assert decide(everywhere, here) == (Why.OPTED_OUT if stopped else allowed)
