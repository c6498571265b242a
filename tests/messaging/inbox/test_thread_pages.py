"""A thread page by page: nothing twice, nothing lost, whatever comes meanwhile; and where the new ones begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.conversations.models import Conversation
from messaging.inbox import pages
from messaging.messages.models import Direction, Message
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin

NOW = timezone.now()


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ENTRIES", 3)
    monkeypatch.setattr(pages, "MOST_ENTRIES", 6)


def write(company: Company, conversation: Conversation, *texts: str, minutes: int = 0) -> list[Message]:
    """Inbound messages of one second, so that only their keys order them."""
    with company_context(company):
        return [
            Message.objects.create(
                conversation=conversation,
                channel=conversation.channel,
                direction=Direction.INBOUND,
                text=text,
                at=NOW + timedelta(minutes=minutes),
            )
            for text in texts
        ]


def path(conversation: Conversation, action: str = "") -> str:
    return f"/inbox/{conversation.public_id}/{action}"


def texts(answer: object) -> list[str]:
    entries = answer.context["entries"]  # type: ignore[attr-defined]
    return [entry["message"]["text"] for entry in entries if "message" in entry]


def test_older_pages_hold_each_entry_once(browser: Browser, acme: Company, conversation: Conversation) -> None:
    write(acme, conversation, *"abcdefg")
    answer = browser.get(path(conversation))
    seen = texts(answer)
    while answer.context["page"].has_older:
        answer = browser.get(path(conversation, "older/"), {"before": answer.context["page"].first})
        seen = texts(answer) + seen
    assert seen == ["Wo ist mein Paket?", *"abcdefg"]


def test_without_a_script_the_page_itself_goes_back(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    write(acme, conversation, *"abcd")
    first = browser.get(path(conversation)).context["page"].first
    page = browser.get(path(conversation), {"before": first})
    assert texts(page) == ["Wo ist mein Paket?", "a"]
    assert "To the newest messages" in page.content.decode()
    assert "live-conversation-" not in page.content.decode()


def test_what_comes_leaves_no_gap_to_what_was_loaded_before(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    write(acme, conversation, *"abc")
    first = browser.get(path(conversation)).context["page"].first
    write(acme, conversation, *"de", minutes=1)
    assert texts(browser.get(path(conversation, "thread/"), {"since": first})) == list("abcde")


def test_a_browser_with_too_much_begins_anew_with_a_new_way_back(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    first = browser.get(path(conversation)).context["page"].first
    write(acme, conversation, *"abcdefg", minutes=1)
    answer = browser.get(path(conversation, "thread/"), {"since": first})
    assert texts(answer) == list("efg")
    assert 'id="thread-older" hx-swap-oob="true"' in answer.content.decode()


@pytest.mark.parametrize("key", ["", "x", "' OR 1=1"])
def test_a_wrong_key_is_not_there(browser: Browser, conversation: Conversation, key: str) -> None:
    assert browser.get(path(conversation, "older/"), {"before": key}).status_code == 404


def test_the_rival_s_entry_is_no_key_here(
    browser: Browser, globex: Company, conversation: Conversation, theirs: Conversation
) -> None:
    (foreign,) = write(globex, theirs, "Geheim")
    assert browser.get(path(conversation, "older/"), {"before": foreign.public_id}).status_code == 404
    assert "Geheim" not in browser.get(path(conversation, "thread/"), {"since": foreign.public_id}).content.decode()


def test_an_older_part_is_fetched_again_without_what_is_around_it(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    write(acme, conversation, *"abcdefg")
    first = browser.get(path(conversation)).context["page"].first
    part = browser.get(path(conversation, "older/"), {"before": first, "part": "1"})
    assert texts(part) == list("bcd")
    assert "Older messages" not in part.content.decode()


def test_what_is_drawn_anew_keeps_the_list_it_was_opened_from(browser: Browser, conversation: Conversation) -> None:
    address = f"http://{browser.host}{path(conversation)}?unread=1&sort=waiting&evil=1"
    page = browser.get(path(conversation, "thread/"), HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL=address)
    assert '/resolve/?unread=1&amp;sort=waiting"' in page.content.decode()


def test_a_line_stands_before_the_first_unread_message(browser: Browser, acme: Company) -> None:
    conversation = begin(acme, "alt", hours_ago=2)
    browser.get(path(conversation))
    begin(acme, "neu", hours_ago=1)
    begin(acme, "neuer", hours_ago=0.5)
    answer = browser.get(path(conversation))
    entries = answer.context["entries"]
    place = next(number for number, entry in enumerate(entries) if "new" in entry)
    assert entries[place + 1]["message"]["text"] == "neu"
    # It stays there while the page is open, and is gone when the page is opened again.
    again = browser.get(path(conversation, "thread/"), {"new": answer.context["new_from"]})
    assert "New messages" in again.content.decode()
    assert "New messages" not in browser.get(path(conversation)).content.decode()


def test_what_lies_behind_another_window_is_not_read(browser: Browser, acme: Company) -> None:
    conversation = begin(acme)
    browser.get(path(conversation, "thread/"), {"unseen": "1"})
    with company_context(acme):
        assert Conversation.objects.get().unread_count == 1
    browser.get(path(conversation, "thread/"))
    with company_context(acme):
        assert Conversation.objects.get().unread_count == 0


def test_a_refresh_takes_the_same_queries_for_few_and_for_many(
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = browser.get(path(conversation)).context["page"].first
    browser.get(path(conversation, "thread/"), {"since": first})
    with django_assert_num_queries(16, exact=False) as few:
        browser.get(path(conversation, "thread/"), {"since": first})
    write(acme, conversation, *"abcde", minutes=1)
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(path(conversation, "thread/"), {"since": first})


def test_a_page_s_own_address_may_hold_anything(browser: Browser, conversation: Conversation) -> None:
    address = "http://acme.localhost/inbox/?q=%00&label=%00&before=%00"
    headers = {"HX-Request": "true", "HX-Current-URL": address}
    assert browser.post(path(conversation, "resolve/"), {"next": "1"}, headers=headers).status_code == 302
