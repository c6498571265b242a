"""Every kind of message is shown as what it is, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.conversations.models import Conversation
from messaging.inbox import kinds
from messaging.messages.models import Direction, Message
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.inbox.conftest import add, path

SHEET = {
    "header": {"type": "text", "text": "Neu"},
    "body": "Hallo Ana, A-1 ist unterwegs.",
    "footer": "Ihr Laden",
    "buttons": [
        {"type": "URL", "text": "Verfolgen", "url": "https://x.example/t7"},
        {"type": "QUICK_REPLY", "text": "Danke"},
    ],
}
KINDS: dict[str, dict[str, Any]] = {
    "location": {"latitude": 53.55, "longitude": 9.93, "name": "Rathaus", "address": "Platz 1"},
    "contacts": {
        "contacts": [
            {
                "name": {"formatted_name": "Piet"},
                "phones": [{"phone": "+49 40 123"}],
                "emails": [{"email": "p@x.example"}],
            }
        ]
    },
    "answer": {"kind": "list", "id": "1", "title": "Altona", "description": "bis 20 Uhr"},
    "order": {
        "items": [{"product_retailer_id": "Karton", "quantity": 3, "item_price": 2.5, "currency": "EUR"}],
        "text": "Bis Freitag",
    },
    "unsupported": {"label": "poll"},
    "buttons": {"body": "Wann?", "buttons": [{"id": "1", "title": "Vormittags"}], "footer": "Klein"},
    "list": {"body": "Wo?", "button": "Filialen", "sections": [{"rows": [{"id": "1", "title": "Eimsbüttel"}]}]},
    "link": {"body": "Hier", "title": "Los", "url": "https://x.example/a"},
    "location_request": {"body": "Wo sind Sie?"},
    "template": {"name": "n", "language": "de", "shown": SHEET},
}
SEEN: dict[str, tuple[str, ...]] = {
    "location": ("Rathaus", "Platz 1", "53.55, 9.93", 'href="https://www.openstreetmap.org/?mlat=53.55&amp;mlon=9.93'),
    "contacts": ("Piet", "+49 40 123", "p@x.example"),
    "answer": ("Altona", "bis 20 Uhr"),
    "order": ("Karton", "3", "€2.50", "€7.50", "Bis Freitag"),
    "unsupported": ("cannot be shown", "poll"),
    "buttons": ("Wann?", "Vormittags", "Klein"),
    "list": ("Wo?", "Filialen", "Eimsbüttel"),
    "link": ("Hier", "Los", 'href="https://x.example/a"'),
    "location_request": ("Wo sind Sie?", "Send location"),
    "template": ("Neu", "Hallo Ana", "Ihr Laden", "Verfolgen", "https://x.example/t7", "Danke"),
}
NONSENSE = [None, "x", 7, [], {}, ["x", None, 3], {"a": {"b": []}}, True, "NaN", 10**400]


def page_with(browser: Browser, company: Company, conversation: Conversation, **fields: Any) -> str:
    add(company, conversation, **{"text": "", **fields})
    return browser.get(path(conversation)).content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_shown_as_what_it_is(
    kind: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    page = page_with(browser, acme, conversation, type=kind, content=KINDS[kind])
    assert [words for words in SEEN[kind] if words not in page] == []


def test_a_form_s_answers_stand_in_a_table(browser: Browser, acme: Company, conversation: Conversation) -> None:
    content = {"kind": "flow", "title": "Gesendet", "data": {"flow_token": "geheim", "rating": 5, "ok": True}}
    page = page_with(browser, acme, conversation, type="answer", content=content)
    assert "rating" in page
    assert "geheim" not in page


def test_a_form_whose_answers_are_broken_shows_them_as_they_came(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    content = {"kind": "flow", "title": "", "data": '{"rating": <b>'}
    assert "{&quot;rating&quot;: &lt;b&gt;" in page_with(browser, acme, conversation, type="answer", content=content)


def test_a_form_s_answers_may_lie_as_deep_as_they_like(
    browser: Browser, acme: Company, conversation: Conversation
) -> None:
    deep: Any = "unten"
    for _ in range(400):
        deep = [{"a": deep}]
    page = page_with(browser, acme, conversation, type="answer", content={"kind": "flow", "data": {"wish": deep}})
    assert "a: a: …" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"body": "x", "forwarded": True}, "Forwarded"),
        ({"body": "x", "frequently_forwarded": True}, "Forwarded many times"),
        ({"body": "x", "referral": {"headline": "Rabatt", "source_url": "https://fb.me/a"}}, "Rabatt"),
        ({"body": "x", "product": {"product_id": "sku-1"}}, "sku-1"),
        ({"body": "x", "edited_at": "2026-01-01T00:00:00Z", "edits": [{"text": "früher"}]}, "früher"),
        ({"body": "x", "revoked_at": "2026-01-01T00:00:00Z"}, "took this message back"),
        ({"body": "x", "errors": [{"code": "131051"}]}, "left a part of this message out"),
    ],
)
def test_what_stands_around_a_message_is_said(
    content: dict[str, Any], words: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    assert words in page_with(browser, acme, conversation, text="x", content=content)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://"])
def test_a_link_in_content_is_one_only_if_it_leads_to_the_web(
    address: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    add(acme, conversation, type="link", content={"body": "x", "title": "Los", "url": address})
    shown = {**SHEET, "header": {"type": "image", "link": address}, "buttons": [{"type": "URL", "url": address}]}
    add(acme, conversation, type="template", content={"shown": shown})
    page = page_with(browser, acme, conversation, content={"referral": {"headline": "h", "source_url": address}})
    assert f'href="{address}"' not in page


def test_a_quote_leads_to_what_it_quotes(browser: Browser, acme: Company, conversation: Conversation) -> None:
    first = add(acme, conversation, text="Erste Frage")
    page = page_with(browser, acme, conversation, text="Zweite", reply_to=first)
    assert f'href="#m-{first.public_id}"' in page
    assert f'id="m-{first.public_id}"' in page


def test_reactions_say_whose_they_are(browser: Browser, acme: Company, conversation: Conversation) -> None:
    add(acme, conversation, external_id="wamid.1", reaction_in="🎉", reaction_out="👍")
    content = {"message_id": "wamid.1", "emoji": "👍"}
    reaction = {"direction": Direction.OUTBOUND, "state": "sent", "type": "reaction", "author_name": "Inga"}
    page = page_with(browser, acme, conversation, content=content, **reaction)
    assert "👍 by Inga" in page
    assert "🎉 by Customer of Acme" in page
    assert page.count("<article") == 2


def test_a_reaction_that_did_not_arrive_says_so(browser: Browser, acme: Company, conversation: Conversation) -> None:
    fields = {"direction": Direction.OUTBOUND, "state": "failed", "type": "reaction", "error_code": "131009"}
    page = page_with(browser, acme, conversation, content={"message_id": "x", "emoji": "👍"}, **fields)
    assert "Reaction 👍: " in page


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("system", {"event": "number_changed", "body": "User Ana changed"}, "has a new telephone number"),
        ("system", {"event": "identity_changed"}, "may be somebody else"),
        ("system", {"event": "user_id_changed"}, "new key"),
        ("system", {"event": "later_invention", "body": "Something new"}, "Something new"),
        ("system", {}, "The provider told something"),
        ("preference", {"value": "stop"}, "does not want marketing"),
        ("preference", {"value": "resume"}, "wants marketing messages again"),
        ("preference", {"value": ["?"]}, "changed a preference"),
    ],
)
def test_what_the_provider_tells_of_a_person_is_a_sentence(
    kind: str, content: dict[str, Any], words: str, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    page = page_with(browser, acme, conversation, type=kind, content=content, direction=Direction.EVENT)
    assert words in page


def test_hostile_names_and_words_stay_words(browser: Browser, acme: Company, conversation: Conversation) -> None:
    evil = '<img src=x onerror=alert(1)>"\u202e\u200b'
    cards = [{"name": {"formatted_name": evil}, "phones": [{"phone": evil}]}]
    add(acme, conversation, type="contacts", content={"contacts": cards})
    add(acme, conversation, type="answer", content={"kind": "flow", "data": {evil: evil}})
    add(acme, conversation, type="unsupported", content={"label": evil})
    add(acme, conversation, reaction_in=evil)
    page = page_with(browser, acme, conversation, type="location", content={"name": evil, "address": evil})
    assert "<img src=x" not in page
    assert '"\u202e' not in page


@pytest.mark.parametrize("kind", [*KINDS, "later_invention"])
@pytest.mark.parametrize("nonsense", range(len(NONSENSE)))
def test_content_of_any_shape_is_shown_somehow(kind: str, nonsense: int) -> None:
    odd = NONSENSE[nonsense]
    content = dict.fromkeys(KINDS.get(kind, {"label": 1}), odd)
    inner = {
        "contacts": [odd],
        "items": [odd],
        "sections": [{"rows": odd}],
        "data": {"a": odd},
        "shown": {"header": odd},
    }
    for one in (content, inner, {"forwarded": odd, "referral": odd, "edits": odd, "product": odd, "errors": odd}):
        message = Message(type=kind, content=one)
        assert kinds.part_of(message)
        assert kinds.labels(message)
