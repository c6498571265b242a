"""A company's invoices: its own and no other's, with the documents as issued and the messages behind each line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.invoices import corrections, issuing
from billing.invoices.models import Invoice
from billing.payments import services as payments
from billing.payments.services import allocate, record_payment
from billing.rating.charges import charges_for, claim, month_of
from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.billing import metered
from tests.billing.invoices.cast import draft, issued, plan, ready, unchecked
from tests.conftest import Browser

OCTOBER = datetime(2026, 10, 10, 12, tzinfo=UTC)
ISSUED = datetime(2026, 11, 3, 10, tzinfo=UTC)


@pytest.fixture
def billed(priced: Company, staff: User) -> Invoice:
    """October with 120 marketing messages, rated and invoiced as the month's close does it."""
    ready(priced)
    metered.use(priced, 120, occurred_at=OCTOBER)
    metered.rated(priced, now=ISSUED)
    charges = charges_for(priced, month_of(OCTOBER.date()), now=ISSUED).charges
    made = draft(priced, *charges, now=ISSUED)
    claim(priced, charges, by=made.public_id, now=ISSUED)
    assert issuing.approve(made, actor=Actor(user=staff), now=ISSUED)
    return issuing.issue_invoice(Invoice.objects.get(pk=made.pk), now=ISSUED, build=unchecked)


def usage_line(invoice: Invoice) -> int:
    return invoice.lines.get(description__contains="Marketing").position


def test_an_overdue_invoice_is_said_on_the_overview_until_it_is_paid(
    acme: Company, staff: User, browser: Browser
) -> None:
    ready(acme)
    late = issued(acme, staff, now=timezone.now() - timedelta(days=40))
    assert f"Invoice {late.number} was due" in browser.get("/billing/").content.decode()
    assert "Overdue by 2" in browser.get("/billing/invoices/").content.decode()
    actor, day = Actor(user=staff), timezone.localdate()
    payment = record_payment(acme, amount=late.tax_inclusive_amount, currency="EUR", received_date=day, actor=actor)
    allocate(payment, late, actor=actor)
    assert "was due" not in browser.get("/billing/").content.decode()
    assert "Paid on" in browser.get(f"/billing/invoices/{late.public_id}/").content.decode()


@pytest.mark.parametrize(("kind", "content_type"), [("pdf", "application/pdf"), ("xml", "application/xml")])
def test_the_documents_are_the_bytes_as_issued(billed: Invoice, browser: Browser, kind: str, content_type: str) -> None:
    answer = browser.get(f"/billing/invoices/{billed.public_id}/{kind}/")
    assert answer.content == bytes(getattr(billed.document, kind))
    assert answer["Content-Type"] == content_type
    assert answer["Content-Disposition"] == f'attachment; filename="{billed.number}.{kind}"'
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")


def test_a_line_opens_the_messages_it_counts(billed: Invoice, browser: Browser) -> None:
    position = usage_line(billed)
    page = f"/billing/invoices/{billed.public_id}/lines/{position}"
    first, last = browser.get(f"{page}/").context, browser.get(f"{page}/", {"page": "3"}).context
    assert (len(first["rows"]), len(last["rows"])) == (50, 20)
    assert {row["price"] for row in first["rows"]} == {Decimal("0.10")}
    rows = list(csv.DictReader(io.StringIO(b"".join(browser.get(f"{page}.csv").streaming_content).decode("utf-8-sig"))))
    line = billed.lines.get(position=position)
    assert sum(Decimal(row["price"]) for row in rows) == line.net == Decimal("12.00")


def test_the_line_of_a_plan_has_no_messages(billed: Invoice, browser: Browser) -> None:
    position = billed.lines.get(kind="plan").position
    assert browser.get(f"/billing/invoices/{billed.public_id}/lines/{position}/").status_code == 404
    assert browser.get(f"/billing/invoices/{billed.public_id}/lines/99/").status_code == 404


def test_a_rival_s_invoice_is_not_found_in_any_form(
    globex: Company, staff: User, browser: Browser, acme: Company
) -> None:
    ready(globex)
    theirs = issued(globex, staff, plan())
    for part in ("", "pdf/", "xml/", "lines/1/", "lines/1.csv"):
        assert browser.get(f"/billing/invoices/{theirs.public_id}/{part}").status_code == 404
    assert b"No invoice yet" in browser.get("/billing/invoices/").content


def test_a_key_of_another_company_opens_none_of_its_messages(
    billed: Invoice, globex: Company, staff: User, rival: User, at: Callable[..., Browser]
) -> None:
    ready(globex)
    stolen = billed.lines.get(position=usage_line(billed)).charge_key
    theirs = issued(globex, staff, plan(key=stolen, unit="message"))
    assert at(globex, rival).get(f"/billing/invoices/{theirs.public_id}/lines/1/").status_code == 404


def test_a_draft_is_not_the_company_s_to_see(acme: Company, browser: Browser) -> None:
    ready(acme)
    made = draft(acme)
    assert browser.get(f"/billing/invoices/{made.public_id}/").status_code == 404


def test_many_invoices_take_the_queries_of_one(
    billed: Invoice, priced: Company, staff: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/billing/invoices/")
    with django_assert_num_queries(10, exact=False) as few:
        browser.get("/billing/invoices/")
    issued(priced, staff, plan(key="another"), now=datetime(2026, 11, 4, 10, tzinfo=UTC))
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get("/billing/invoices/")


def test_what_was_paid_too_much_is_told_as_credit_and_what_was_paid_back(
    billed: Invoice, browser: Browser, staff: User
) -> None:
    actor, day = Actor(user=staff), date(2026, 11, 10)
    payment = payments.mark_paid(billed, received_date=day, actor=actor)
    made = corrections.draft_cancellation(billed, reason="counted twice", actor=actor)
    issuing.approve(made, actor=actor)
    issuing.issue_invoice(made, now=ISSUED, build=unchecked)
    page = f"/billing/invoices/{billed.public_id}/"
    assert "your credit" in browser.get(page).content.decode()
    payments.release(payment.allocations.get(), reason="the invoice was wrong", actor=actor)
    payments.record_refund(payment, amount=payment.amount, refund_date=day, external_id="1", actor=actor)
    text = browser.get(page).content.decode()
    assert "became your credit" in text
    assert "were paid back to you" in text
    assert "the invoice was wrong" not in text
