"""From approval to a number, and what nobody can change from then on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from billing.einvoice.tax import Outcome
from billing.invoices import chain, issuing, taxing
from billing.invoices.issuing import NotApproved, ProofIsStale
from billing.invoices.models import Invoice, InvoiceLine, InvoiceSeries, IssuedDocument
from billing.invoices.numbering import ClockIsBehind
from tenants.models import AuditEntry, Company, User
from tenants.services.audit import SYSTEM, Actor
from tenants.services.errors import Refused
from tests.billing.invoices.cast import NOW, OCTOBER, approved, draft, issued, plan, ready, register_says, unchecked


def issue(invoice: Invoice, **values: Any) -> Invoice:
    return issuing.issue_invoice(invoice, **{"now": NOW, "build": unchecked, **values})


def test_a_draft_nobody_approved_is_not_issued(buyer: Company) -> None:
    with pytest.raises(NotApproved):
        issue(draft(buyer))


def test_only_a_person_approves(buyer: Company) -> None:
    with pytest.raises(Refused):
        issuing.approve(draft(buyer), actor=SYSTEM)


def test_an_approval_taken_back_stops_the_invoice(buyer: Company, staff: User, actor: Actor) -> None:
    invoice = approved(buyer, staff)
    assert issuing.withdraw_approval(invoice, actor=actor, reason="wrong plan")
    with pytest.raises(NotApproved):
        issue(invoice)


def test_an_issued_invoice_has_its_number_dates_document_and_the_names_of_who_was_asked(
    buyer: Company, staff: User
) -> None:
    ready(buyer, payment_terms_days=30)
    invoice = issue(approved(buyer, staff))
    assert (invoice.number, invoice.state) == ("RE-000001", "issued")
    assert invoice.due_date is not None
    assert invoice.issue_date is not None
    assert invoice.due_date - invoice.issue_date == timedelta(days=30)
    assert invoice.approver_name == str(staff)
    assert invoice.document.number == invoice.number
    actions = AuditEntry.objects.filter(action__startswith="invoice.").order_by("pk").values_list("action", "actor_id")
    assert list(actions) == [("invoice.approved", staff.pk), ("invoice.issued", None)]


def test_issuing_twice_gives_one_number(buyer: Company, staff: User) -> None:
    invoice = issue(approved(buyer, staff))
    assert issue(invoice).number == invoice.number
    assert InvoiceSeries.objects.get().last_serial == 1


def test_numbers_follow_days(buyer: Company, staff: User) -> None:
    issued(buyer, staff)
    other = approved(buyer, staff, plan(key="plan:other"))
    with pytest.raises(ClockIsBehind):
        issue(other, now=NOW - timedelta(days=2))
    assert issue(other).number == "RE-000002"


def test_without_the_seller_s_tax_number_and_account_nothing_is_issued(
    buyer: Company, staff: User, settings: Any
) -> None:
    settings.OPERATOR = {**settings.OPERATOR, "tax_number": "", "iban": "DE00120300000000202051"}
    with pytest.raises(Refused, match=r"OPERATOR_TAX_NUMBER.*OPERATOR_IBAN.*check digits"):
        issue(approved(buyer, staff))


def test_an_approval_that_lay_until_its_proof_was_old_has_to_be_made_again(acme: Company, staff: User) -> None:
    Company.objects.filter(pk=acme.pk).update(country="AT", vat_id="ATU13585627")
    acme.refresh_from_db()
    ready(acme, postcode="1010", city="Wien")
    taxing.check_vat_id(acme, now=NOW, ask=register_says(Outcome.VALID))
    invoice = approved(acme, staff)
    with pytest.raises(ProofIsStale):
        issue(invoice, now=NOW + timedelta(days=32))


# --- Nobody changes what is issued, not by SQL either ----------------------------------------------

REFUSALS = "is issued and|are not emptied|append-only|only counts on"
FORBIDDEN = [
    "UPDATE billing_invoice SET tax_inclusive_amount = 1, tax_exclusive_amount = 1, tax_amount = 0",
    "UPDATE billing_invoice SET buyer = '{}'",
    "UPDATE billing_invoice SET number = NULL, state = 'draft'",
    "UPDATE billing_invoice SET state = 'draft'",
    "UPDATE billing_invoice SET issue_date = issue_date - 1",
    "DELETE FROM billing_invoice",
    "TRUNCATE billing_invoice CASCADE",
    "UPDATE billing_invoiceline SET net = 0",
    "DELETE FROM billing_invoiceline",
    'INSERT INTO billing_invoiceline SELECT (jsonb_populate_record(l, \'{"id": -1, "position": 99}\')).*'
    " FROM billing_invoiceline l LIMIT 1",
    "UPDATE billing_issueddocument SET pdf = 'x'",
    "DELETE FROM billing_issueddocument",
    "UPDATE billing_invoiceseries SET last_serial = 0",
    "UPDATE billing_invoiceseries SET last_serial = last_serial + 2",
    "DELETE FROM billing_invoiceseries",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_database_refuses_to_change_what_is_issued(buyer: Company, staff: User, sql: str) -> None:
    issued(buyer, staff)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=REFUSALS), transaction.atomic():
            cursor.execute(sql)


def test_the_database_refuses_a_number_without_a_document(buyer: Company, staff: User) -> None:
    invoice = approved(buyer, staff)
    series = InvoiceSeries.objects.create(code="invoices", prefix="RE")
    values = {"number": "RE-000001", "serial": 1, "series": series, "state": "issued", "hash": "x", "issued_at": NOW}
    with pytest.raises(DatabaseError, match="has no document"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**values, issue_date=NOW.date(), due_date=NOW.date())


def test_a_draft_may_change_and_go(buyer: Company) -> None:
    made = draft(buyer)
    InvoiceLine.objects.filter(invoice=made).update(description="other")
    made.delete()
    assert not InvoiceLine.objects.exists()


# --- The chain shows what a superuser did ----------------------------------------------------------


@contextmanager
def behind_the_triggers() -> Iterator[Any]:
    """As one who may do anything to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def three(buyer: Company, staff: User) -> InvoiceSeries:
    for number in range(3):
        issued(buyer, staff, plan(key=f"plan:{number}"), period=OCTOBER)
    return InvoiceSeries.objects.get()


