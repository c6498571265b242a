"""A person writes on WhatsApp, an agent answers in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from config.demo.connect import NUMBERS
from config.demo.people import PARCELS
from tests.browser.conftest import Person
from tests.browser.product import Product
from tests.browser.test_every_page import LOOKS, faults

pytestmark = pytest.mark.browser
NUMBER = NUMBERS["hansen"]


class Customer:
    """Somebody with a phone."""

    def __init__(self, product: Product, name: str) -> None:
        self.product = product
        found = [person for person in product.ask_sandbox("GET", "people") if person["name"] == name]
        self.chat = f"people/{found[0]['id']}/chats/{NUMBER}"

    def writes(self, text: str) -> None:
        self.product.ask_sandbox("POST", f"{self.chat}/messages", {"type": "text", "text": {"body": text}})

    def opens_the_chat(self) -> list[str]:
        """Read it; the words the phone shows."""
        self.product.ask_sandbox("POST", f"{self.chat}/open", {})
        shown = self.product.ask_sandbox("GET", self.chat)["messages"]
        return [message["content"].get("body", "") for message in shown]


def test_a_customer_writes_two_agents_see_it_and_one_answers(product: Product, person: Callable[..., Person]) -> None:
    base, anna = product.company("hansen"), Customer(product, "Anna Schäfer")
    agent, colleague = person(), person()
    for one, member in ((agent, PARCELS.people[1]), (colleague, PARCELS.people[0])):
        one.sign_in(base, member.email)
        one.open(f"{base}/inbox/")

    anna.writes("Wo ist mein Paket?")
    for one in (agent, colleague):
        expect(one.page.locator(".pane-list")).to_contain_text("Wo ist mein Paket?")

    for one in (agent, colleague):
        one.page.locator(".conversation", has_text="Anna Schäfer").click()
    agent.page.locator("textarea[name=text]").first.fill("Moin, es liegt bereit.")
    agent.press("Send")
    expect(agent.page.locator(".thread")).to_contain_text("Moin, es liegt bereit.")
    expect(colleague.page.locator(".thread")).to_contain_text("Moin, es liegt bereit.")

    answer = agent.page.locator(".bubble-out", has_text="es liegt bereit")
    expect(answer.locator(".ticks-delivered, .ticks-read")).to_be_visible()
    assert "Moin, es liegt bereit." in anna.opens_the_chat()
    expect(answer.locator(".ticks-read")).to_be_visible()


def test_what_an_agent_is_typing_stays_when_the_customer_writes(
    product: Product, person: Callable[..., Person]
) -> None:
    base, jonas = product.company("hansen"), Customer(product, "Mehmet Kaya")
    agent = person()
    agent.sign_in(base, PARCELS.people[1].email)
    jonas.writes("Hallo")
    agent.open(f"{base}/inbox/").locator(".conversation", has_text="Mehmet Kaya").click()
    field = agent.page.locator("textarea[name=text]").first
    field.fill("Ich sehe gerade nach")
    jonas.writes("Noch eine Frage")
    expect(agent.page.locator(".thread")).to_contain_text("Noch eine Frage")
    expect(field).to_have_value("Ich sehe gerade nach")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_conversation_has_nothing_for_axe_to_find(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    base, lena = product.company("hansen"), Customer(product, "Sophie Lehmann")
    agent = person(**look)
    agent.sign_in(base, PARCELS.people[1].email)
    lena.writes("Ist mein Paket schon da?")
    agent.open(f"{base}/inbox/").locator(".conversation", has_text="Sophie Lehmann").click()
    agent.page.wait_for_load_state()
    assert list(faults(agent.page)) == []


def test_nothing_lies_below_the_templates_of_a_closed_window(product: Product, person: Callable[..., Person]) -> None:
    one, base = person(viewport={"width": 360, "height": 740}), product.company("hansen")
    one.sign_in(base, PARCELS.people[1].email)
    one.open(f"{base}/inbox/?q=Amina").locator(".conversation", has_text="Amina El-Sayed").click()
    one.page.get_by_role("link", name="Choose a template").first.click()
    picker = one.page.locator("#template-picker")
    expect(picker.locator("li").last).to_be_attached()
    below = "list => { const pane = list.closest('.middle'); pane.scrollTop = pane.scrollHeight;"
    below += " return pane.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom }"
    assert picker.evaluate(below) < 1
