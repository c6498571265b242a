"""The list: what its address says, in which order, page by page, and why it is empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity, Contact, Label
from messaging.conversations.models import Conversation, ConversationState
from messaging.inbox import listing
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin

NOW = timezone.now()


@pytest.fixture
def browser(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


@pytest.fixture
def make(acme: Company, conversation: Conversation) -> Callable[..., Conversation]:
    """Another conversation of acme, as a row."""

    def made(name: str, **fields: Any) -> Conversation:
        with company_context(acme):
            contact = Contact.objects.create(name=name)
            identity = ChannelIdentity.objects.create(
                contact=contact, kind="whatsapp", external_id=f"+4917{contact.pk:08}"
            )
            values = {"last_message_at": NOW, "last_inbound_at": NOW, "preview": f"{name} here", **fields}
            return Conversation.objects.create(
                channel=values.pop("channel", conversation.channel), contact=contact, identity=identity, **values
            )

    return made


def names(browser: Browser, query: str = "") -> list[str]:
    return [card["name"] for card in browser.get(f"/inbox/?{query}").context["cards"]]


def failed(company: Company, conversation: Conversation, **fields: Any) -> None:
    with company_context(company):
        values = {"direction": Direction.OUTBOUND, "state": MessageState.FAILED, "text": "x", **fields}
        Message.objects.create(conversation=conversation, channel=conversation.channel, **values)


# --- What narrows it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Anna", "Ben"}),
        ("unread=1", {"Anna"}),
        ("label=LABEL", {"Ben"}),
        ("window=4", {"Ben"}),
        ("window=closed", set()),
        ("state=snoozed", {"Carla"}),
        ("state=resolved&window=closed", {"Dora"}),
        ("scope=mine", {"Ben"}),
        ("scope=mine&unread=1", set()),
        ("failed=1", {"Anna"}),
    ],
)
def test_each_filter_of_the_address_narrows_the_list(
    browser: Browser,
    acme: Company,
    agent: User,
    make: Callable[..., Conversation],
    conversation: Conversation,
    query: str,
    found: set[str],
) -> None:
    anna = make("Anna", unread_count=2)
    ben = make("Ben", assignee_id=agent.pk, last_inbound_at=NOW - timedelta(hours=21))
    make("Carla", state=ConversationState.SNOOZED, snoozed_until=NOW + timedelta(days=1))
    make("Dora", state=ConversationState.RESOLVED, last_inbound_at=NOW - timedelta(days=3))
    failed(acme, anna)
    with company_context(acme):
        Conversation.objects.filter(pk=conversation.pk).delete()
        label = Label.objects.create(name="Abholung")
        ben.labels.add(label)
    assert set(names(browser, query.replace("LABEL", label.public_id))) == found


@pytest.mark.parametrize(
    "query",
    """scope=x state=x sort=x window=0 window=24 window=-1 window=٣ label=x channel=x unread=yes failed=2 before=x
    before=~ before=99999999T~x before=~x rows=-1 rows=٣ q=+++""".split(),
)
def test_what_an_address_says_amiss_is_left_out(browser: Browser, conversation: Conversation, query: str) -> None:
    answer = browser.get(f"/inbox/?{query}")
    assert len(answer.context["cards"]) == 1
    assert answer.context["query"] == ""


def test_the_rival_s_label_and_number_are_unknown_here(
    browser: Browser, globex: Company, conversation: Conversation, theirs: Conversation
) -> None:
    with company_context(globex):
        label = Label.objects.create(name="Geheim")
        theirs.labels.add(label)
        channel = theirs.channel.public_id
    page = browser.get("/inbox/", {"label": label.public_id, "channel": channel})
    assert (page.context["query"], len(page.context["cards"])) == ("", 1)


def test_each_filter_can_be_taken_away_and_the_others_stay(browser: Browser, conversation: Conversation) -> None:
    chips = browser.get("/inbox/?unread=1&window=2&sort=waiting&scope=unassigned").context["chips"]
    assert [chip["remove_url"] for chip in chips] == [
        "/inbox/?scope=unassigned&window=2&sort=waiting",
        "/inbox/?scope=unassigned&unread=1&sort=waiting",
    ]


def test_a_failed_message_that_was_made_good_is_no_failure_any_more(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    failed(acme, conversation, at=NOW - timedelta(minutes=5))
    assert browser.get("/inbox/").context["cards"][0]["status"] == "failed"
    failed(acme, conversation, at=NOW, state=MessageState.DELIVERED)
    assert names(browser, "failed=1") == []


def test_words_are_marked_where_they_were_found(browser: Browser, acme: Company) -> None:
    begin(acme, "Das <b>Paket</b> liegt im Regal")
    page = browser.get("/inbox/?q=paket").content.decode()
    assert "&lt;b&gt;<mark>Paket</mark>&lt;/b&gt;" in page


def test_words_of_an_older_message_are_shown_instead_of_the_newest(browser: Browser, acme: Company) -> None:
    begin(acme, "Wann haben Sie geöffnet?")
    begin(acme, "Danke", hours_ago=0.5)
    assert "".join(part for part, _ in browser.get("/inbox/?q=geöffnet").context["cards"][0]["parts"]) == (
        "Wann haben Sie geöffnet?"
    )


# --- Order and pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("newest", ["Clara", "Ben", "Anna", "Dora"]),
        ("waiting", ["Anna", "Clara", "Dora", "Ben"]),
        ("closing", ["Ben", "Clara", "Dora", "Anna"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_pages_hold_each_conversation_once_in_every_order(
    browser: Browser,
    acme: Company,
    make: Callable[..., Conversation],
    conversation: Conversation,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    order: list[str],
    size: int,
) -> None:
    def ago(hours: float) -> Any:
        return NOW - timedelta(hours=hours)

    with company_context(acme):
        Conversation.objects.filter(pk=conversation.pk).delete()
    make("Anna", last_message_at=ago(3), waiting_since=ago(30), last_inbound_at=ago(30))
    make("Ben", last_message_at=ago(2), waiting_since=None, last_inbound_at=ago(20))
    make("Dora", last_message_at=ago(4), waiting_since=None, last_inbound_at=None)
    make("Clara", last_message_at=ago(1), waiting_since=ago(1), last_inbound_at=ago(1))
    monkeypatch.setattr(listing, "CARDS", size)
    seen, before = [], ""
    while True:
        context = browser.get("/inbox/list/", {"sort": sort, "before": before}).context
        seen += [card["name"] for card in context["cards"]]
        if not (before := context["older"]):
            break
    assert seen == order


def test_a_row_that_moves_up_meanwhile_doubles_no_other(
    browser: Browser, acme: Company, make: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make(f"No {number}", last_message_at=NOW - timedelta(minutes=number)) for number in range(4)]
    monkeypatch.setattr(listing, "CARDS", 2)
    older = browser.get("/inbox/").context["older"]
    with company_context(acme):
        Conversation.objects.filter(pk=rows[1].pk).update(last_message_at=timezone.now())
    assert names(browser, f"before={older}") == ["No 2", "No 3"]


def test_a_list_fetched_again_holds_what_was_loaded(
    browser: Browser, make: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        make(f"No {number}")
    monkeypatch.setattr(listing, "CARDS", 2)
    monkeypatch.setattr(listing, "MOST_CARDS", 5)
    wanted = [len(browser.get("/inbox/list/", {"rows": rows}).context["cards"]) for rows in ("", "1", "4", "9999")]
    assert wanted == [2, 2, 4, 5]


def test_without_a_script_a_link_leads_to_the_older_ones(
    browser: Browser, make: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("Second", last_message_at=NOW - timedelta(days=1))
    monkeypatch.setattr(listing, "CARDS", 1)
    page = browser.get("/inbox/?scope=unassigned")
    assert f"/inbox/?scope=unassigned&amp;before={page.context['older'].replace('~', '%7E')}" in (
        page.content.decode().replace("~", "%7E")
    )


@pytest.mark.parametrize("query", ["", "q=here", "sort=closing", "window=4&unread=1&failed=1&sort=waiting"])
def test_the_list_takes_the_same_queries_for_few_and_for_many(
    browser: Browser,
    acme: Company,
    make: Callable[..., Conversation],
    django_assert_num_queries: DjangoAssertNumQueries,
    query: str,
) -> None:
    with company_context(acme):
        label = Label.objects.create(name="Abholung")
        make("First", unread_count=1).labels.add(label)
    browser.get(f"/inbox/?{query}")
    with django_assert_num_queries(12, exact=False) as few:
        browser.get(f"/inbox/?{query}")
    for number in range(20):
        row = make(f"No {number}", unread_count=1)
        with company_context(acme):
            row.labels.add(label)
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(f"/inbox/?{query}")


# --- Counts and empty views -------------------------------------------------------------------------------------------


def test_counts_are_of_the_state_shown_and_unread_is_one_s_own_or_nobody_s(
    browser: Browser, agent: User, admin: User, make: Callable[..., Conversation], conversation: Conversation
) -> None:
    make("Mine", assignee_id=agent.pk, unread_count=1)
    make("Hers", assignee_id=admin.pk, unread_count=1)
    make("Later", assignee_id=agent.pk, state=ConversationState.SNOOZED)
    shown = browser.get("/inbox/").context
    assert {scope["label"]: scope["count"] for scope in shown["scopes"]} == {"Mine": 1, "Nobody's": 1, "All": 3}
    assert shown["unread"] == 2
    assert "<title>(2) Inbox" in browser.get("/inbox/").content.decode()
    snoozed = browser.get("/inbox/?state=snoozed").context["scopes"]
    assert [scope["count"] for scope in snoozed] == [1, 0, 1]


@pytest.mark.parametrize(("who", "words"), [("admin", "Connect a WhatsApp number"), ("agent", "An admin of your")])
def test_without_a_number_the_list_says_who_can_connect_one(
    acme: Company, agent: User, admin: User, at: Callable[..., Browser], who: str, words: str
) -> None:
    person = {"admin": admin, "agent": agent}[who]
    assert words in at(acme, person).get("/inbox/").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "All done"),
        ("state=snoozed", "Nothing is put off"),
        ("state=resolved", "Nothing is resolved yet"),
        ("unread=1", "No conversation fits: unread."),
        ("unread=1&window=closed", "No conversation fits: unread, window closed."),
        ("q=nirgends", "with the words “nirgends”"),
    ],
)
def test_an_empty_list_says_why(browser: Browser, acme: Company, query: str, words: str) -> None:
    with company_context(acme):
        Channel.objects.create(kind="whatsapp", name="Laden", external_id="1", token="-")
    assert words in browser.get(f"/inbox/?{query}").content.decode()


def test_an_empty_list_of_mine_leads_to_what_nobody_has(browser: Browser, conversation: Conversation) -> None:
    empty = browser.get("/inbox/?scope=mine").context["empty"]
    assert empty["action_url"] == "/inbox/?scope=unassigned"


def test_a_card_tells_its_labels_its_time_and_who_has_it(
    browser: Browser, acme: Company, agent: User, make: Callable[..., Conversation]
) -> None:
    row = make("Anna", state=ConversationState.SNOOZED, snoozed_until=NOW + timedelta(days=2), assignee_id=agent.pk)
    with company_context(acme):
        row.labels.add(Label.objects.create(name="Abholung", tone="green"))
    (card,) = browser.get("/inbox/?state=snoozed").context["cards"]
    assert card["labels"] == [{"name": "Abholung", "tone": "green"}]
    assert (card["assignee"], bool(card["snoozed_until"])) == ("Agent", True)