def test_a_series_as_it_was_issued_is_whole(three: InvoiceSeries) -> None:
    assert chain.verify(three) == []


@pytest.mark.parametrize(
    ("sql", "breaks"),
    [
        ("UPDATE billing_invoice SET due_date = due_date + 1 WHERE serial = 2", [("RE-000002", "row")]),
        (
            "UPDATE billing_invoiceline SET description = 'x' WHERE invoice_id IN"
            " (SELECT id FROM billing_invoice WHERE serial = 2)",
            [("RE-000002", "row")],
        ),
        ("UPDATE billing_issueddocument SET pdf = 'x' WHERE number = 'RE-000002'", [("RE-000002", "bytes")]),
        ("DELETE FROM billing_issueddocument WHERE number = 'RE-000002'", [("RE-000002", "document")]),
        (
            "DELETE FROM billing_issueddocument WHERE number = 'RE-000003';"
            " DELETE FROM billing_invoiceline WHERE invoice_id IN (SELECT id FROM billing_invoice WHERE serial = 3);"
            " DELETE FROM billing_invoice WHERE serial = 3",
            [("invoices", "counter")],
        ),
        (
            "DELETE FROM billing_issueddocument WHERE number = 'RE-000002';"
            " DELETE FROM billing_invoiceline WHERE invoice_id IN (SELECT id FROM billing_invoice WHERE serial = 2);"
            " DELETE FROM billing_invoice WHERE serial = 2",
            [("RE-000003", "gap"), ("RE-000003", "chain")],
        ),
    ],
)
def test_the_chain_shows_a_change_behind_the_triggers(
    three: InvoiceSeries, sql: str, breaks: list[tuple[str, str]]
) -> None:
    with behind_the_triggers() as cursor:
        cursor.execute(sql)
    assert [(found.number, found.what) for found in chain.verify(three)] == breaks


def test_the_chain_shows_a_row_whose_hash_was_made_anew(three: InvoiceSeries) -> None:
    second = Invoice.objects.get(serial=2)
    second.reason = "changed"
    forged = chain.digest(second, IssuedDocument.objects.get(number=second.number))
    with behind_the_triggers() as cursor:
        cursor.execute("UPDATE billing_invoice SET reason = 'changed', hash = %s WHERE serial = 2", [forged])
    assert [(found.number, found.what) for found in chain.verify(three)] == [("RE-000003", "chain")]
