"""The inbox as an agent meets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company, Membership, StaffVisit, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import add, begin, path
from tests.messaging.inbox.test_kinds import KINDS


def written(company: Company, direction: str) -> list[Message]:
    with company_context(company):
        return list(Message.objects.filter(direction=direction).order_by("pk"))


def test_a_customer_s_message_stands_in_the_list_and_in_the_thread(
    browser: Browser, conversation: Conversation
) -> None:
    assert "Wo ist mein Paket?" in browser.get("/inbox/").content.decode()
    assert "Wo ist mein Paket?" in browser.get(path(conversation)).content.decode()


def test_opening_a_conversation_reads_it(browser: Browser, acme: Company, conversation: Conversation) -> None:
    browser.get(path(conversation))
    with company_context(acme):
        assert Conversation.objects.get().unread_count == 0


def test_an_answer_is_queued_and_shown(browser: Browser, acme: Company, conversation: Conversation) -> None:
    page = browser.post(path(conversation, "reply/"), {"text": "Es kommt heute.", "client_key": "k1"}, follow=True)
    assert "Es kommt heute." in page.content.decode()
    (answer,) = written(acme, Direction.OUTBOUND)
    assert (answer.state, answer.text, answer.author_name) == (MessageState.QUEUED, "Es kommt heute.", "Agent")


def test_a_double_click_is_one_answer(browser: Browser, acme: Company, conversation: Conversation) -> None:
    for _ in range(2):
        browser.post(path(conversation, "reply/"), {"text": "Es kommt heute.", "client_key": "k1"})
    assert len(written(acme, Direction.OUTBOUND)) == 1


def test_after_24_hours_free_text_is_refused_and_kept_in_the_field(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    begin(acme, hours_ago=25)
    with company_context(acme):
        Conversation.objects.update(last_inbound_at=conversation.created_at.replace(year=2020))
    answer = browser.post(path(conversation, "reply/"), {"text": "zu spät", "client_key": "k1"})
    assert answer.status_code == 422
    assert "24 hours are over" in answer.content.decode()
    assert written(acme, Direction.OUTBOUND) == []


def test_a_message_that_failed_says_why_in_plain_words(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    with company_context(acme):
        Message.objects.create(
            conversation=conversation,
            channel=conversation.channel,
            direction=Direction.OUTBOUND,
            state=MessageState.FAILED,
            error_code="131026",
            text="Hallo",
        )
    page = browser.get(path(conversation)).content.decode()
    assert "bubble-problem" in page
    assert "131026" not in page


def test_a_note_is_kept_and_never_sent(browser: Browser, acme: Company, conversation: Conversation) -> None:
    page = browser.post(path(conversation, "note/"), {"text": "Regal C3"}, follow=True)
    assert "Regal C3" in page.content.decode()
    assert written(acme, Direction.OUTBOUND) == []


@pytest.mark.parametrize(
    ("action", "state"),
    [("resolve/", ConversationState.RESOLVED), ("reopen/", ConversationState.OPEN)],
)
def test_a_conversation_is_resolved_and_opened_again(
    browser: Browser, acme: Company, conversation: Conversation, action: str, state: str
) -> None:
    browser.post(path(conversation, "resolve/"))
    browser.post(path(conversation, action))
    with company_context(acme):
        assert Conversation.objects.get().state == state


@pytest.mark.parametrize("until", ["hour", "tomorrow", "week"])
def test_a_conversation_is_put_off(browser: Browser, acme: Company, conversation: Conversation, until: str) -> None:
    browser.post(path(conversation, "snooze/"), {"until": until})
    with company_context(acme):
        assert Conversation.objects.get().state == ConversationState.SNOOZED


def test_a_conversation_is_taken_once(
    browser: Browser, acme: Company, admin: User, agent: User, conversation: Conversation, at: Callable[..., Browser]
) -> None:
    own, other = (Membership.objects.get(company=acme, user=user).public_id for user in (agent, admin))
    browser.post(path(conversation, "assign/"), {"to": own, "seen": ""})
    page = at(acme, admin).post(path(conversation, "assign/"), {"to": other, "seen": ""}, follow=True)
    assert "quicker" in page.content.decode()
    with company_context(acme):
        assert Conversation.objects.get().assignee_id == agent.pk


def test_nobody_of_another_company_is_given_a_conversation(
    browser: Browser, acme: Company, globex: Company, rival: User, conversation: Conversation
) -> None:
    foreign = Membership.objects.get(company=globex, user=rival).public_id
    browser.post(path(conversation, "assign/"), {"to": foreign, "seen": ""})
    with company_context(acme):
        assert Conversation.objects.get().assignee_id is None


def test_a_label_is_made_by_its_name(browser: Browser, acme: Company, conversation: Conversation) -> None:
    browser.post(path(conversation, "label/"), {"new": "Abholung"})
    with company_context(acme):
        assert [label.name for label in Conversation.objects.get().labels.all()] == ["Abholung"]


@pytest.mark.parametrize("words", ["0151 1234", "customer of", "Paket", "wo ist"])
def test_a_conversation_is_found_by_name_number_or_words(
    browser: Browser, conversation: Conversation, words: str
) -> None:
    assert "Customer of Acme" in browser.get("/inbox/", {"q": words, "state": "resolved"}).content.decode()


@pytest.mark.parametrize("words", ["nobody", "'; DROP TABLE", "\\", "%", "a & | !"])
def test_words_that_match_nothing_find_nothing(browser: Browser, conversation: Conversation, words: str) -> None:
    answer = browser.get("/inbox/", {"q": words})
    assert answer.status_code == 200
    assert answer.context["cards"] == []


@pytest.mark.parametrize("scope", ["mine", "unassigned", "all", "nonsense"])
def test_the_list_is_narrowed_by_who_has_it(browser: Browser, conversation: Conversation, scope: str) -> None:
    cards = browser.get("/inbox/", {"scope": scope}).context["cards"]
    assert len(cards) == (0 if scope == "mine" else 1)


@pytest.mark.parametrize("action", ["", "thread/", "reply/", "note/", "assign/", "resolve/", "snooze/", "label/"])
def test_the_rival_s_conversation_is_not_there(
    browser: Browser, conversation: Conversation, theirs: Conversation, action: str
) -> None:
    ask = browser.get if action in {"", "thread/"} else browser.post
    assert ask(path(theirs, action)).status_code == 404


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202egnp.exe\u202c", "{{ 7|add:7 }}"]
)
def test_hostile_words_stay_words(browser: Browser, acme: Company, text: str) -> None:
    conversation = begin(acme, text)
    for page in (browser.get("/inbox/"), browser.get(path(conversation))):
        body = page.content.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body


def test_a_visit_reads_without_marking_as_read(
    acme: Company, staff: User, conversation: Conversation, at: Callable[..., Browser]
) -> None:
    visit = StaffVisit.objects.create(company=acme, staff=staff, reason="ticket", ends_at="2099-01-01T00:00Z")
    visitor = at(acme).sign_in(staff, acme, visit=visit)
    assert visitor.get(path(conversation)).status_code == 200
    assert visitor.post(path(conversation, "reply/"), {"text": "x", "client_key": "k"}).status_code == 403
    with company_context(acme):
        assert Conversation.objects.get().unread_count == 1


def test_the_page_takes_the_same_queries_for_few_and_for_many(
    browser: Browser, acme: Company, conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get(path(conversation))
    with django_assert_num_queries(18) as few:
        browser.get(path(conversation))
    with company_context(acme):
        channel = conversation.channel
        for number in range(15):
            contact = contacts.add(name=f"Contact {number}", phone_number=f"+4917012345{number:02}")
            identity = Contact.objects.get(pk=contact.pk).identities.get()
            Conversation.objects.create(channel=channel, contact=contact, identity=identity)
            Message.objects.create(conversation=conversation, channel=channel, direction=Direction.NOTE, text="n")
    quoted = add(acme, conversation, external_id="wamid.q")
    for kind, content in KINDS.items():
        add(acme, conversation, type=kind, content=content, reply_to=quoted)
        add(acme, conversation, type=kind, content=content, direction=Direction.OUTBOUND, state="failed", author_id=1)
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(path(conversation))
