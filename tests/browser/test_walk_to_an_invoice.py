"""From a START on the phone to an invoice that is paid: what was agreed, sent, counted, issued and settled."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from config.demo.people import PARCELS, STAFF
from tests.browser.conftest import Person, StaffKeys, totp
from tests.browser.product import Product
from tests.browser.test_walk import Phone, card

pytestmark = pytest.mark.browser
ZONE = ZoneInfo("Europe/Berlin")
READER, LEAVER, LABEL, NAME = "Rolf Jansen", "Katarzyna Nowak", "Novemberpost", "Herbstangebot"
NEWS = "im November gibt es bei uns 10 % auf alles"


@dataclass
class Admin:
    """Birte Hansen at her desk."""

    one: Person
    base: str

    def opens(self, path: str) -> Locator:
        return self.one.open(f"{self.base}{path}").locator("main")

    def opens_contact(self, name: str) -> Locator:
        self.opens(f"/contacts/?q={name}").locator("a.table-link", has_text=name).click()
        expect(self.one.page.locator("h1")).to_contain_text(name)
        return self.one.page.locator("main")

    def labels(self, name: str) -> None:
        self.opens_contact(name).get_by_text("Add a label").first.click()
        self.one.page.get_by_label("A new label").fill(LABEL)
        self.one.page.locator("form[action$='/labels/'] button", has_text="Add a label").click()
        expect(self.one.page.locator(".chip", has_text=LABEL)).to_be_visible()

    def goes_on(self) -> None:
        self.one.press("Save and go on")


def sign_in(product: Product, one: Person) -> Admin:
    base = product.company("hansen")
    one.sign_in(base, PARCELS.people[0].email)
    return Admin(one, base)


def test_from_an_opt_in_on_the_phone_to_a_paid_invoice(
    product: Product, person: Callable[..., Person], staff_keys: StaffKeys, tmp_path: Path
) -> None:
    admin = sign_in(product, person())
    phone = agree_and_stop(product, person, admin)
    report = send_to_the_label(admin)
    arrives(admin, phone, report)
    counted = is_counted(admin)

    first_of_next = (datetime.now(ZONE).replace(day=1) + timedelta(days=32)).date().replace(day=1)
    later = datetime.combine(first_of_next + timedelta(days=3), time(9), ZONE)
    with product.at_time(later):
        staff = person()
        sign_in_as_staff(product, staff, staff_keys, later)
        admin = sign_in(product, person())
        number, invoice = close_the_month(product, staff)
        leads_to_its_message(admin, number, counted, tmp_path)
        is_paid(staff, invoice, admin, number)


def agree_and_stop(product: Product, person: Callable[..., Person], admin: Admin) -> Phone:
    leaver = Phone(product, person(), LEAVER)
    leaver.writes("STOP")
    reader = Phone(product, person(), READER)
    reader.writes("START")
    for name, words, state in ((LEAVER, "STOP", "Does not want it"), (READER, "START", "Agreed")):
        expect(card(at_the_inbox(admin), name)).to_contain_text(words)
        ledger = admin.opens_contact(name).locator(".timeline li").first
        expect(ledger).to_contain_text(state)
        expect(ledger.locator("q")).to_have_text(words)
        admin.labels(name)
    return reader


def at_the_inbox(admin: Admin) -> Person:
    admin.opens("/inbox/")
    return admin.one


def send_to_the_label(admin: Admin) -> str:
    """The newsletter to who has the label: one agreed, one said no. The report's address."""
    page = admin.one.page
    admin.opens("/broadcasts/new/")
    admin.one.fill(name=NAME).press("Begin")
    compose = re.sub(r"[a-z]+/$", "", page.url)

    page.get_by_label("Who is on one of these lists").check()
    page.locator(".picks").get_by_label(LABEL).first.check()
    admin.goes_on()
    page.get_by_label("Kundendienst").check()
    page.get_by_label("Name or words").or_(page.locator("#picker-q")).first.wait_for()
    page.locator(".templates li", has_text="newsletter").get_by_role("button", name=re.compile("de$")).click()
    page.get_by_label("Comes from").select_option(label="Name")
    admin.goes_on()
    for field in ("quiet_from", "quiet_until"):
        page.locator(f"[name={field}]").fill("")
    admin.goes_on()

    page.goto(f"{compose}audience/")
    bar = page.locator("#audience-bar")
    expect(bar).to_contain_text("Reachable")
    bar.get_by_role("link", name=re.compile("Opted out")).click()
    expect(page.locator("#audience-people")).to_contain_text(LEAVER)
    bar.get_by_role("link", name=re.compile("Reachable")).click()
    expect(page.locator("#audience-people")).to_contain_text(READER)

    page.goto(f"{compose}review/")
    expect(page.locator(".costs tbody tr")).to_contain_text("Germany")
    page.get_by_role("link", name="Send to 1 person …").click()
    expect(page.locator("main")).to_contain_text("Expected cost")
    admin.one.press("Send to 1 person")
    return page.url


