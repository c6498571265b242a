"""Nobody gets a template without consent, whoever sends it by hand; what a person asked is always answered."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from messaging.channels.error_rules import ErrorClass
from messaging.channels.errors import rule_for
from messaging.channels.models import Channel
from messaging.contacts import services as contacts
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import answering, pump, services
from messaging.messages.agreeing import NotAgreed, Refusal
from messaging.messages.models import Message
from tenants.context import company_context
from tenants.models import User
from tenants.services import companies, opening
from tests.messaging.messages.conftest import Provider, later, make_channel, make_conversation, queue

CONTENT = {"name": "order", "language": "de"}
Decide = Callable[[Contact, Channel], object]


def make_template(category: str) -> MessageTemplate:
    return MessageTemplate.objects.create(account_external_id="waba", category=category, status="approved", **CONTENT)


def said(state: ConsentState, purpose: Purpose = Purpose.MARKETING, *, here: bool = False) -> Decide:
    def decide(contact: Contact, channel: Channel) -> object:
        number = channel if here else None
        return consent.record(contact, purpose=purpose, state=state, source=ConsentSource.KEYWORD, channel=number)

    return decide


def nothing(contact: Contact, channel: Channel) -> object:
    return None


def blocked(contact: Contact, channel: Channel) -> object:
    return contacts.block(contact)


YES, NO = ConsentState.OPTED_IN, ConsentState.OPTED_OUT
CASES = [
    ("marketing", nothing, Refusal.NOT_AGREED),
    ("MARKETING", nothing, Refusal.NOT_AGREED),
    ("carrier_pigeon", nothing, Refusal.NOT_AGREED),
    ("marketing", said(YES, Purpose.SERVICE), Refusal.NOT_AGREED),
    ("marketing", said(NO), Refusal.OPTED_OUT),
    ("marketing", said(NO, here=True), Refusal.OPTED_OUT),
    ("marketing", blocked, Refusal.BLOCKED),
    ("marketing", said(YES), None),
    ("marketing", said(YES, here=True), None),
    ("utility", nothing, None),
    ("UTILITY", said(NO), None),
    ("authentication", nothing, None),
    ("utility", said(NO, Purpose.SERVICE), Refusal.OPTED_OUT),
    ("authentication", said(NO, Purpose.SERVICE, here=True), Refusal.OPTED_OUT),
    ("utility", blocked, Refusal.BLOCKED),
]


def send(conversation: Conversation, agent: User) -> Message:
    return services.send_template(conversation, author=agent, content=CONTENT, text="Hello")


@pytest.mark.parametrize(("category", "decide", "refusal"), CASES)
def test_a_template_goes_only_to_who_may_be_written_to(
    conversation: Conversation, agent: User, category: str, decide: Decide, refusal: Refusal | None
) -> None:
    make_template(category)
    decide(conversation.contact, conversation.channel)
    if refusal is None:
        assert send(conversation, agent).state == "queued"
        return
    with pytest.raises(NotAgreed) as refused:
        send(conversation, agent)
    assert (refused.value.refusal, Message.objects.filter(direction="outbound").exists()) == (refusal, False)


@pytest.mark.parametrize(("category", "decide", "refusal"), CASES)
def test_what_failed_is_sent_again_only_to_who_may_be_written_to(
    conversation: Conversation, category: str, decide: Decide, refusal: Refusal | None
) -> None:
    make_template(category)
    decide(conversation.contact, conversation.channel)
    message = queue(conversation, type="template", content=CONTENT, state="failed", error_code="131016")
    if refusal is None:
        assert services.retry(message).state == "queued"
        return
    with pytest.raises(NotAgreed):
        services.retry(message)
    assert later(message).state == "failed"


def test_a_template_that_is_not_there_any_more_counts_as_marketing(conversation: Conversation, agent: User) -> None:
    with pytest.raises(NotAgreed):
        send(conversation, agent)


def test_a_template_that_has_become_marketing_counts_as_what_it_is_now(conversation: Conversation, agent: User) -> None:
    template = make_template("utility")
    send(conversation, agent)
    MessageTemplate.objects.filter(pk=template.pk).update(category="MARKETING")
    with pytest.raises(NotAgreed):
        send(conversation, agent)


def test_an_answer_in_the_window_is_asked_of_nobody(conversation: Conversation, agent: User) -> None:
    for purpose in Purpose:
        said(NO, purpose)(conversation.contact, conversation.channel)
    contacts.block(conversation.contact)
    assert services.reply(conversation, author=agent, text="You asked, I answer").state == "queued"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (said(NO), "opted_out"),
        (blocked, "blocked"),
        (nothing, ""),
    ],
)
def test_what_waits_is_not_sent_once_the_person_has_decided_otherwise(
    conversation: Conversation,
    agent: User,
    provider: Provider,
    run: Callable[..., pump.Delivered],
    act: Decide,
    code: str,
) -> None:
    make_template("marketing")
    said(YES)(conversation.contact, conversation.channel)
    message = send(conversation, agent)
    act(conversation.contact, conversation.channel)
    run()
    row = later(message)
    assert (row.state, row.error_code, len(provider.asked)) == (("failed", code, 0) if code else ("sent", "", 1))


def test_what_waits_is_not_sent_once_its_template_is_marketing(
    conversation: Conversation, agent: User, provider: Provider, run: Callable[..., pump.Delivered]
) -> None:
    make_template("utility")
    message = send(conversation, agent)
    MessageTemplate.objects.update(category="marketing")
    run()
    assert (later(message).state, later(message).error_code, provider.asked) == ("failed", "not_agreed", [])
    assert rule_for("whatsapp", "not_agreed").means == ErrorClass.NEVER_FOR_CONTACT


def test_who_opts_out_meanwhile_gets_no_template(committed: object) -> None:
    """The decision is not committed yet when the agent sends: sending waits for it, and then heeds it."""
    company = companies.create_company(address_name="agreed", name="Agreed", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        conversation = make_conversation(make_channel(company))
        make_template("marketing")
        said(YES)(conversation.contact, conversation.channel)
    author = User(pk=1, name="Agent")
    began, ended = Event(), list[Any]()

    def send_it() -> None:
        try:
            with company_context(company):
                mine = Conversation.objects.select_related("channel", "identity", "contact").get(pk=conversation.pk)
                began.set()
                answering.answer(
                    mine, author=author, seen="", client_key="k", type="template", content=CONTENT, text="Hello"
                )
        except NotAgreed as refusal:
            ended.append(refusal.refusal)
        finally:
            connection.close()

    sender = Thread(target=send_it)
    with company_context(company):
        with transaction.atomic():
            said(NO)(conversation.contact, conversation.channel)
            sender.start()
            began.wait(10)
            sender.join(0.5)
            assert sender.is_alive()
        sender.join(10)
        assert (ended, Message.objects.filter(created_at__lte=timezone.now()).exists()) == ([Refusal.OPTED_OUT], False)
