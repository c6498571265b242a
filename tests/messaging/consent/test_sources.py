"""Where decisions come from: a word, the switch in the app, a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from messaging.channels.base import Address, InboundMessage, MessageType, ProviderError, Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts.consent.keywords import decision_in
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState
from messaging.contacts.models import Contact
from messaging.messages.models import Direction, Message
from messaging.messages.receiving import receive
from messaging.messages.status import record_reports
from tests.messaging.consent.conftest import NOON
from tests.messaging.messages.conftest import make_conversation

STOP = ("STOP", "stop", " Stop. ", "*STOP*", "Stopp!", "UNSUBSCRIBE", "abmelden", "opt-out", "Keine Werbung")
NO_STOP = ("Bitte stoppen Sie mein Paket", "stop it", "Wo ist mein Paket?", "", "…", "stop" * 20, "отмена")


@pytest.mark.parametrize("text", STOP)
def test_a_word_alone_stops(text: str) -> None:
    assert decision_in(text) == ConsentState.OPTED_OUT


@pytest.mark.parametrize("text", NO_STOP)
def test_a_sentence_with_the_word_does_not(text: str) -> None:
    assert decision_in(text) is None


def wrote(text: str, *, id: str = "wamid.1", type: MessageType = MessageType.TEXT) -> InboundMessage:
    content = {"body": text} if type == MessageType.TEXT else {"kind": "template_button", "id": "stop", "title": text}
    return InboundMessage(id, Address("+15550001111"), type, NOON, content, sender_name="Ana")


@pytest.mark.parametrize("type", [MessageType.TEXT, MessageType.ANSWER])
def test_who_writes_stop_has_opted_out_at_every_number(shop: Channel, type: MessageType) -> None:
    message = receive(shop, wrote("STOP", type=type))
    row = Consent.objects.select_related("event", "contact").get()
    assert message is not None
    assert (row.contact.name, row.state, row.channel_id, row.since) == ("Ana", "opted_out", None, NOON)
    assert (row.event.words, row.event.proof) == ("STOP", {"message": message.public_id})


def test_the_thread_says_so(shop: Channel) -> None:
    receive(shop, wrote("STOP"))
    assert Message.objects.get(direction=Direction.EVENT).content["value"] == "stop"


def test_stop_that_comes_twice_is_one_decision(shop: Channel) -> None:
    receive(shop, wrote("STOP"))
    receive(shop, wrote("STOP"))
    assert ConsentEvent.objects.count() == 1


def test_start_a_minute_later_opens_it_again(shop: Channel) -> None:
    receive(shop, wrote("STOP"))
    receive(shop, replace(wrote("START", id="wamid.2"), at=NOON + timedelta(minutes=1)))
    assert Consent.objects.get().state == ConsentState.OPTED_IN


def test_a_refusal_that_tells_of_an_opt_out_is_one(shop: Channel) -> None:
    conversation = make_conversation(shop)
    sent = Message.objects.create(
        conversation=conversation,
        channel=shop,
        identity=conversation.identity,
        direction=Direction.OUTBOUND,
        type="template",
        state="sent",
        external_id="wamid.9",
    )
    report = StatusReport("wamid.9", Report.FAILED, NOON, error=ProviderError("131050", "stopped"))
    for _ in range(2):
        record_reports(shop, [report])
    event = ConsentEvent.objects.get()
    assert (event.contact, event.channel, event.source) == (conversation.contact, shop, ConsentSource.PROVIDER)
    assert event.proof == {"message": sent.public_id}


def test_another_refusal_decides_nothing(shop: Channel) -> None:
    conversation = make_conversation(shop)
    Message.objects.create(
        conversation=conversation, channel=shop, direction=Direction.OUTBOUND, state="sent", external_id="wamid.9"
    )
    record_reports(shop, [StatusReport("wamid.9", Report.FAILED, NOON, error=ProviderError("131026", "no"))])
    assert not ConsentEvent.objects.exists()
    assert Contact.objects.count() == 2
