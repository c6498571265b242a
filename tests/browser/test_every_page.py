"""Every page: nothing for axe to find, nothing to scroll sideways; wide and narrow, light and dark, both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from config.demo.people import PARCELS, STAFF
from tests.browser.conftest import Person, StaffKeys
from tests.browser.product import Product

pytestmark = pytest.mark.browser

SIGN_IN = "/sign-in/"
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light-en": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "en-GB"},
    "narrow-dark-de": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "locale": "de-DE"},
}
PUBLIC = (
    "/", "/prices/", "/imprint/", "/privacy/", "/sign-up/", "/sign-in/", "/password/reset/", "/demo/", "/demo/mail/",
    "/design/", "/nowhere/", "/sign-up/confirm/used/",
)  # fmt: skip
OUTSIDE = ("/sign-in/", "/password/reset/", "/invitation/used/", "/nowhere/")
MEMBER = (
    "/", "/inbox/", "/inbox/?q=nobody",
    "/contacts/", "/contacts/add/", "/contacts/?q=nobody", "/contacts/?blocked=1", "/contacts/lists/",
    "/contacts/attributes/", "/contacts/import/", "/preferences/none/", "/team/", "/team/invite/", "/settings/",
    "/broadcasts/", "/broadcasts/new/", "/channels/", "/channels/connect/", "/templates/", "/templates/?q=nothing",
    "/billing/", "/billing/usage/", "/billing/usage/?by=market", "/billing/usage/?by=category",
    "/billing/usage/?by=number", "/billing/usage/?by=origin", "/billing/usage/messages/", "/billing/budget/",
    "/billing/plan/", "/billing/prices/", "/billing/invoices/", "/billing/details/",
    "/settings/address/", "/settings/visits/", "/settings/log/", "/you/", "/you/security/", "/you/security/password/",
    "/you/security/second-factor/", "/sign-out/", "/nowhere/",
)  # fmt: skip
AGENT = ("/", "/settings/", "/team/")
CONSOLE = (
    "/staff/", "/staff/?q=nobody", "/staff/log/", "/staff/webhooks/", "/staff/system/", "/companies/", "/you/security/",
    "/staff/billing/", "/staff/billing/invoices/", "/staff/billing/invoices/?q=nobody", "/staff/billing/owing/",
    "/staff/billing/payments/", "/staff/billing/payments/add/", "/staff/billing/cards/", "/staff/billing/cards/add/",
    "/staff/billing/prices/", "/staff/billing/prices/add/", "/staff/billing/exchange/", "/staff/billing/books/",
)  # fmt: skip


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    return LOOKS[request.param]


def faults(page: Page) -> Iterator[str]:
    """What is wrong with the page as it stands."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for violation in found["violations"]:
        yield f"{page.url} {violation['id']}: {violation['nodes'][0]['html'][:160]} ({len(violation['nodes'])})"
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if width > 0:
        yield f"{page.url} scrolls sideways by {width} px"


def walk(one: Person, base: str, paths: tuple[str, ...]) -> list[str]:
    """What is wrong with these pages. None may lead to signing in: that page would be looked at in its place."""
    found = []
    for path in paths:
        page = one.open(f"{base}{path}")
        ended = urlsplit(page.url).path
        assert ended != SIGN_IN or path == SIGN_IN, f"{base}{path} was asked for, and {page.url} came"
        found += faults(page)
    return found


