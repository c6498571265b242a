"""Writing: what may be said, to which message, and never past what one has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messaging.conversations.models import Conversation
from messaging.messages import answering
from messaging.messages.models import Direction, Message
from tenants.context import company_context
from tenants.models import Company, StaffVisit, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import add, and_then, begin, path, sent


def newest(company: Company) -> str:
    with company_context(company):
        return Message.objects.order_by("-pk")[0].public_id


def say(browser: Browser, conversation: Conversation, text: str = "Ja", key: str = "k1", **fields: Any) -> Any:
    return browser.post(path(conversation, "reply/"), {"text": text, "client_key": key, **fields})


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["ä", "🙂", "\r\n"])
@pytest.mark.parametrize(("length", "status"), [(4096, 302), (4097, 422)])
def test_an_answer_is_as_long_as_the_channel_takes_counted_as_people_count(
    browser: Browser, conversation: Conversation, letter: str, length: int, status: int
) -> None:
    text = f"a{letter * (length - 2)}b"
    assert say(browser, conversation, text).status_code == status


def test_an_answer_that_is_too_long_is_kept(browser: Browser, acme: Company, conversation: Conversation) -> None:
    page = say(browser, conversation, "x" * 4097).content.decode()
    assert "At most 4,096 characters." in page
    assert "x" * 4097 in page


def test_an_empty_answer_is_refused(browser: Browser, conversation: Conversation) -> None:
    assert say(browser, conversation, " \r\n ").status_code == 422


@pytest.mark.parametrize("action", ["reply/", "files/"])
@pytest.mark.parametrize("field", ["quote", "client_key", "seen"])
@pytest.mark.parametrize("value", ["a\0b", "x" * 500])
def test_what_is_no_key_is_refused(
    browser: Browser, conversation: Conversation, action: str, field: str, value: str
) -> None:
    said = {"text": "Ja", "client_key": "k1", field: value}
    assert browser.post(path(conversation, action), said).status_code == 422


# --- A quote ----------------------------------------------------------------------------------------------------------


def test_an_answer_quotes_what_it_answers(browser: Browser, acme: Company, conversation: Conversation) -> None:
    asked = add(acme, conversation, text="Wann denn?", external_id="wamid.1")
    page = browser.get(path(conversation), {"quote": asked.public_id}).content.decode()
    assert f'name="quote" value="{asked.public_id}"' in page
    say(browser, conversation, quote=asked.public_id)
    (answer,) = sent(acme)
    assert answer.reply_to == asked


def test_what_is_not_of_this_conversation_is_not_quoted(
    browser: Browser, acme: Company, globex: Company, conversation: Conversation, theirs: Conversation
) -> None:
    foreign = add(globex, theirs, text="Geheim!", external_id="wamid.g")
    unknown = add(acme, conversation, text="Noch ohne Schlüssel")
    for public_id in (foreign.public_id, unknown.public_id, "nothing", "x" * 16):
        assert 'name="quote"' not in browser.get(path(conversation), {"quote": public_id}).content.decode()
        say(browser, conversation, key=public_id, quote=public_id)
    assert [answer.reply_to for answer in sent(acme)] == [None] * 4


def test_a_note_is_not_quoted(browser: Browser, acme: Company, conversation: Conversation) -> None:
    note = add(acme, conversation, direction=Direction.NOTE, external_id="wamid.n")
    say(browser, conversation, quote=note.public_id)
    assert [answer.reply_to for answer in sent(acme)] == [None]


# --- Not past what one has not seen -----------------------------------------------------------------------------------


def test_an_answer_past_a_new_message_is_held_and_kept(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    seen = newest(acme)
    add(acme, conversation, text="Hat sich erledigt")
    answer = say(browser, conversation, "Wir suchen noch", seen=seen)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Hat sich erledigt" in page
    assert "Wir suchen noch" in page
    assert 'name="client_key" value="k1"' in page
    assert sent(acme) == []


def test_sent_again_with_what_is_seen_now_it_goes(browser: Browser, acme: Company, conversation: Conversation) -> None:
    seen = newest(acme)
    add(acme, conversation)
    held = say(browser, conversation, seen=seen).context["seen"]
    assert say(browser, conversation, seen=held).status_code == 302
    assert len(sent(acme)) == 1


def test_reading_first_keeps_what_was_typed(browser: Browser, acme: Company, conversation: Conversation) -> None:
    answer = say(browser, conversation, "Noch nicht", read_first="1")
    assert answer.status_code == 200
    assert "Noch nicht" in answer.content.decode()
    assert sent(acme) == []


def test_of_two_agents_at_once_the_second_is_told(
    browser: Browser, acme: Company, admin: User, conversation: Conversation, at: Callable[..., Browser]
) -> None:
    seen = newest(acme)
    assert say(browser, conversation, "Ich", seen=seen).status_code == 302
    second = say(at(acme, admin), conversation, "Ich auch", key="k2", seen=seen)
    assert second.status_code == 409
    assert [answer.text for answer in sent(acme)] == ["Ich"]


def test_one_s_own_messages_notes_and_events_hold_nothing_back(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    seen = newest(acme)
    add(acme, conversation, direction=Direction.NOTE)
    add(acme, conversation, direction=Direction.EVENT, type="resolved")
    say(browser, conversation, "Eins", key="k1", seen=seen)
    assert say(browser, conversation, "Zwei", key="k2", seen=seen).status_code == 302


@pytest.mark.parametrize("seen", ["-", "nonsense"])
def test_a_page_that_has_seen_nothing_is_told_of_all(browser: Browser, conversation: Conversation, seen: str) -> None:
    assert say(browser, conversation, seen=seen).status_code == 409


def test_the_same_key_twice_is_one_message_whatever_came_between(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    seen = newest(acme)
    say(browser, conversation, seen=seen)
    add(acme, conversation)
    assert say(browser, conversation, seen=seen).status_code == 302
    assert len(sent(acme)) == 1


def test_a_refreshed_thread_tells_what_it_shows(browser: Browser, acme: Company, conversation: Conversation) -> None:
    add(acme, conversation)
    page = browser.get(path(conversation, "thread/"), {"open": "1"}).content.decode()
    assert f'data-seen="{newest(acme)}"' in page
    assert 'id="composer"' not in page


# --- More than words --------------------------------------------------------------------------------------------------

GOOD: dict[str, dict[str, str]] = {
    "buttons": {"body": "Wann?", "button_0": "Vormittags", "button_2": "Abends"},
    "list": {
        "body": "Wo?",
        "button": "Filialen",
        "title_0": "Altona",
        "description_0": "bis 20 Uhr",
        "title_4": "Mitte",
    },
    "link": {"body": "Hier", "title": "Los", "url": "https://example.com/"},
    "location": {"latitude": "53,5511", "longitude": "9.9937", "name": "Laden"},
    "contact": {"first_name": "Tom", "phone": "+49 40 123456", "email": "tom@example.com"},
    "ask": {"body": "Wo sind Sie?"},
}


def post(browser: Browser, conversation: Conversation, key: str, **fields: str) -> Any:
    return browser.post(path(conversation, f"send/{key}/"), {"client_key": "k1", **fields})


@pytest.mark.parametrize("key", GOOD)
def test_each_small_form_is_offered_and_sends(
    key: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    assert f"/send/{key}/" in browser.get(path(conversation, "composer/"), {"more": key}).content.decode()
    for _ in range(2):
        assert post(browser, conversation, key, **GOOD[key]).status_code == 302
    assert len(sent(acme)) == 1


@pytest.mark.parametrize(
    ("key", "wrong", "field"),
    [
        ("buttons", {"button_0": "", "button_2": ""}, "button_0"),
        ("buttons", {"button_2": "Vormittags"}, "button_2"),
        ("buttons", {"button_2": "x" * 21}, "button_2"),
        ("buttons", {"body": "x" * 1025}, "body"),
        ("buttons", {"footer": "x" * 61}, "footer"),
        ("list", {"title_4": "x" * 25}, "title_4"),
        ("list", {"description_4": "x" * 73}, "description_4"),
        ("list", {"title_0": "", "description_0": "", "title_4": ""}, "title_0"),
        ("list", {"title_4": "", "description_4": "ohne Titel"}, "title_4"),
        ("link", {"url": "javascript:alert(1)"}, "url"),
        ("link", {"title": "x" * 21}, "title"),
        ("location", {"latitude": "91"}, "latitude"),
        ("location", {"latitude": "nan"}, "latitude"),
        ("location", {"longitude": "östlich"}, "longitude"),
        ("contact", {"phone": "040 123456"}, "phone"),
        ("contact", {"first_name": "\u200b"}, "first_name"),
        ("ask", {"body": " "}, "body"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    key: str, wrong: dict[str, str], field: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    answer = post(browser, conversation, key, **{**GOOD[key], **wrong})
    assert answer.status_code == 422
    assert field in answer.context["extra_form"].errors
    assert sent(acme) == []


def test_a_small_form_is_held_like_any_answer(browser: Browser, acme: Company, conversation: Conversation) -> None:
    seen = newest(acme)
    add(acme, conversation)
    held = post(browser, conversation, "link", seen=seen, **GOOD["link"])
    assert held.status_code == 409
    form = held.context["extra_form"]
    assert post(browser, conversation, "link", seen=form["seen"].value(), **GOOD["link"]).status_code == 302


def test_what_came_while_a_small_form_was_held_holds_it_too(
    browser: Browser, acme: Company, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = newest(acme)
    add(acme, conversation)
    monkeypatch.setattr(answering, "answer", and_then(answering.answer, lambda: add(acme, conversation)))
    form = post(browser, conversation, "link", seen=seen, **GOOD["link"]).context["extra_form"]
    assert post(browser, conversation, "link", seen=form["seen"].value(), **GOOD["link"]).status_code == 409


def test_what_is_no_small_form_is_not_there(browser: Browser, conversation: Conversation) -> None:
    assert post(browser, conversation, "fax", **GOOD["link"]).status_code == 404
    assert browser.get(path(conversation), {"more": "fax"}).context["extra"] is None


def test_with_the_window_closed_the_page_offers_a_template_and_takes_a_note(browser: Browser, acme: Company) -> None:
    conversation = begin(acme, hours_ago=25)
    page = browser.get(path(conversation)).content.decode()
    assert 'name="client_key"' not in page
    assert path(conversation, "templates/") in page
    assert path(conversation, "note/") in page
    answer = post(browser, conversation, "link", **GOOD["link"])
    assert answer.status_code == 422
    assert sent(acme) == []


def test_a_visitor_looks_and_does_not_write(
    acme: Company, staff: User, conversation: Conversation, at: Callable[..., Browser]
) -> None:
    shown = add(acme, conversation, external_id="wamid.1")
    visit = StaffVisit.objects.create(company=acme, staff=staff, reason="ticket", ends_at="2099-01-01T00:00Z")
    visitor = at(acme).sign_in(staff, acme, visit=visit)
    page = visitor.get(path(conversation)).content.decode()
    assert 'id="composer"' not in page
    assert "?quote=" not in page
    assert "/react/" not in visitor.get(path(conversation, f"messages/{shown.public_id}/")).content.decode()
    for action in (f"messages/{shown.public_id}/react/", "send/link/", "note/"):
        assert visitor.post(path(conversation, action)).status_code == 403