def arrives(admin: Admin, phone: Phone, report: str) -> None:
    """The phone shows it, the report adds up, and an answer stands under what was sent."""
    expect(phone.said(NEWS)).to_be_visible()
    page = admin.one.page
    tiles = page.locator("#progress .tile-stat")
    # The scheduler looks every few seconds whether all has come to an end.
    expect(page.locator("h1")).to_contain_text("Completed", timeout=30_000)
    expect(tiles.locator(".tile-stat-value")).to_have_text(["2", "1", "0", "0", "1", "0", "0"])
    page.locator("a.tile-stat", has_text="Skipped").click()
    expect(page.locator("#rows tbody tr")).to_contain_text(LEAVER)

    phone.writes("Danke, ich komme vorbei.")
    at_the_inbox(admin)
    card(admin.one, READER).click()
    thread = page.locator(".thread")
    expect(thread).to_contain_text(NEWS)
    expect(thread).to_contain_text("Danke, ich komme vorbei.")
    page.goto(report)
    expect(page.locator("dt", has_text="Answered within 72 hours").locator("+ dd")).to_contain_text("1")


@dataclass
class Counted:
    """The one message of the broadcast, as the month's usage shows it."""

    public_id: str
    price: str


def is_counted(admin: Admin) -> Counted:
    """The broadcast's usage opens its message, with the price that makes the sum."""
    row = admin.opens("/billing/usage/?by=origin").locator("tbody tr", has_text=NAME)
    reload_until(admin.one, row)
    expect(row.locator("[data-name=Sum]")).to_have_text("€0.12")
    row.get_by_role("link").click()
    message = admin.one.page.locator("main tbody tr")
    expect(message).to_have_count(1)
    link = message.get_by_role("link", name=READER).get_attribute("href") or ""
    price = message.locator("[data-name=Price]").inner_text()
    assert re.fullmatch(r"€0\.1\d+", price)
    return Counted(link.split("#m-")[1], price)


def sign_in_as_staff(product: Product, staff: Person, keys: StaffKeys, at: datetime) -> None:
    staff.sign_in(product.public, STAFF.email)
    staff.fill(code=totp(keys.secret, at.timestamp())).press("Sign in")
    expect(staff.open(f"{product.public}/staff/billing/").locator("h1")).to_be_visible()


def close_the_month(product: Product, staff: Person) -> tuple[str, str]:
    """Begun, looked at, approved: the invoice's number and where staff see it."""
    page = staff.page
    page.get_by_role("button", name=re.compile("^Begin .* now$")).click()
    row = page.locator("tbody tr", has_text=PARCELS.name)
    waits = row.get_by_role("link", name=re.compile("^Approve"))
    reload_until(staff, waits)
    waits.click()
    staff.press("Approve 1 invoice")
    numbered = row.locator("small", has_text=re.compile(r"· \S+"))
    reload_until(staff, numbered)
    number = numbered.inner_text().split("· ")[-1].strip()
    row.get_by_role("link", name=PARCELS.name, exact=True).click()
    expect(page.locator("h1")).to_contain_text(number)
    return number, page.url


def reload_until(one: Person, there: Locator) -> None:
    """A worker goes on meanwhile; the page shows how far it is when it is opened."""
    for _attempt in range(60):
        if there.count():
            return
        one.page.wait_for_timeout(250)
        one.page.reload()
    raise AssertionError(f"{there} did not come: {one.page.locator('main').inner_text()}")


def leads_to_its_message(admin: Admin, number: str, counted: Counted, folder: Path) -> None:
    """The company finds its invoice with its files, and behind a line the very message, as page and CSV."""
    page = admin.one.page
    row = admin.opens("/billing/invoices/").locator("tbody tr", has_text=number)
    expect(row).to_contain_text("Open")
    row.get_by_role("link", name=number, exact=True).click()
    for name, begins in (("PDF", b"%PDF-1.7"), ("XML", b"<?xml")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.path().read_bytes().startswith(begins)
    line = page.locator("tbody tr", has_text=re.compile("(?=.*[Mm]arketing)(?=.*(Germany|Deutschland))"))
    with page.expect_navigation():
        line.get_by_role("link", name="Show the messages").click()
    message = page.locator(f"main tbody tr:has(a[href$='#m-{counted.public_id}'])")
    further = page.get_by_role("link", name="Next", exact=True)
    while not message.count() and further.count():
        with page.expect_navigation():
            further.click()
    expect(message).to_contain_text(READER)
    expect(message.locator("[data-name=Price]")).to_have_text(counted.price)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).click()
    kept = folder / "line.csv"
    download.value.save_as(kept)
    assert kept.read_text(encoding="utf-8-sig").count(counted.public_id) == 1


def is_paid(staff: Person, invoice: str, admin: Admin, number: str) -> None:
    staff.open(invoice).get_by_role("link", name="Mark paid").click()
    staff.page.locator("main form button[type=submit]").last.click()
    expect(staff.page.locator("h1")).to_contain_text("Paid")
    row = admin.opens("/billing/invoices/").locator("tbody tr", has_text=number)
    expect(row).to_contain_text("Paid")
