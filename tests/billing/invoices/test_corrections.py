"""What is wrong on an issued invoice is put right by another document, never by more than there is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from billing.einvoice.own_rules import own_findings
from billing.invoices import corrections, issuing
from billing.invoices.documents import document_of
from billing.invoices.models import Invoice
from billing.invoices.totals import CENT, PLACES, Amount, net_of, tax_shares
from tenants.models import Company, User
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tests.billing.invoices.cast import NOW, charge, draft, issued, plan, unchecked


@pytest.fixture
def invoice(buyer: Company, staff: User) -> Invoice:
    """99.00 for the plan, 136.50 for a thousand messages: 235.50 net, 280.25 gross."""
    return issued(buyer, staff, plan(), charge())


def correct(invoice: Invoice, actor: Actor, **quantities: Any) -> Invoice:
    """An issued correction of `line_1=…` and so on."""
    wanted = {int(name.removeprefix("line_")): Decimal(value) for name, value in quantities.items()}
    made = corrections.draft_correction(invoice, wanted, reason="counted twice", actor=actor)
    issuing.approve(made, actor=actor)
    return issuing.issue_invoice(made, now=NOW, build=unchecked)


def test_a_correction_copies_what_the_invoice_said_and_is_set_off_against_it(invoice: Invoice, actor: Actor) -> None:
    made = correct(invoice, actor, line_2=100)
    assert (made.kind, made.tax_exclusive_amount, made.tax_amount) == ("correction", Decimal("13.65"), Decimal("2.59"))
    assert (made.buyer, made.tax, made.corrects_id) == (invoice.buyer, invoice.tax, invoice.pk)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.credited_amount) == ("issued", Decimal("16.24"))
    assert invoice.open_amount == Decimal("264.01")


def test_a_cancellation_takes_all_of_it_back(invoice: Invoice, actor: Actor) -> None:
    made = corrections.draft_cancellation(invoice, reason="wrong company", actor=actor)
    issuing.approve(made, actor=actor)
    made = issuing.issue_invoice(made, now=NOW, build=unchecked)
    invoice.refresh_from_db()
    assert (made.tax_inclusive_amount, invoice.state, invoice.open_amount) == (Decimal("280.25"), "corrected", 0)


@pytest.mark.parametrize("quantities", [{2: Decimal(1001)}, {2: Decimal(-1)}, {9: Decimal(1)}, {}])
def test_more_than_the_line_or_another_line_is_refused(
    invoice: Invoice, actor: Actor, quantities: dict[int, Decimal]
) -> None:
    with pytest.raises(Refused):
        corrections.draft_correction(invoice, quantities, reason="counted twice", actor=actor)


def test_what_was_taken_back_cannot_be_taken_back_again(invoice: Invoice, actor: Actor) -> None:
    correct(invoice, actor, line_2=600)
    with pytest.raises(Refused, match="only 400 left"):
        corrections.draft_correction(invoice, {2: Decimal(401)}, reason="again", actor=actor)
    with pytest.raises(Refused, match="Correct what is left"):
        corrections.draft_cancellation(invoice, reason="again", actor=actor)


def test_a_correction_that_became_too_large_gets_no_number(invoice: Invoice, actor: Actor) -> None:
    made = corrections.draft_correction(invoice, {2: Decimal(600)}, reason="counted twice", actor=actor)
    issuing.approve(made, actor=actor)
    Invoice.objects.filter(pk=made.pk).update(
        tax_shares=[{**made.tax_shares[0], "basis": "300.00", "tax": "57.00"}],
        tax_exclusive_amount=Decimal(300),
        tax_amount=Decimal(57),
        tax_inclusive_amount=Decimal(357),
    )
    with pytest.raises(Refused, match="cannot be larger"):
        issuing.issue_invoice(made, now=NOW, build=unchecked)


def test_one_correction_is_drafted_at_a_time(invoice: Invoice, actor: Actor) -> None:
    first = corrections.draft_correction(invoice, {2: Decimal(1)}, reason="counted twice", actor=actor)
    with pytest.raises(Refused, match="being drafted already"):
        corrections.draft_correction(invoice, {2: Decimal(1)}, reason="counted twice", actor=actor)
    assert corrections.drop_correction(first, actor=actor)
    assert corrections.draft_correction(invoice, {2: Decimal(1)}, reason="counted twice", actor=actor)


@pytest.mark.parametrize(
    ("price", "parts"),
    [
        *[("0.03", [1] * 10), ("0.02", [1] * 10), ("0.03", [3, 7]), ("0.13", [9, 1])],
        *[("0.016", [1] * 10), ("0.014", [1] * 10), ("0.125", [5, 5])],
    ],
    ids=[
        *["each VAT rounds up", "each VAT rounds down", "two parts", "a small rest"],
        *["each net rounds up", "each net rounds down", "two halves of a cent"],
    ],
)
def test_an_invoice_taken_back_in_parts_is_taken_back_to_the_cent(
    buyer: Company, staff: User, actor: Actor, price: str, parts: list[int]
) -> None:
    odd = issued(buyer, staff, charge(unit_price=Decimal(price), quantity=Decimal(10)))
    for part in parts:
        correct(odd, actor, line_1=part)
    odd.refresh_from_db()
    assert (odd.state, odd.open_amount) == ("corrected", 0)


def test_a_part_passes_the_rules_as_it_was_rounded_and_not_a_cent_beside_it(
    buyer: Company, staff: User, actor: Actor
) -> None:
    odd = issued(buyer, staff, charge(unit_price=Decimal("0.016"), quantity=Decimal(10)))
    parts = [correct(odd, actor, line_1=1) for _part in range(3)]
    documents = [document_of(part) for part in parts]
    assert [document.lines[0].net for document in documents] == [Decimal("0.02"), Decimal("0.01"), Decimal("0.02")]
    for document in documents:
        assert own_findings(document) == []
        (line,) = document.lines
        for off in (line.net + CENT, line.net - CENT):
            wrong = replace(document, lines=(replace(line, net=off),))
            assert [finding.rule for finding in own_findings(wrong)] == ["OWN-NET"]


def test_a_draft_and_a_correction_are_not_corrected(buyer: Company, invoice: Invoice, actor: Actor) -> None:
    made = correct(invoice, actor, line_2=1)
    for wrong in (made, draft(buyer, plan(key="plan:other"))):
        with pytest.raises(Refused):
            corrections.draft_cancellation(wrong, reason="no", actor=actor)


def test_a_correction_says_why(invoice: Invoice, actor: Actor) -> None:
    with pytest.raises(Refused, match="Say why"):
        corrections.draft_cancellation(invoice, reason=" ", actor=actor)


def test_a_debt_that_is_given_up_is_written_off_and_not_paid(invoice: Invoice, actor: Actor) -> None:
    assert corrections.write_off(invoice, reason="insolvent", actor=actor, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid_amount, invoice.open_amount) == ("written_off", 0, 0)
    assert not corrections.write_off(invoice, reason="insolvent", actor=actor, now=NOW)


def test_a_debt_that_was_given_up_and_is_then_taken_back_is_nobody_s(invoice: Invoice, actor: Actor) -> None:
    corrections.write_off(invoice, reason="insolvent", actor=actor, now=NOW)
    correct(invoice, actor, line_2=1000)
    invoice.refresh_from_db()
    assert (invoice.credited_amount, invoice.written_off_amount) == (Decimal("162.44"), Decimal("117.81"))
    assert (invoice.state, invoice.open_amount) == ("written_off", 0)
    correct(invoice, actor, line_1=1)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.written_off_amount, invoice.open_amount) == ("corrected", 0, 0)


def test_a_cancellation_takes_back_the_cost_of_each_line_with_its_sign(
    buyer: Company, staff: User, actor: Actor
) -> None:
    taken_back = charge("usage:2", kind="adjustment", quantity=Decimal(-100))
    invoice = issued(buyer, staff, plan(), charge(), taken_back)
    made = corrections.draft_cancellation(invoice, reason="wrong company", actor=actor)
    told = [[(line.net, line.cost) for line in one.lines.all()] for one in (invoice, made)]
    assert told[0] == told[1]
    assert told[1][2] == (Decimal("-13.65"), Decimal("-11.31"))


quantities = st.decimals("0.001", "100000", places=3)
prices = st.decimals("0.000001", "500", places=6)
sequences = st.lists(st.decimals("0.001", "1", places=3), max_size=12)


@given(quantities, prices, sequences, st.sampled_from([1, -1]))
def test_any_parts_of_a_line_add_up_to_its_net_and_its_vat(
    quantity: Decimal, price: Decimal, shares: list[Decimal], sign: int
) -> None:
    quantity, key = (sign * quantity).quantize(PLACES), ("S", Decimal(19))
    left, net_left = quantity, net_of(quantity, price)
    (of_invoice,) = tax_shares([Amount(abs(net_left), *key)])
    basis, tax = of_invoice.basis, of_invoice.tax
    for share in [*shares, Decimal(1)]:
        part = (left * share).quantize(PLACES)
        net = net_of(part, price, after=quantity - left)
        assert abs(net - net_of(part, price)) <= CENT
        assert net * quantity >= 0
        (given_back,) = tax_shares([Amount(abs(net), *key)], at_most={key: tax})
        given_back = corrections._rest_whole(given_back, {key: (basis, tax)})
        basis, tax = basis - abs(net), tax - given_back.tax
        assert basis >= 0
        assert tax >= 0
        left, net_left = left - part, net_left - net
    assert (left, net_left, basis, tax) == (0, 0, 0, 0)