def test_public_pages(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    assert walk(person(**look), product.public, PUBLIC) == []


def test_pages_before_signing_in(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    one = person(**look)
    assert walk(one, product.company("hansen"), OUTSIDE) == []
    assert walk(one, product.company("nobody"), ("/",)) == []


def test_an_admin_s_pages(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    one, base = person(**look), product.company("hansen")
    one.sign_in(base, PARCELS.people[0].email)
    found = walk(one, base, MEMBER)
    for list_page, link in (
        ("/contacts/", "main a.table-link"),
        ("/channels/", "main table a"),
        ("/templates/", "main table a"),
        ("/billing/invoices/", "main tbody th a"),
        ("/broadcasts/", "main a.table-link"),
        ("/team/", "main a[href$='/role/']"),
        ("/team/", "main a[href$='/remove/']"),
    ):
        one.open(f"{base}{list_page}").locator(link).first.click()
        one.page.wait_for_load_state()
        found += faults(one.page)
    one.open(f"{base}/channels/").locator("main table a").first.click()
    one.page.wait_for_url("**/channels/*/")
    found += walk(one, one.page.url, ("renew/", "rename/", "pause/", "disconnect/", "test/"))
    assert found == []


def test_a_broadcast_from_its_name_to_the_last_question(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    one, base, found = person(**look), product.company("hansen"), []
    one.sign_in(base, PARCELS.people[0].email)
    page = one.open(f"{base}/broadcasts/new/")
    one.fill(name="Winter").page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/audience/")
    draft = page.url.removesuffix("audience/")
    # Each step as it is when nothing was chosen, and as it is when all was.
    found += walk(one, draft, ("audience/", "message/", "timing/", "review/"))
    page.goto(f"{draft}audience/")
    page.locator("#who-everyone").check()
    saves(page)
    page.locator("[name=channel]").first.check()
    page.locator(".templates li", has_text="newsletter").get_by_role("button").first.click()
    page.locator("[name^=source]").first.select_option("name")
    saves(page)
    found += walk(one, draft, ("audience/", "message/", "review/", "test/", "send/", "rename/", "delete/"))
    assert found == []


def saves(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form:has(.form-actions) button.button-primary").last.click()


def test_a_line_of_an_invoice_and_a_plan_to_change_to(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    one, base, found = person(**look), product.company("hansen"), []
    one.sign_in(base, PARCELS.people[0].email)
    for opened in (("/billing/invoices/", "main tbody th a"), ("/billing/plan/", "main a[href*='/billing/plan/']")):
        one.open(f"{base}{opened[0]}").locator(opened[1]).first.click()
        one.page.wait_for_load_state()
        found += faults(one.page)
        if opened[0] == "/billing/invoices/":
            one.page.locator("main a[href*='/lines/']").first.click()
            one.page.wait_for_load_state()
            found += faults(one.page)
    assert found == []


def test_an_agent_s_pages(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    one, base = person(**look), product.company("hansen")
    one.sign_in(base, PARCELS.people[1].email)
    assert walk(one, base, AGENT) == []


def test_the_phones_and_the_knobs(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    one, found = person(**look), []
    one.open(f"{product.sandbox}/phone/").locator(".person").first.wait_for()
    found += faults(one.page)
    one.page.locator(".person", has_text="Amina El-Sayed").click()
    one.page.locator(".chat-line", has_text=PARCELS.name).click()
    one.page.locator(".said", has_text="10er-Karte").first.wait_for()
    found += faults(one.page)
    one.open(f"{product.sandbox}/knobs/").locator("[data-templates] tr").first.wait_for()
    one.page.locator("[data-errors] .button-plain").first.click()
    found += faults(one.page)
    assert found == []


def test_conversations_with_all_kinds_of_messages(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    one, base, found = person(**look), product.company("hansen"), []
    one.sign_in(base, PARCELS.people[2].email)
    for name in ("Amina El-Sayed", "Birgit Thomsen", "Dieter Maas", "Tobias Krüger", "Heike Lorenz"):
        one.open(f"{base}/inbox/?q={name}").locator(".conversation", has_text=name).click()
        one.page.locator(".thread-head h1", has_text=name).wait_for()
        found += faults(one.page)
    assert found == []


def test_a_contact_s_consent_and_their_own_page(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    one, base = person(**look), product.company("hansen")
    one.sign_in(base, PARCELS.people[0].email)
    one.open(f"{base}/contacts/").locator("main a.table-link").first.click()
    one.page.wait_for_load_state()
    contact = one.page.url
    own_page = one.page.locator("main a[href*='/preferences/']").get_attribute("href") or ""
    assert walk(one, "", (f"{contact}agreed/", f"{contact}refused/", own_page)) == []


def test_an_import_from_its_file_to_its_contacts(
    product: Product, person: Callable[..., Person], look: dict[str, Any]
) -> None:
    one, base, found = person(**look), product.company("hansen"), []
    one.sign_in(base, PARCELS.people[0].email)
    page = one.open(f"{base}/contacts/import/")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"Name;Handy\nAna;0151 88880001\nBen;none\n"}
    page.locator("input[type=file]").set_input_files(files=[file])
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    found += faults(page)
    page.locator("[name=basis][value=nothing]").check()
    page.locator("main form button[type=submit]").last.click()
    page.locator(".tiles").wait_for()
    found += faults(page)
    page.locator("form[action$='/run/'] button").click()
    page.locator("main a[href='/contacts/import/'].button").wait_for()
    assert [*found, *faults(page)] == []


def test_forms_that_were_refused(product: Product, person: Callable[..., Person], look: dict[str, Any]) -> None:
    one, base, found = person(**look), product.company("hansen"), []
    one.sign_in(base, PARCELS.people[0].email)
    for path in ("/team/invite/", "/contacts/add/", "/settings/address/", "/channels/connect/"):
        one.open(f"{base}{path}")
        for field in one.page.locator("main form input[type=text], main form input[type=email]").all():
            field.fill("")
        one.page.locator("main form button[type=submit]").last.click()
        one.page.wait_for_load_state()
        found += faults(one.page)
    assert found == []


def test_the_operator_s_pages(
    product: Product, person: Callable[..., Person], staff_keys: StaffKeys, look: dict[str, Any]
) -> None:
    one = person(**look, storage_state=str(staff_keys.cookies))
    product.let_speak(STAFF.email, one.language)
    found = walk(one, product.public, CONSOLE)
    one.open(f"{product.public}/staff/").locator("main a[href*='/staff/companies/']").first.click()
    found += faults(one.page)
    company = one.page.url
    found += walk(one, company, ("suspend/", "lift/", "visit/", "billing/", "billing/profile/", "billing/plan/"))
    for list_page, link in (
        ("/staff/billing/cards/", "main tbody a"),
        ("/staff/billing/prices/", "main a[href*='/billing/prices/']:not([href$='/add/'])"),
        ("/staff/billing/payments/", "main tbody a"),
        ("/staff/billing/invoices/", "main tbody a"),
    ):
        one.open(f"{product.public}{list_page}").locator(link).first.click()
        one.page.wait_for_load_state()
        found += faults(one.page)
    one.open(f"{product.public}/staff/billing/payments/").locator("main tbody a").first.click()
    one.page.locator("main a[href*='/release/']").first.click()
    one.page.wait_for_load_state()
    found += faults(one.page)
    one.open(f"{product.public}/staff/billing/invoices/").locator("main tbody a").first.click()
    one.page.wait_for_load_state()
    invoice = one.page.url
    found += walk(one, invoice, ("paid/", "correct/", "cancel/", "write-off/", "send/"))
    one.open(invoice).locator("main a[href*='/lines/']").first.click()
    one.page.wait_for_load_state()
    found += faults(one.page)
    assert found == []


def test_a_page_that_leads_to_signing_in_is_named(product: Product, person: Callable[..., Person]) -> None:
    with pytest.raises(AssertionError, match=r"/contacts/ was asked for, and \S+/sign-in/\S* came"):
        walk(person(), product.company("hansen"), ("/contacts/",))
