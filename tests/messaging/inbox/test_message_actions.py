"""What can be done with one message."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.channels.errors import OURS, TABLES
from messaging.conversations.models import Conversation
from messaging.inbox.remedies import problem
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.inbox.conftest import add, begin, path, sent

OUT: dict[str, Any] = {"direction": Direction.OUTBOUND, "type": "text", "content": {"body": "Hallo"}}
CODES = [*TABLES["whatsapp"], *OURS, "never heard of"]


def act(browser: Browser, conversation: Conversation, message: Message, action: str, **fields: str) -> Any:
    return browser.post(path(conversation, f"messages/{message.public_id}/{action}/"), fields)


def now(company: Company, message: Message) -> Message:
    with company_context(company):
        return Message.objects.get(pk=message.pk)


# --- Reactions --------------------------------------------------------------------------------------------------------


def test_a_reaction_is_sent_once_and_taken_back(browser: Browser, acme: Company, conversation: Conversation) -> None:
    theirs = add(acme, conversation, external_id="wamid.1")
    for emoji in ("👍", "👍", ""):
        act(browser, conversation, theirs, "react", emoji=emoji)
    assert [one.content for one in sent(acme)] == [
        {"message_id": "wamid.1", "emoji": "👍"},
        {"message_id": "wamid.1", "emoji": ""},
    ]
    assert now(acme, theirs).reaction_out == ""


def test_the_menu_takes_back_what_was_given(browser: Browser, acme: Company, conversation: Conversation) -> None:
    theirs = add(acme, conversation, external_id="wamid.1", reaction_out="🎈")
    page = browser.get(path(conversation, f"messages/{theirs.public_id}/")).content.decode()
    assert "Take 🎈 back" in page
    assert "React with 👍" in page


@pytest.mark.parametrize("emoji", ["<b>", "ja", "1", "x" * 17, "\u202e"])
def test_a_reaction_is_an_emoji(browser: Browser, acme: Company, conversation: Conversation, emoji: str) -> None:
    theirs = add(acme, conversation, external_id="wamid.1")
    assert act(browser, conversation, theirs, "react", emoji=emoji).status_code == 422
    assert sent(acme) == []


@pytest.mark.parametrize("emoji", ["👍", "❤️", "👩‍👩‍👧", "🇩🇪", "1️⃣", "👍🏽"])
def test_every_emoji_is_one(browser: Browser, acme: Company, conversation: Conversation, emoji: str) -> None:
    theirs = add(acme, conversation, external_id="wamid.1")
    assert act(browser, conversation, theirs, "react", emoji=emoji).status_code == 302
    assert len(sent(acme)) == 1


def test_only_what_the_person_wrote_is_reacted_to(browser: Browser, acme: Company, conversation: Conversation) -> None:
    ours = add(acme, conversation, **OUT, state=MessageState.SENT, external_id="wamid.o")
    note = add(acme, conversation, direction=Direction.NOTE)
    event = add(acme, conversation, direction=Direction.EVENT)
    assert [act(browser, conversation, one, "react", emoji="👍").status_code for one in (ours, note, event)] == [
        404
    ] * 3


def test_a_message_the_provider_does_not_know_takes_no_reaction(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    unknown = add(acme, conversation)
    assert act(browser, conversation, unknown, "react", emoji="👍").status_code == 422
    assert now(acme, unknown).reaction_out == ""


def test_after_the_window_nothing_is_reacted_to(browser: Browser, acme: Company) -> None:
    conversation = begin(acme, hours_ago=25)
    theirs = add(acme, conversation, external_id="wamid.1")
    assert act(browser, conversation, theirs, "react", emoji="👍").status_code == 422
    assert "/react/" not in browser.get(path(conversation, f"messages/{theirs.public_id}/")).content.decode()


@pytest.mark.parametrize("action", ["", "react/", "retry/", "let-be/"])
def test_another_s_message_is_not_there(
    action: str, browser: Browser, globex: Company, conversation: Conversation, theirs: Conversation
) -> None:
    foreign = add(globex, theirs, external_id="wamid.g", **OUT, state=MessageState.FAILED)
    ask = browser.post if action else browser.get
    for holder in (conversation, theirs):
        assert ask(path(holder, f"messages/{foreign.public_id}/{action}")).status_code == 404


# --- What failed ------------------------------------------------------------------------------------------------------


def test_a_passing_failure_is_sent_again(browser: Browser, acme: Company, conversation: Conversation) -> None:
    failed = add(acme, conversation, **OUT, state=MessageState.FAILED, error_code="131000", lane="replies")
    assert "Send again" in browser.get(path(conversation)).content.decode()
    for _ in range(2):
        act(browser, conversation, failed, "retry")
    assert now(acme, failed).state == MessageState.QUEUED


@pytest.mark.parametrize(
    "fields",
    [
        {"state": MessageState.FAILED, "error_code": "131026"},
        {"state": MessageState.DELIVERED},
        {"state": MessageState.QUEUED},
        {"state": MessageState.UNKNOWN, "lease_until": "2099-01-01T00:00Z"},
    ],
)
def test_what_must_not_be_sent_again_stays_as_it_is(
    fields: dict[str, Any], browser: Browser, acme: Company, conversation: Conversation
) -> None:
    message = add(acme, conversation, **OUT, **fields)
    answer = act(browser, conversation, message, "retry")
    assert answer.status_code == 302
    assert "cannot be sent again" in browser.get(path(conversation)).content.decode()
    assert now(acme, message).state == fields["state"]


def test_the_person_s_own_message_is_not_sent_again(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    theirs = add(acme, conversation)
    act(browser, conversation, theirs, "retry")
    assert now(acme, theirs).state == MessageState.RECEIVED


def test_of_a_message_nobody_heard_of_a_person_decides(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    silent = add(acme, conversation, **OUT, state=MessageState.UNKNOWN)
    page = browser.get(path(conversation)).content.decode()
    assert "it may arrive twice" in page
    act(browser, conversation, silent, "let-be")
    act(browser, conversation, silent, "let-be")
    assert (now(acme, silent).state, now(acme, silent).error_code) == (MessageState.FAILED, "given_up")
    assert "Send again, perhaps twice" in browser.get(path(conversation)).content.decode()


def test_what_failed_is_written_anew(browser: Browser, acme: Company, conversation: Conversation) -> None:
    failed = add(acme, conversation, **OUT, state=MessageState.FAILED, error_code="131009", text="Guter Anfang")
    assert f"?anew={failed.public_id}" in browser.get(path(conversation)).content.decode()
    assert browser.get(path(conversation), {"anew": failed.public_id}).context["typed"] == "Guter Anfang"


def test_only_our_own_words_are_written_anew(browser: Browser, acme: Company, conversation: Conversation) -> None:
    note = add(acme, conversation, direction=Direction.NOTE, text="intern")
    assert browser.get(path(conversation), {"anew": note.public_id}).context["typed"] == ""


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["text", "template"])
def test_what_the_words_advise_has_its_button(code: str, kind: str, acme: Company, conversation: Conversation) -> None:
    with company_context(acme):
        message = Message(
            type=kind,
            text="Hallo",
            content={"name": "n"},
            state=MessageState.FAILED,
            error_code=code,
            **_place(conversation),
        )
        found = problem(message, conversation)
    assert found
    labels = " ".join(action["label"] for action in found["actions"])
    # What somebody else is asked to send again is theirs.
    reason = found["reason"].lower().replace("ask the person to send it again", "")
    if "choose a template" in reason:
        assert "Choose a template" in labels
    if kind == "template" and ("choose the template again" in reason or "use another template" in reason):
        assert "Choose a template" in labels
    if kind == "text" and "write it anew" in reason:
        assert "Write it anew" in labels
    if "send it once more" in reason or "send again" in reason or "send it again" in reason:
        assert "Send again" in labels


def _place(conversation: Conversation) -> dict[str, Any]:
    return {"conversation": conversation, "channel": conversation.channel, "direction": Direction.OUTBOUND}


def test_what_is_known_of_a_message_is_shown(browser: Browser, acme: Company, conversation: Conversation) -> None:
    details = {"error_code": "131026", "error_details": "Message undeliverable", "author_name": "Inga"}
    failed = add(acme, conversation, **OUT, state=MessageState.FAILED, **details)
    page = browser.get(path(conversation, f"messages/{failed.public_id}/")).content.decode()
    assert [words for words in ("131026", "Message undeliverable", "Inga") if words not in page] == []
