"""Money in: recorded once, in part or too much, matched by its reference, taken back with a reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.invoices import corrections, issuing
from billing.invoices.models import Invoice
from billing.payments import services
from billing.payments.models import Allocation, Payment, Refund
from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.billing.desk.conftest import REASON
from tests.billing.invoices.cast import NOW, charge, issued, ready, unchecked
from tests.conftest import Browser

ADD = "/staff/billing/payments/add/"


def told(**fields: Any) -> dict[str, Any]:
    values = {
        "company": "Acme Versand",
        "amount": "280.25",
        "currency": "EUR",
        "received_date": "2026-11-04",
        "reference": "RE-000001",
        "match": "on",
        "key": "k" * 16,
    }
    return {**values, **fields}


def url(payment: Payment, step: str = "") -> str:
    return f"/staff/billing/payments/{payment.public_id}/{step}"


def paid(invoice: Invoice, **fields: Any) -> dict[str, Any]:
    return {"amount": "280.25", "received_date": "2026-11-04", "key": "p" * 16, **fields}


def test_a_payment_pays_the_invoice_of_its_reference(console: Browser, sent: Invoice) -> None:
    answer = console.post(ADD, told())
    made = Payment.objects.get()
    assert answer["Location"] == url(made)
    sent.refresh_from_db()
    assert (sent.state, sent.open_amount, made.company) == ("paid", 0, sent.company)


def test_the_same_form_twice_is_one_payment(console: Browser, sent: Invoice) -> None:
    console.post(ADD, told())
    console.post(ADD, told())
    assert Payment.objects.count() == 1
    console.post(ADD, told(key="l" * 16))
    assert Payment.objects.count() == 2


@pytest.mark.parametrize("words", ["RE-000001", "re-000001", "acme", "DE136695976 "])
def test_the_company_is_found_by_name_or_invoice(console: Browser, sent: Invoice, words: str) -> None:
    Company.objects.exclude(pk=sent.company_id).update(vat_id="")
    console.post(ADD, told(company=words))
    assert Payment.objects.get().company == sent.company


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"received_date": "2099-01-01"}, "This day has not come yet"),
        ({"amount": "0"}, "At least 0.01"),
        ({"amount": "12.3456"}, "At most 2 decimal places"),
        ({"amount": "-5"}, "At least 0.01"),
        ({"amount": "five"}, "Write a number"),
        ({"company": "nobody"}, "No company fits"),
        ({"company": "@example.com"}, "No company fits"),
        ({"currency": "EU"}, "3 characters"),
        ({"key": ""}, "required"),
    ],
)
def test_what_cannot_be_booked_is_refused(console: Browser, sent: Invoice, fields: Any, problem: str) -> None:
    answer = console.post(ADD, told(**fields))
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Payment.objects.exists()


def test_several_companies_are_named(console: Browser, acme: Company, globex: Company) -> None:
    answer = console.post(ADD, told(company="DE136695976"))
    assert "Several companies fit" in answer.content.decode()


def test_a_part_leaves_the_invoice_part_paid(console: Browser, sent: Invoice) -> None:
    path = f"/staff/billing/invoices/{sent.public_id}/paid/"
    console.post(path, paid(sent, amount="100,00"))
    sent.refresh_from_db()
    assert (sent.state, sent.open_amount) == ("part_paid", Decimal("180.25"))
    console.post(path, paid(sent, amount="100,00"))
    sent.refresh_from_db()
    assert sent.open_amount == Decimal("180.25")


def test_too_much_stays_as_credit(console: Browser, sent: Invoice) -> None:
    answer = console.post(f"/staff/billing/invoices/{sent.public_id}/paid/", paid(sent, amount="300"), follow=True)
    assert "€19.75 are too much" in answer.content.decode()
    assert "€19.75" in console.get("/staff/billing/owing/").content.decode()
    assert Payment.objects.get().unallocated_amount == Decimal("19.75")


def test_a_paid_invoice_is_not_asked_for_again(console: Browser, sent: Invoice) -> None:
    path = f"/staff/billing/invoices/{sent.public_id}/paid/"
    console.post(path, paid(sent))
    assert "Nothing is owed any more" in console.get(path, follow=True).content.decode()


def test_a_correction_is_not_paid(console: Browser, sent: Invoice, actor: Actor) -> None:
    made = corrections.draft_cancellation(sent, reason="wrong company", actor=actor)
    issuing.approve(made, actor=actor)
    issuing.issue_invoice(made, now=NOW, build=unchecked)
    assert console.post(f"/staff/billing/invoices/{made.public_id}/paid/", paid(made)).status_code == 404
    assert not Payment.objects.exists()


def test_a_payment_is_given_to_an_invoice_by_hand(console: Browser, sent: Invoice) -> None:
    console.post(ADD, told(reference="thanks"))
    made = Payment.objects.get()
    assert "What it could pay" in console.get(url(made)).content.decode()
    console.post(url(made, "allocate/"), {"invoice": sent.public_id, "amount": "80,25"})
    sent.refresh_from_db()
    assert sent.open_amount == Decimal("200.00")
    console.post(url(made, "allocate/"), {"invoice": sent.public_id, "amount": ""})
    sent.refresh_from_db()
    assert (sent.state, sent.open_amount) == ("paid", 0)
    answer = console.post(url(made, "allocate/"), {"invoice": sent.public_id})
    assert answer.status_code == 422


@pytest.mark.parametrize("amount", ["500", "-1", "much"])
def test_more_than_there_is_cannot_be_given(console: Browser, sent: Invoice, amount: str) -> None:
    console.post(ADD, told(reference="thanks"))
    answer = console.post(url(Payment.objects.get(), "allocate/"), {"invoice": sent.public_id, "amount": amount})
    assert answer.status_code == 422
    sent.refresh_from_db()
    assert sent.paid_amount == 0


def test_another_company_s_invoice_is_not_paid(console: Browser, sent: Invoice, globex: Company, staff: User) -> None:
    ready(globex)
    theirs = issued(globex, staff, charge("usage:g"))
    console.post(ADD, told(reference="thanks"))
    answer = console.post(url(Payment.objects.get(), "allocate/"), {"invoice": theirs.public_id})
    assert answer.status_code == 422


def test_matching_twice_pays_once(console: Browser, sent: Invoice) -> None:
    console.post(ADD, told(match=""))
    made = Payment.objects.get()
    console.post(url(made, "match/"))
    answer = console.post(url(made, "match/"), follow=True)
    assert "No unpaid invoice" in answer.content.decode()
    sent.refresh_from_db()
    assert sent.paid_amount == Decimal("280.25")


def test_a_payment_is_taken_back_once_with_a_reason(console: Browser, sent: Invoice) -> None:
    console.post(ADD, told())
    made = Payment.objects.get()
    assert console.post(url(made, "reverse/"), {"reason": " "}).status_code == 422
    console.post(url(made, "reverse/"), REASON)
    sent.refresh_from_db()
    assert sent.open_amount == Decimal("280.25")
    answer = console.post(url(made, "reverse/"), REASON, follow=True)
    assert "taken back already" in answer.content.decode()
    assert REASON["reason"] in console.get(url(made)).content.decode()


def overpaid(invoice: Invoice, actor: Actor) -> Payment:
    """Paid in full, and then corrected by 16.24."""
    made = services.mark_paid(invoice, received_date=timezone.localdate(), actor=actor)
    correction = corrections.draft_correction(invoice, {2: Decimal(100)}, reason="counted twice", actor=actor)
    issuing.approve(correction, actor=actor)
    issuing.issue_invoice(correction, now=NOW, build=unchecked)
    return made


def test_what_was_paid_too_much_is_let_go_and_paid_back(console: Browser, sent: Invoice, actor: Actor) -> None:
    made = overpaid(sent, actor)
    assert "corrected after it was paid" in console.get("/staff/billing/owing/").content.decode()
    assert "More was paid" in console.get(f"/staff/billing/invoices/{sent.public_id}/").content.decode()
    step = url(made, f"allocations/{made.allocations.get().pk}/release/")
    assert 'value="16.24"' in console.get(step).content.decode()
    assert console.post(step, {"amount": "16,24", "reason": " "}).status_code == 422
    assert console.post(step, {"amount": "999", **REASON}).status_code == 422
    console.post(step, {"amount": "16,24", **REASON})
    assert "let go already" in console.post(step, {"amount": "16,24", **REASON}, follow=True).content.decode()
    sent.refresh_from_db()
    assert (sent.state, sent.open_amount) == ("paid", 0)
    back = {"amount": "16,24", "refund_date": timezone.localdate().isoformat(), "reference": "SEPA 1", "key": "r" * 16}
    for _click in range(2):
        assert console.post(url(made, "refund/"), back).status_code == 302
    assert Refund.objects.get().amount == Decimal("16.24")
    page = console.get(url(made)).content.decode()
    assert REASON["reason"] in page
    assert "SEPA 1" in page
    assert "Nobody owes anything" in console.get("/staff/billing/owing/").content.decode()


def test_a_refund_is_taken_back_once_with_a_reason(console: Browser, sent: Invoice) -> None:
    console.post(ADD, told(match=""))
    made = Payment.objects.get()
    back = {"amount": "80", "refund_date": "2026-11-04", "key": "r" * 16}
    console.post(url(made, "refund/"), back)
    assert console.post(url(made, "refund/"), {**back, "amount": "280", "key": "s" * 16}).status_code == 422
    assert console.post(url(made, "refund/"), {**back, "refund_date": "2099-01-01"}).status_code == 422
    step = url(made, f"refunds/{Refund.objects.get().public_id}/reverse/")
    console.post(step, REASON)
    assert "taken back already" in console.post(step, REASON, follow=True).content.decode()
    made.refresh_from_db()
    assert made.unallocated_amount == Decimal("280.25")


def test_another_payment_s_parts_are_not_found(console: Browser, sent: Invoice, actor: Actor) -> None:
    overpaid(sent, actor)
    console.post(ADD, told(match=""))
    other = Payment.objects.latest("pk")
    assert console.get(url(other, f"allocations/{Allocation.objects.get().pk}/release/")).status_code == 404


def test_who_owes_what_is_told_by_company_and_by_invoice(
    console: Browser, sent: Invoice, globex: Company, staff: User
) -> None:
    ready(globex)
    issued(globex, staff, charge("usage:g"))
    text = console.get("/staff/billing/owing/").content.decode()
    for words in ("Acme Versand", "Globex GmbH", "RE-000001", "RE-000002", "€280.25"):
        assert words in text
    own = console.get(f"/staff/billing/owing/?company={globex.public_id}").content.decode()
    assert "RE-000002" in own
    assert "RE-000001" not in own


def test_lists_take_the_same_queries_for_few_and_for_many(
    console: Browser, sent: Invoice, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    services.record_payment(
        sent.company, amount=Decimal(5), currency="EUR", received_date=timezone.localdate(), actor=Actor()
    )
    paths = ("/staff/billing/owing/", "/staff/billing/payments/")
    counts = {}
    for path in paths:
        console.get(path)
        with django_assert_num_queries(10 if "owing" in path else 6) as few:
            console.get(path)
        counts[path] = len(few.captured_queries)
    for number in range(6):
        made = Company.objects.create(name=f"Many {number}", schema_name=f"t_many{number}", country="DE")
        issued(made, staff, charge(f"m{number}"))
        services.record_payment(
            made, amount=Decimal(5), currency="EUR", received_date=timezone.localdate(), actor=Actor()
        )
    for path in paths:
        with django_assert_num_queries(counts[path]):
            console.get(path)
