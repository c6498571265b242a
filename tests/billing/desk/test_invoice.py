"""An invoice's page and what a person does with it: nothing happens twice, nothing without a reason."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from billing.einvoice.tax import Outcome
from billing.invoices import corrections, finishing, issuing
from billing.invoices.models import Invoice, VatCheck
from tenants.models import AuditEntry, Company, DueWork, User
from tenants.services.audit import Actor
from tests.billing.desk.conftest import REASON
from tests.billing.invoices.cast import NOW, charge, draft, issued, ready, unchecked
from tests.conftest import Browser


def url(invoice: Invoice, step: str = "") -> str:
    return f"/staff/billing/invoices/{invoice.public_id}/{step}"


def test_the_page_shows_buyer_seller_lines_cost_and_margin(console: Browser, sent: Invoice) -> None:
    text = console.get(url(sent)).content.decode()
    for words in ("RE-000001", "Königstraße 1", "DE123456788", "€136.50", "€113.10", "€23.40", "€280.25"):
        assert words in text
    assert "so German VAT is charged" in text


def test_the_tax_decision_is_told_with_its_proof(console: Browser, acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(country="AT", vat_id="ATU13585627")
    VatCheck.objects.create(
        company=acme, vat_id="ATU13585627", outcome=Outcome.VALID, request_id="WAPI7", checked_at=NOW
    )
    acme.refresh_from_db()
    text = console.get(url(draft(acme))).content.decode()
    assert "reverse charge" in text
    assert "ATU13585627 is valid" in text
    assert "WAPI7" in text


@pytest.mark.parametrize(("kind", "mime"), [("pdf", "application/pdf"), ("xml", "application/xml")])
def test_a_document_is_served_as_it_was_issued(console: Browser, sent: Invoice, kind: str, mime: str) -> None:
    answer = console.get(url(sent, f"{kind}/"))
    stored = bytes(getattr(sent.document, kind))
    assert answer.content == stored
    assert answer["Content-Type"] == mime
    assert answer["Content-Disposition"] == f'attachment; filename="RE-000001.{kind}"'
    assert "immutable" in answer["Cache-Control"]
    assert answer["ETag"] == f'"{hashlib.sha256(stored).hexdigest()}"'


def test_a_correction_is_drafted_then_approved_for_the_worker(console: Browser, sent: Invoice) -> None:
    answer = console.post(url(sent, "correct/"), {"line_2": "100", **REASON})
    made = Invoice.objects.get(corrects=sent)
    assert answer["Location"] == url(made)
    assert (made.tax_exclusive_amount, made.reason) == (Decimal("13.65"), REASON["reason"])
    DueWork.objects.all().delete()
    console.post(url(made, "approve/"))
    made.refresh_from_db()
    assert (made.state, made.number) == ("approved", None)
    assert DueWork.objects.filter(kind=finishing.KIND, company=sent.company).exists()
    again = console.post(url(made, "approve/"), follow=True)
    assert "approved already" in again.content.decode()
    assert AuditEntry.objects.filter(action="invoice.approved", company_id=sent.company_id).count() == 2


@pytest.mark.parametrize(
    ("quantities", "problem"),
    [
        ({"line_2": "1000,5"}, "only 1000 left"),
        ({"line_2": "1001"}, "only 1000 left"),
        ({"line_2": "-1"}, "only 1000 left"),
        ({"line_2": "1.000"}, "without a mark between the thousands"),
        ({"line_2": "many"}, "Write a number"),
        ({"line_2": "0.0000001"}, "At most 6 decimal places"),
        ({}, "Name at least one line"),
        ({"line_7": "1"}, "Name at least one line"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    console: Browser, sent: Invoice, quantities: dict[str, str], problem: str
) -> None:
    answer = console.post(url(sent, "correct/"), {**quantities, **REASON})
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Invoice.objects.filter(corrects=sent).exists()


def test_a_correction_needs_a_reason(console: Browser, sent: Invoice) -> None:
    assert console.post(url(sent, "correct/"), {"line_2": "1", "reason": "  "}).status_code == 422
    assert not Invoice.objects.filter(corrects=sent).exists()


def test_a_second_correction_waits_for_the_first(console: Browser, sent: Invoice) -> None:
    console.post(url(sent, "correct/"), {"line_2": "1", **REASON})
    answer = console.post(url(sent, "correct/"), {"line_2": "1", **REASON})
    assert answer.status_code == 422
    assert "being drafted already" in answer.content.decode()


def test_an_invoice_is_cancelled_as_a_whole_once(console: Browser, sent: Invoice) -> None:
    assert console.post(url(sent, "cancel/"), {"reason": ""}).status_code == 422
    console.post(url(sent, "cancel/"), REASON)
    made = Invoice.objects.get(corrects=sent)
    assert (made.kind, made.tax_inclusive_amount) == ("cancellation", sent.tax_inclusive_amount)
    assert console.post(url(sent, "cancel/"), REASON).status_code == 422


def test_a_correction_s_draft_is_thrown_away_once(console: Browser, sent: Invoice, actor: Actor) -> None:
    made = corrections.draft_cancellation(sent, reason="wrong company", actor=actor)
    assert console.get(url(made, "drop/")).status_code == 200
    answer = console.post(url(made, "drop/"))
    assert answer["Location"] == url(sent)
    assert console.post(url(made, "drop/")).status_code == 404


def test_an_issued_correction_is_not_thrown_away(console: Browser, sent: Invoice, actor: Actor) -> None:
    made = corrections.draft_cancellation(sent, reason="wrong company", actor=actor)
    finishing.approve_correction(made, actor=actor)
    issuing.issue_invoice(made, now=NOW, build=unchecked)
    answer = console.post(url(made, "drop/"), follow=True)
    assert "nothing was changed" in answer.content.decode()
    assert Invoice.objects.filter(pk=made.pk).exists()


def test_the_rest_is_written_off_once_with_a_reason(console: Browser, sent: Invoice) -> None:
    assert console.post(url(sent, "write-off/"), {"reason": ""}).status_code == 422
    console.post(url(sent, "write-off/"), REASON)
    sent.refresh_from_db()
    assert (sent.state, sent.open_amount) == ("written_off", 0)
    answer = console.post(url(sent, "write-off/"), REASON, follow=True)
    assert "Nothing is owed any more" in answer.content.decode()


def test_it_is_sent_again_to_named_addresses_once_at_a_time(console: Browser, sent: Invoice) -> None:
    named = {"recipients": "buchhaltung@acme.example\nchef@acme.example"}
    console.post(url(sent, "send/"), named)
    assert sorted(sent.deliveries.values_list("recipient", flat=True)) == named["recipients"].split()
    answer = console.post(url(sent, "send/"), named, follow=True)
    assert "already" in answer.content.decode()
    assert sent.deliveries.count() == 2


@pytest.mark.parametrize("recipients", ["", "nobody", "a@b.example c@"])
def test_what_is_no_address_gets_no_mail(console: Browser, sent: Invoice, recipients: str) -> None:
    assert console.post(url(sent, "send/"), {"recipients": recipients}).status_code == 422
    assert not sent.deliveries.exists()


def test_the_list_is_found_by_number_company_state_and_month(
    console: Browser, sent: Invoice, globex: Company, staff: User
) -> None:
    ready(globex)
    other = issued(globex, staff, charge("usage:g"))
    for query, found, hidden in (
        ("q=RE-000001", sent, other),
        ("q=acme", sent, other),
        (f"company={globex.public_id}", other, sent),
        ("state=issued&q=globex", other, sent),
    ):
        text = console.get(f"/staff/billing/invoices/?{query}").content.decode()
        assert url(found) in text
        assert url(hidden) not in text
    assert "No invoice fits" in console.get("/staff/billing/invoices/?state=paid").content.decode()
    assert "No invoice fits" in console.get("/staff/billing/invoices/?month=2020-01").content.decode()
    assert url(sent) in console.get("/staff/billing/invoices/?state=overdue").content.decode()


def test_the_list_takes_the_same_queries_for_one_invoice_and_for_many(
    console: Browser, sent: Invoice, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = "/staff/billing/invoices/"
    console.get(path)
    with django_assert_num_queries(8) as few:
        console.get(path)
    for number in range(1, 9):
        made = Company.objects.create(name=f"Many {number}", schema_name=f"t_many{number}", country="DE")
        draft(made)
    with django_assert_num_queries(len(few.captured_queries)):
        console.get(path)


def test_an_invoice_takes_the_same_queries_for_few_lines_and_for_many(
    console: Browser, buyer: Company, globex: Company, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ready(globex)
    short = issued(buyer, staff, charge("a"))
    long = issued(globex, staff, *[charge(f"b{number}") for number in range(20)])
    console.get(url(short))
    with django_assert_num_queries(10) as few:
        console.get(url(short))
    with django_assert_num_queries(len(few.captured_queries)):
        console.get(url(long))
