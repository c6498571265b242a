"""What a newcomer does, walked as they would."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from config.demo.people import AIRLINE, PARCELS, PASSWORD, STAFF
from tests.browser.conftest import Person, totp
from tests.browser.product import Product

pytestmark = pytest.mark.browser

NEW_PASSWORD = "vier Möwen über Sylt"


def sign_up(one: Person, address_name: str, email: str) -> None:
    one.open(f"{one.product.public}/sign-up/")
    one.fill(
        company_name="Möbel Fjord",
        address_name=address_name,
        vat_id="DE136695976",
        person_name="Inga Dahl",
        email=email,
        password=NEW_PASSWORD,
    ).press("Send me the link")


def test_a_company_signs_up_and_lands_in_its_space(product: Product, person: Callable[..., Person]) -> None:
    one = person()
    sign_up(one, "fjord", "inga@fjord.example")
    expect(one.page.locator("main")).to_contain_text("inga@fjord.example")
    one.open(product.link_mailed_to("inga@fjord.example", "/sign-up/confirm/"))
    one.press("Open the company")
    expect(one.page).to_have_url(f"{product.company('fjord')}/")
    expect(one.page.locator("main")).to_contain_text("Add a first contact")


def test_the_mail_of_the_demo_is_shown_on_a_page(product: Product, person: Callable[..., Person]) -> None:
    one = person()
    sign_up(one, "postlesen", "leser@example.org")
    product.link_mailed_to("leser@example.org", "/sign-up/confirm/")
    one.open(f"{product.public}/demo/mail/").get_by_role("link", name=re.compile("leser|Fjord")).first.click()
    one.page.get_by_role("link", name=re.compile("confirm")).first.click()
    expect(one.page.get_by_role("button", name="Open the company")).to_be_visible()


def test_a_refused_sign_up_says_why_and_keeps_what_was_typed(product: Product, person: Callable[..., Person]) -> None:
    one = person()
    one.open(f"{product.public}/sign-up/")
    one.fill(
        company_name="Hansen Zwei", address_name="hansen", vat_id="DE136695978", person_name="X", email="x@y.example"
    )
    one.fill(password="kurz").press("Send me the link")
    expect(one.page.locator("main")).to_contain_text("check digit")
    expect(one.page.locator("[name=company_name]")).to_have_value("Hansen Zwei")
    expect(one.page.locator("[name=vat_id]")).to_have_attribute("aria-invalid", "true")


def test_an_admin_invites_a_colleague_changes_the_role_and_removes_them(
    product: Product, person: Callable[..., Person]
) -> None:
    admin, base = person(), product.company("nordwind")
    admin.sign_in(base, AIRLINE.people[0].email)
    admin.open(f"{base}/team/invite/")
    admin.fill(email="neu@nordwind.example").page.locator("main form button[type=submit]").first.click()
    expect(admin.page.locator("main")).to_contain_text("neu@nordwind.example")

    colleague = person()
    colleague.open(product.link_mailed_to("neu@nordwind.example", "/invitation/"))
    colleague.fill(name="Neele Neu", password=NEW_PASSWORD).press("Join")
    expect(colleague.page).to_have_url(f"{base}/")

    admin.open(f"{base}/team/").get_by_role("link", name=re.compile(r"Role\s*: Neele Neu")).click()
    admin.page.get_by_label("Company admin").check()
    admin.page.locator("main form button[type=submit]").first.click()
    expect(admin.page.get_by_role("status").or_(admin.page.locator(".toast")).first).to_contain_text("Neele Neu")
    assert colleague.open(f"{base}/settings/").locator("[name=vat_id]").is_visible()

    admin.open(f"{base}/team/").get_by_role("link", name=re.compile(r"Remove\s*: Neele Neu")).click()
    admin.press("Remove")
    expect(admin.page.locator("main")).not_to_contain_text("neu@nordwind.example")
    colleague.open(f"{base}/")
    expect(colleague.page).to_have_url(re.compile("/sign-in/"))


def test_the_last_admin_cannot_leave(product: Product, person: Callable[..., Person]) -> None:
    admin, base = person(), product.company("hansen")
    admin.sign_in(base, PARCELS.people[0].email)
    admin.open(f"{base}/team/").get_by_role("link", name=re.compile("Leave|Remove: Birte")).first.click()
    admin.page.locator("main form button[type=submit]").first.click()
    expect(admin.page.locator("body")).to_contain_text("A company needs an admin")


def test_a_forgotten_password_is_set_anew(product: Product, person: Callable[..., Person]) -> None:
    one, base, email = person(), product.company("hansen"), PARCELS.people[2].email
    one.open(f"{base}/sign-in/").get_by_role("link", name="Forgot your password?").click()
    one.fill(email=email).page.locator("form:has([name=email]) button[type=submit]").first.click()
    one.open(product.link_mailed_to(email, "/password/reset/"))
    one.fill(password1=NEW_PASSWORD).page.locator("form:has([name=password1]) button[type=submit]").first.click()
    one.page.wait_for_load_state()
    one.sign_in(base, email, NEW_PASSWORD)
    expect(one.page).to_have_url(f"{base}/")


def test_a_second_factor_is_turned_on_asked_for_and_replaced_by_a_recovery_code(
    product: Product, person: Callable[..., Person]
) -> None:
    one, base, email = person(), product.company("nordwind"), AIRLINE.people[2].email
    one.sign_in(base, email)
    one.open(f"{base}/you/security/second-factor/")
    secret = one.page.locator("#totp-key").text_content() or ""
    one.fill(code=totp(secret)).press("Turn it on")
    one.open(f"{base}/you/security/recovery-codes/")
    recovery = (one.page.locator("#codes").inner_text()).split()[0]

    again = person()
    again.sign_in(base, email)
    expect(again.page).to_have_url(re.compile("second-factor"))
    again.fill(code=recovery).press("Sign in")
    expect(again.page).to_have_url(f"{base}/")


def test_a_person_sees_their_sessions_and_ends_another(product: Product, person: Callable[..., Person]) -> None:
    here, there, base, email = person(), person(), product.company("nordwind"), AIRLINE.people[1].email
    there.sign_in(base, email)
    here.sign_in(base, email)
    here.open(f"{base}/you/security/").get_by_role(
        "button", name=re.compile("Sign out everywhere|everywhere else")
    ).click()
    here.page.wait_for_load_state()
    there.open(f"{base}/")
    expect(there.page).to_have_url(re.compile("/sign-in/"))
    here.open(f"{base}/")
    expect(here.page).to_have_url(f"{base}/")


def test_staff_must_set_up_a_second_factor_before_the_console(product: Product, staff: Person) -> None:
    staff.open(f"{product.public}/staff/")
    expect(staff.page.locator("main")).to_contain_text(PARCELS.name)


def test_staff_visit_a_company_read_only_and_its_admins_see_it(
    product: Product, staff: Person, person: Callable[..., Person]
) -> None:
    base = product.company("hansen")
    staff.open(f"{product.public}/staff/").get_by_role("link", name=PARCELS.name).first.click()
    staff.page.get_by_role("link", name=re.compile("Visit|Enter")).first.click()
    staff.fill(reason="Ticket 4711: the list stays empty").page.locator("main form button[type=submit]").last.click()
    expect(staff.page).to_have_url(f"{base}/")
    expect(staff.page.locator("body")).to_contain_text("Ticket 4711")
    staff.open(f"{base}/contacts/add/")
    staff.fill(name="Nobody").page.locator("main form button[type=submit]").first.click()
    expect(staff.page.locator("body")).to_contain_text("read-only")
    staff.open(f"{base}/").get_by_role("button", name="End the visit").click()
    expect(staff.page).to_have_url(re.compile("/staff/companies/"))

    admin = person()
    admin.sign_in(base, PARCELS.people[0].email)
    admin.open(f"{base}/settings/visits/")
    expect(admin.page.locator("main")).to_contain_text("Ticket 4711: the list stays empty")
    expect(admin.page.locator("main")).to_contain_text(STAFF.name)


def test_staff_suspend_a_company_and_lift_the_suspension(
    product: Product, staff: Person, person: Callable[..., Person]
) -> None:
    sign = person()
    sign_up(sign, "gesperrt", "chef@gesperrt.example")
    sign.open(product.link_mailed_to("chef@gesperrt.example", "/sign-up/confirm/"))
    sign.press("Open the company")
    for action, reason, seen in (("suspend", "No payment since August", 403), ("lift", "Paid in full today", 200)):
        staff.open(f"{product.public}/staff/?q=gesperrt").get_by_role("link", name="Möbel Fjord").first.click()
        staff.page.locator(f"a[href$='/{action}/']").first.click()
        staff.fill(reason=reason).page.locator("main form button[type=submit]").last.click()
        expect(staff.page.locator("main")).to_contain_text(reason)
        answer = sign.page.goto(f"{product.company('gesperrt')}/")
        assert answer
        assert answer.status == seen


def test_one_person_changes_between_companies(product: Product, person: Callable[..., Person]) -> None:
    one = person()
    one.sign_in(product.public, PARCELS.people[0].email, PASSWORD)
    expect(one.page).to_have_url(f"{product.public}/companies/")
    one.page.locator("main form button[type=submit]").first.click()
    expect(one.page).to_have_url(f"{product.company('hansen')}/")


def test_without_script_a_person_signs_in_and_works(product: Product, person: Callable[..., Person]) -> None:
    one, base = person(java_script_enabled=False), product.company("hansen")
    one.sign_in(base, PARCELS.people[1].email)
    one.open(f"{base}/contacts/add/")
    one.fill(name="Ohne Skript").page.locator("main form button[type=submit]").first.click()
    expect(one.page.locator("main")).to_contain_text("Ohne Skript")
    one.open(f"{base}/contacts/?q=skript")
    expect(one.page.locator("main")).to_contain_text("Ohne Skript")


def test_contacts_are_searched_while_typing(product: Product, person: Callable[..., Person]) -> None:
    one, base = person(), product.company("nordwind")
    one.sign_in(base, AIRLINE.people[0].email)
    one.open(f"{base}/contacts/").locator("input[name=q]").press_sequentially("0172 12345706", delay=5)
    expect(one.page.locator("main")).not_to_contain_text("Oliver Grant")
    expect(one.page.locator("main")).to_contain_text("Paul Richter")


def test_the_frame_is_walked_by_keyboard(product: Product, person: Callable[..., Person]) -> None:
    one, base = person(), product.company("hansen")
    one.sign_in(base, PARCELS.people[0].email)
    one.page.keyboard.press("Tab")
    expect(one.page.locator(":focus")).to_have_text("Skip to the content")
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(("locale", "word"), [("de-DE", "Anmelden"), ("en-GB", "Sign in"), ("fr-FR", "Sign in")])
def test_pages_speak_the_browser_s_language(
    product: Product, person: Callable[..., Person], locale: str, word: str
) -> None:
    one = person(locale=locale)
    expect(one.open(f"{product.company('hansen')}/sign-in/").get_by_role("button", name=word).first).to_be_visible()
