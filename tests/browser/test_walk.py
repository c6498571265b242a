"""Two customers at their phones and two agents at their desks, each before a page of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from config.demo.people import PARCELS
from tests.browser.conftest import Person
from tests.browser.product import Product

pytestmark = pytest.mark.browser
ANSWER = "Moin, es liegt seit heute früh im Regal."


class Phone:
    """Somebody's phone on the sandbox's page."""

    def __init__(self, product: Product, holder: Person, name: str) -> None:
        self.page = holder.open(f"{product.sandbox}/phone/")
        self.page.locator(".person", has_text=name).click()
        self.device = self.page.get_by_label(name, exact=True)
        self.opens_the_chat()

    def opens_the_chat(self) -> None:
        self.device.locator(".chat-line", has_text=PARCELS.name).click()
        expect(self.device.get_by_label("Message", exact=True)).to_be_focused()

    def writes(self, text: str) -> None:
        self.device.get_by_label("Message", exact=True).fill(text)
        self.page.keyboard.press("Enter")
        expect(self.said(text)).to_be_visible()

    def said(self, text: str) -> Locator:
        return self.device.locator(".said", has_text=text).last

    def does(self, text: str, what: str) -> None:
        """Choose something from a message's menu."""
        self.said(text).get_by_label("React, Reply").click()
        self.said(text).get_by_role("button", name=what, exact=True).click()


def at_the_inbox(product: Product, one: Person, email: str) -> Person:
    base = product.company("hansen")
    one.sign_in(base, email)
    one.open(f"{base}/inbox/")
    return one


def card(one: Person, name: str) -> Locator:
    return one.page.locator(".pane-list .conversation", has_text=name)


def opens(one: Person, name: str) -> None:
    card(one, name).click()
    expect(one.page.locator(".thread-head h1")).to_have_text(name)


def test_a_day_at_the_desk(product: Product, person: Callable[..., Person]) -> None:
    malik = at_the_inbox(product, person(), PARCELS.people[1].email)
    birte = at_the_inbox(product, person(), PARCELS.people[0].email)
    jonas = Phone(product, person(), "Jonas Petersen")
    giulia = Phone(product, person(), "Giulia Ferri")

    jonas.writes("Wo ist mein Paket?")
    giulia.writes("Are you still open?")
    for one in (malik, birte):
        expect(card(one, "Jonas Petersen")).to_contain_text("Wo ist mein Paket?")
        expect(card(one, "Giulia Ferri")).to_contain_text("Are you still open?")

    opens(malik, "Jonas Petersen")
    opens(birte, "Jonas Petersen")
    malik.press("Take")
    expect(birte.page.locator(".thread-head")).to_contain_text("Malik Yıldız")

    jonas.device.get_by_label("Back").click()
    malik.fill(text=ANSWER)
    malik.press("Send")
    answer = malik.page.locator(".bubble-out", has_text=ANSWER)
    expect(answer.locator(".ticks-delivered")).to_be_visible()
    expect(jonas.device.locator(".chat-line.is-unread")).to_contain_text(ANSWER)
    jonas.opens_the_chat()
    expect(jonas.said(ANSWER)).to_be_visible()
    expect(answer.locator(".ticks-read")).to_be_visible()

    jonas.does(ANSWER, "👍")
    expect(answer.locator(".reactions")).to_have_text("👍")
    # The phone draws the message anew with its reaction; a menu opened before that would close again.
    expect(jonas.said(ANSWER).locator(".reactions")).to_have_text("👍")
    jonas.does(ANSWER, "Reply")
    expect(jonas.device.locator(".quote-bar")).to_contain_text(ANSWER)
    jonas.writes("Bis wann darf ich kommen?")
    question = malik.page.locator(".bubble-in", has_text="Bis wann darf ich kommen?")
    expect(question.locator(".quote")).to_contain_text(ANSWER)
    expect(birte.page.locator(".bubble-in", has_text="Bis wann darf ich kommen?")).to_be_visible()

    malik.press("Resolve")
    expect(malik.page.get_by_role("button", name="Undo")).to_be_visible()
    expect(malik.page.locator(".thread-head h1")).not_to_have_text("Jonas Petersen")
    expect(card(birte, "Jonas Petersen")).to_have_count(0)
    jonas.writes("Ach, und kostet das etwas?")
    for one in (malik, birte):
        expect(card(one, "Jonas Petersen")).to_contain_text("Ach, und kostet das etwas?")
    expect(card(birte, "Giulia Ferri")).to_contain_text("Are you still open?")
