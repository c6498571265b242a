"""A real Chromium before the running product."""

from __future__ import annotations

import base64
import hmac
import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config.demo import chromium
from config.demo.people import PASSWORD, STAFF
from tests.browser.product import Product, running_product

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    data = tmp_path_factory.mktemp("product")
    with running_product(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], data) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path, "no Chromium: install one, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, product: Product, context: BrowserContext, language: str = "en") -> None:
        self.product, self.context, self.language = product, context, language
        # In every page before anything of its own, so that it need not be handed over for each look.
        context.add_init_script(path=AXE)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(8000)
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: Any) -> None:
        # A refused form and a page that is not there are answers, not faults of the page.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, url: str) -> Page:
        self.page.goto(url)
        return self.page

    def fill(self, **fields: str) -> Person:
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").first.fill(value)
        return self

    def press(self, label: str) -> Page:
        self.page.get_by_role("button", name=label, exact=True).first.click()
        self.page.wait_for_load_state()
        return self.page

    def sign_in(self, base: str, email: str, password: str = PASSWORD) -> Page:
        self.product.let_speak(email, self.language)
        self.product.forget_attempts()
        self.open(f"{base}/sign-in/")
        self.fill(login=email, password=password)
        # The answer is waited for: whoever goes on too early would cut it off.
        with self.page.expect_navigation():
            self.page.locator("form:has([name=password]) button[type=submit]").first.click()
        return self.page


@pytest.fixture
def person(product: Product, browser: Browser) -> Iterator[Callable[..., Person]]:
    """A new person each time; at the end no page of theirs may have complained (a policy broken, a script failed)."""
    people: list[Person] = []

    def somebody(**options: Any) -> Person:
        # What fades in is judged as it stands in the end.
        still = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
        options = {**still, **options}
        people.append(Person(product, browser.new_context(**options), options["locale"][:2]))
        return people[-1]

    yield somebody
    complaints = [complaint for one in people for complaint in one.complaints]
    for one in people:
        one.context.close()
    assert complaints == []


def totp(secret: str, at: float | None = None) -> str:
    """The six digits an authenticator app shows now, or at `at` in seconds since 1970 (RFC 6238)."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, struct.pack(">Q", int(at or time.time()) // 30), sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass(frozen=True)
class StaffKeys:
    """Cookies of staff who have set up their second factor, as the console demands, and what its codes come from."""

    cookies: Path
    secret: str


@pytest.fixture(scope="package")
def staff_keys(product: Product, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> StaffKeys:
    context = browser.new_context(locale="en-GB")
    one = Person(product, context)
    one.sign_in(product.public, STAFF.email)
    one.open(f"{product.public}/staff/")
    secret = one.page.locator("#totp-key").text_content() or ""
    one.fill(code=totp(secret))
    one.page.locator("form:has([name=code]) button[type=submit]").first.click()
    one.page.wait_for_load_state()
    kept = tmp_path_factory.mktemp("staff") / "cookies.json"
    context.storage_state(path=kept)
    context.close()
    return StaffKeys(kept, secret)


@pytest.fixture
def staff(product: Product, person: Callable[..., Person], staff_keys: StaffKeys) -> Person:
    product.let_speak(STAFF.email, "en")
    return person(storage_state=str(staff_keys.cookies))
