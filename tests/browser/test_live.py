"""Two agents at one conversation, and a line that breaks: what each sees, and what is there after it came back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from config.demo.people import PARCELS
from tests.browser.conftest import Person
from tests.browser.product import Product, wait_for
from tests.browser.test_thread import Customer

pytestmark = pytest.mark.browser
BIRTE, MALIK = PARCELS.people[0], PARCELS.people[1]


@pytest.fixture
def agent_at(product: Product, person: Callable[..., Person]) -> Callable[..., Person]:
    """An agent with a customer's conversation open."""

    def sit_down(email: str, customer: str, preview: str = "") -> Person:
        one = person()
        base = product.company("hansen")
        one.sign_in(base, email)
        card = one.open(f"{base}/inbox/").locator(".conversation", has_text=customer)
        expect(card).to_contain_text(preview)
        card.click()
        one.page.wait_for_load_state()
        return one

    return sit_down


def test_a_colleague_is_seen_coming_writing_and_leaving(product: Product, agent_at: Callable[..., Person]) -> None:
    Customer(product, "Tobias Krüger").writes("Ist jemand da?")
    malik = agent_at(MALIK.email, "Tobias Krüger")
    birte = agent_at(BIRTE.email, "Tobias Krüger")
    line = malik.page.locator("[data-presence]")
    expect(line).to_have_text("Birte Hansen is here too")
    birte.page.locator("#composer textarea").first.press_sequentially("Moin")
    expect(line).to_have_text("Birte Hansen is writing")
    birte.press("Send")
    expect(line).to_have_text("Birte Hansen is here too")
    birte.page.close()
    expect(line).to_be_hidden()


def test_the_customer_sees_that_it_was_read(product: Product, agent_at: Callable[..., Person]) -> None:
    rolf = Customer(product, "Rolf Jansen")
    rolf.writes("Guten Tag")
    agent_at(MALIK.email, "Rolf Jansen")

    def is_read() -> bool:
        shown = product.ask_sandbox("GET", rolf.chat)["messages"]
        return bool(shown[-1]["status"] == "read")

    wait_for(is_read, "the ticks on the customer's phone")


def test_a_broken_line_is_said_and_what_came_meanwhile_is_there_after_it(
    product: Product, agent_at: Callable[..., Person]
) -> None:
    piet = Customer(product, "Piet de Vries")
    piet.writes("Erste Nachricht")
    agent = agent_at(MALIK.email, "Piet de Vries")
    field = agent.page.locator("#composer textarea").first
    field.fill("Noch nicht gesendet")
    agent.context.set_offline(True)
    bar = agent.page.locator(".offline-bar")
    expect(bar).to_contain_text("No connection")
    piet.writes("Kam in der Zwischenzeit")
    agent.context.set_offline(False)
    expect(agent.page.locator("#thread-log")).to_contain_text("Kam in der Zwischenzeit")
    expect(bar).to_have_count(0)
    expect(agent.page.locator(".toast")).to_have_count(0)
    # A request may have been on its way when the line broke; the browser's log may say so, the page does not.
    agent.complaints[:] = [complaint for complaint in agent.complaints if complaint != "htmx:sendError"]
    expect(field).to_have_value("Noch nicht gesendet")


def test_whoever_is_signed_out_elsewhere_is_told_and_led_to_sign_in(
    product: Product, person: Callable[..., Person]
) -> None:
    agent = person()
    agent.sign_in(product.company("hansen"), MALIK.email)
    agent.open(f"{product.company('hansen')}/inbox/")
    agent.context.clear_cookies()
    agent.context.set_offline(True)
    agent.context.set_offline(False)
    link = agent.page.locator(".offline-bar").get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", re.compile(r"^/sign-in/\?next="))


def test_what_is_new_is_counted_in_the_title_and_announced_once(
    product: Product, person: Callable[..., Person]
) -> None:
    agent = person()
    agent.sign_in(product.company("hansen"), MALIK.email)
    agent.open(f"{product.company('hansen')}/inbox/")
    Customer(product, "Mia Sommer").writes("Hallo")
    expect(agent.page.locator("[data-announce]")).to_contain_text("New message from Mia Sommer")
    expect(agent.page).to_have_title(re.compile(r"^\(\d+\) Inbox"))


def test_older_messages_come_as_one_reads_up_and_stay(product: Product, agent_at: Callable[..., Person]) -> None:
    emily = Customer(product, "Emily Carter")
    for number in range(75):
        emily.writes(f"Zeile {number}")
    page = agent_at(MALIK.email, "Emily Carter", "75 unread").page
    page.reload()
    shown = page.locator(".bubble-in")
    expect(shown).to_have_count(60)
    oldest = shown.first.inner_text()
    page.locator(".middle").evaluate("middle => middle.scrollTo({top: 0})")
    expect(shown).to_have_count(75)
    # What stood on top still stands before the reader.
    expect(shown.filter(has_text=re.compile(rf"{oldest.splitlines()[0]}\b"))).to_be_in_viewport()
    emily.writes("Die neueste")
    expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    expect(shown).to_have_count(76)
    page.get_by_role("button", name="1 new message").click()
    expect(shown.filter(has_text="Die neueste")).to_be_in_viewport()


def test_keys_walk_the_list_and_rest_while_one_types(product: Product, agent_at: Callable[..., Person]) -> None:
    for name in ("Paul Richter", "Priya Sharma"):
        Customer(product, name).writes("Moin")
    page = agent_at(MALIK.email, "Priya Sharma").page
    page.keyboard.press("j")
    expect(page.locator(".thread-head h1")).not_to_have_text("Priya Sharma")
    page.keyboard.press("r")
    expect(page.locator("#composer textarea").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.locator("#composer textarea").first.blur()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()


def test_resolving_goes_on_with_the_next_and_can_be_undone(product: Product, agent_at: Callable[..., Person]) -> None:
    for name in ("Theo Lang", "Mateus Oliveira"):
        Customer(product, name).writes("Moin")
    page = agent_at(MALIK.email, "Mateus Oliveira").page
    page.keyboard.press("e")
    expect(page.locator(".toast")).to_contain_text("Resolved: Mateus Oliveira")
    expect(page.locator(".thread-head h1")).not_to_have_text("Mateus Oliveira")
    expect(page.locator(".conversation[aria-current]")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".thread-head h1")).to_have_text("Mateus Oliveira")
