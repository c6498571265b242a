"""What the rules refuse, with the reason in plain words, before there is a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.einvoice import rules
from billing.einvoice.cii import cii
from billing.einvoice.document import Document, TaxShare
from billing.einvoice.rules import RulesRefused
from billing.invoices import issuing
from billing.invoices.documents import Built, build, document_of
from billing.invoices.models import Invoice, InvoiceSeries
from tenants.models import Company, User
from tests.billing.invoices.cast import NOW, approved, charge, plan

CENT = Decimal("0.01")


@pytest.fixture
def document(buyer: Company, staff: User) -> Document:
    """A right one."""
    invoice = approved(buyer, staff, plan(), charge())
    invoice.number, invoice.issue_date, invoice.due_date = "RE-000001", date(2026, 11, 3), date(2026, 11, 17)
    return document_of(invoice)


def broken_rules(document: Document) -> set[str]:
    with pytest.raises(RulesRefused) as refused:
        rules.check(document, cii(document))
    return {finding.rule for finding in refused.value.findings}


def test_a_right_document_passes(document: Document) -> None:
    assert rules.check(document, cii(document)).refusals == []


def test_a_sum_that_is_off_by_a_cent_is_refused(document: Document) -> None:
    off = replace(document.totals, line_total=document.totals.line_total + CENT)
    assert "BR-CO-10" in broken_rules(replace(document, totals=off))


def test_a_line_that_is_off_by_a_cent_is_refused_though_no_official_rule_asks(document: Document) -> None:
    first, second = document.lines
    lines = (replace(first, net=first.net + CENT), replace(second, net=second.net - CENT))
    assert broken_rules(replace(document, lines=lines)) == {"OWN-NET"}


def test_vat_that_is_off_by_a_cent_everywhere_is_refused_though_no_official_rule_asks(document: Document) -> None:
    (share,) = document.tax_shares
    totals = document.totals
    off = replace(
        totals,
        tax_amount=totals.tax_amount + CENT,
        tax_inclusive_amount=totals.tax_inclusive_amount + CENT,
        amount_due=totals.amount_due + CENT,
    )
    wrong = replace(document, tax_shares=(replace(share, tax=share.tax + CENT),), totals=off)
    assert rules.official_report(cii(wrong)).refusals == []
    assert broken_rules(wrong) == {"OWN-VAT"}


def test_an_invoice_without_a_due_date_is_refused_though_no_official_rule_asks(document: Document) -> None:
    assert broken_rules(replace(document, due_date=None)) == {"OWN-DUE"}


def test_vat_ids_where_nothing_is_taxable_here_are_refused(document: Document) -> None:
    lines = tuple(replace(line, category="O", rate=Decimal(0)) for line in document.lines)
    net = document.totals.line_total
    share = TaxShare("O", Decimal(0), net, Decimal("0.00"), "VATEX-EU-O", "Not taxable")
    totals = replace(document.totals, tax_amount=Decimal("0.00"), tax_inclusive_amount=net, amount_due=net)
    abroad = replace(document, lines=lines, tax_shares=(share,), totals=totals)
    assert broken_rules(abroad) == {"BR-O-02"}
    without = replace(
        abroad, seller=replace(document.seller, vat_id=""), buyer=replace(document.buyer, vat_id="", country="CH")
    )
    assert rules.check(without, cii(without)).refusals == []


def test_an_address_nobody_could_write_to_is_refused(document: Document) -> None:
    assert broken_rules(replace(document, buyer=replace(document.buyer, city=""))) == {"OWN-ADDRESS"}


def test_the_reason_is_told_in_plain_words(document: Document) -> None:
    with pytest.raises(RulesRefused, match="The invoice has no due date"):
        rules.check(replace(document, due_date=None), b"<x/>")


def test_an_invoice_that_a_rule_refuses_gets_no_number_and_leaves_no_trace(buyer: Company, staff: User) -> None:
    invoice = approved(buyer, staff)

    def off_by_a_cent(document: Document) -> Built:
        totals = replace(document.totals, tax_amount=document.totals.tax_amount + CENT)
        return build(replace(document, totals=totals))

    with pytest.raises(RulesRefused, match="BR-CO-14"):
        issuing.issue_invoice(invoice, now=NOW, build=off_by_a_cent)
    kept = Invoice.objects.get(pk=invoice.pk)
    assert (kept.number, kept.state, hasattr(kept, "document")) == (None, "approved", False)
    assert issuing.issue_invoice(invoice, now=NOW).number == "RE-000001"
    assert InvoiceSeries.objects.get(code="invoices").last_serial == 1
