"""Files in the composer: what was chosen or recorded stays until it was sent, whatever is drawn anew meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from config.demo.people import PARCELS
from tests.browser.conftest import Person
from tests.browser.product import Product

pytestmark = pytest.mark.browser
OFFER = {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
# A microphone that needs nobody's leave; `tracks` are all that were ever opened.
MICROPHONE = """
window.tracks = [];
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const [tone, to] = [context.createOscillator(), context.createMediaStreamDestination()];
  tone.connect(to);
  tone.start();
  const { stream } = to;
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""


@pytest.fixture
def page(product: Product, person: Callable[..., Person]) -> Page:
    """An agent before a conversation that is open for an answer."""
    one, base = person(), product.company("hansen")
    one.sign_in(base, PARCELS.people[1].email)
    one.page.add_init_script(MICROPHONE)
    one.open(f"{base}/inbox/?window=23").locator(".conversation").first.click()
    one.page.locator("[data-attach-choose]").wait_for()
    return one.page


def keep_a_note(page: Page, text: str) -> None:
    page.locator("#write-note").check(force=True)
    page.locator(".composer-note-form textarea").fill(text)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#thread-log")).to_contain_text(text)
    page.locator("#write-reply").check(force=True)


def test_files_stay_while_an_answer_is_held_and_go_with_the_next(page: Page) -> None:
    chosen, sent = page.locator(".attach-list"), page.locator(".bubble-out .file", has_text="offer.pdf")
    page.locator("input[name=files]").set_input_files(files=[OFFER])
    page.locator("#composer-reply [name=seen]").evaluate("field => field.value = '-'")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".composer-unseen")).to_be_visible()
    expect(chosen).to_contain_text("offer.pdf")
    page.get_by_role("button", name="Read first").click()
    expect(page.locator(".composer-unseen")).to_have_count(0)
    expect(chosen).to_contain_text("offer.pdf")
    expect(sent).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(sent).to_have_count(1)
    expect(chosen).to_be_hidden()


def test_files_stay_when_a_note_is_kept_first(page: Page) -> None:
    page.locator("input[name=files]").set_input_files(files=[OFFER])
    keep_a_note(page, "Das Angebot folgt.")
    expect(page.locator(".attach-list")).to_contain_text("offer.pdf")


def test_a_microphone_is_never_left_on_behind_a_composer_drawn_anew(page: Page) -> None:
    page.get_by_role("button", name="Record a voice message").dblclick()
    expect(page.locator("[data-recorder]")).to_be_visible()
    keep_a_note(page, "Ich spreche gerade.")
    page.wait_for_function("tracks.every((track) => track.readyState === 'ended')")
    assert page.evaluate("tracks.length") == 1
    expect(page.locator(".attach-list audio")).to_have_count(1)
