"""Money in: in parts, too much, twice, taken back; and who owes what."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoices import corrections, issuing
from billing.invoices.models import Invoice
from billing.payments import owing, services
from billing.payments.models import Payment
from tenants.models import Company, User
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tests.billing.invoices.cast import NOW, OCTOBER, draft, issued, plan, ready, unchecked

DAY = date(2026, 11, 10)


@pytest.fixture
def actor(staff: User) -> Actor:
    return Actor(user=staff)


@pytest.fixture
def invoice(acme: Company, staff: User) -> Invoice:
    """99.00 net, 117.81 gross, due on 17 November."""
    ready(acme)
    return issued(acme, staff, plan())


def pay(company: Company, amount: str, actor: Actor, **values: Any) -> Payment:
    facts = {"currency": "EUR", "received_date": DAY, "reference": "", **values}
    return services.record_payment(company, amount=Decimal(amount), actor=actor, **facts)


def standing(invoice: Invoice) -> tuple[str, Decimal]:
    invoice.refresh_from_db()
    return invoice.state, invoice.open_amount


def test_a_payment_of_what_is_open_pays_the_invoice(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, actor=actor, now=NOW)
    assert standing(invoice) == ("paid", 0)
    assert invoice.settled_at == NOW


def test_a_part_pays_a_part_and_the_rest_pays_the_rest(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, amount=Decimal("17.81"), actor=actor)
    assert standing(invoice) == ("part_paid", Decimal("100.00"))
    services.mark_paid(invoice, received_date=DAY, actor=actor)
    assert standing(invoice) == ("paid", 0)


def test_what_is_too_much_is_the_company_s_credit(invoice: Invoice, actor: Actor) -> None:
    payment = services.mark_paid(invoice, received_date=DAY, amount=Decimal("120.00"), actor=actor)
    assert standing(invoice) == ("paid", 0)
    assert payment.unallocated_amount == Decimal("2.19")


def test_a_second_payment_of_a_paid_invoice_is_kept_whole(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, actor=actor)
    second = services.mark_paid(invoice, received_date=DAY, amount=Decimal("117.81"), actor=actor)
    assert second.unallocated_amount == Decimal("117.81")
    assert standing(invoice) == ("paid", 0)


def test_the_same_bank_entry_is_booked_once(invoice: Invoice, actor: Actor) -> None:
    for _time in range(2):
        services.mark_paid(invoice, received_date=DAY, amount=Decimal("50.00"), external_id="entry:1", actor=actor)
    assert Payment.objects.count() == 1
    assert standing(invoice) == ("part_paid", Decimal("67.81"))


def test_a_payment_is_spent_once(invoice: Invoice, acme: Company, staff: User, actor: Actor) -> None:
    other = issued(acme, staff, plan(key="plan:other"), period=OCTOBER)
    payment = pay(acme, "150.00", actor)
    services.allocate(payment, invoice, actor=actor)
    services.allocate(payment, other, actor=actor)
    assert standing(other) == ("part_paid", Decimal("85.62"))
    with pytest.raises(Refused, match=r"At most 0\.00"):
        services.allocate(payment, other, actor=actor)


@pytest.mark.parametrize("amount", ["117.82", "0", "-1"])
def test_no_more_than_is_open_goes_to_an_invoice(invoice: Invoice, acme: Company, actor: Actor, amount: str) -> None:
    with pytest.raises(Refused):
        services.allocate(pay(acme, "500.00", actor), invoice, Decimal(amount), actor=actor)


def test_a_payment_pays_neither_a_rival_s_invoice_nor_another_currency_s(
    invoice: Invoice, acme: Company, globex: Company, actor: Actor
) -> None:
    for payment in (pay(globex, "117.81", actor), pay(acme, "117.81", actor, currency="USD")):
        with pytest.raises(Refused, match="another company"):
            services.allocate(payment, invoice, actor=actor)


def test_a_draft_is_not_paid(acme: Company, actor: Actor) -> None:
    ready(acme)
    with pytest.raises(Refused, match="Only an issued"):
        services.mark_paid(draft(acme, plan()), received_date=DAY, actor=actor)


@pytest.mark.parametrize("amount", ["0", "-5", "1.001"])
def test_a_payment_is_more_than_nothing_in_whole_cents(acme: Company, actor: Actor, amount: str) -> None:
    with pytest.raises(Refused):
        pay(acme, amount, actor)


def test_invoices_named_in_the_reference_are_found(invoice: Invoice, acme: Company, staff: User, actor: Actor) -> None:
    other = issued(acme, staff, plan(key="plan:other"), period=OCTOBER)
    payment = pay(acme, "200.00", actor, reference="Zahlung re000002 und RE-000001, danke")
    made = services.match(payment, actor=actor)
    assert [allocation.invoice for allocation in made] == [other, invoice]
    assert (standing(other), standing(invoice)) == (("paid", 0), ("part_paid", Decimal("35.62")))


def test_a_rival_s_invoice_in_the_reference_is_not_touched(invoice: Invoice, globex: Company, actor: Actor) -> None:
    assert services.match(pay(globex, "117.81", actor, reference=str(invoice.number)), actor=actor) == []
    assert standing(invoice) == ("issued", Decimal("117.81"))


def test_a_payment_the_bank_took_back_opens_its_invoice_again(invoice: Invoice, actor: Actor) -> None:
    payment = services.mark_paid(invoice, received_date=DAY, actor=actor)
    assert services.reverse_payment(payment, reason="returned", actor=actor)
    assert not services.reverse_payment(payment, reason="returned", actor=actor)
    assert standing(invoice) == ("issued", Decimal("117.81"))
    payment.refresh_from_db()
    assert (payment.amount, payment.unallocated_amount) == (Decimal("117.81"), 0)


def test_a_correction_after_payment_leaves_money_that_is_owed_back(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, actor=actor)
    made = corrections.draft_cancellation(invoice, reason="wrong company", actor=actor)
    issuing.approve(made, actor=actor)
    issuing.issue_invoice(made, now=NOW, build=unchecked)
    assert standing(invoice) == ("corrected", Decimal("-117.81"))


def test_an_invoice_is_always_payments_and_credits_and_write_offs_and_rest(
    invoice: Invoice, acme: Company, actor: Actor
) -> None:
    services.mark_paid(invoice, received_date=DAY, amount=Decimal("10.00"), actor=actor)
    corrections.write_off(invoice, reason="small", actor=actor)
    invoice.refresh_from_db()
    parts = (invoice.paid_amount, invoice.credited_amount, invoice.written_off_amount, invoice.open_amount)
    assert sum(parts) == invoice.tax_inclusive_amount


# --- Who owes what ---------------------------------------------------------------------------------


def test_open_items_name_what_is_owed_and_how_late_it_is(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, amount=Decimal("17.81"), actor=actor)
    assert [(item.open_amount, item.days_overdue) for item in owing.open_items(date(2026, 11, 17))] == [(100, 0)]
    assert [(item.open_amount, item.days_overdue) for item in owing.open_items(date(2026, 11, 20))] == [(100, 3)]
    services.mark_paid(invoice, received_date=DAY, actor=actor)
    assert owing.open_items(date(2026, 11, 20)) == []


def test_balances_put_first_who_is_latest_with_most(
    invoice: Invoice, acme: Company, globex: Company, staff: User, actor: Actor
) -> None:
    ready(globex, payment_terms_days=60)
    issued(globex, staff, plan(unit_price=Decimal("1000.00")))
    pay(globex, "5.00", actor)
    first, second = owing.balances(date(2026, 12, 20))
    assert (first.company, first.owed, first.overdue) == (acme, Decimal("117.81"), Decimal("117.81"))
    assert first.ages == {0: 0, 30: 0, 60: Decimal("117.81"), 90: 0}
    assert (second.company, second.owed, second.overdue, second.credit) == (globex, 1190, 0, 5)


def test_balances_ask_as_often_for_many_as_for_one(
    invoice: Invoice, acme: Company, globex: Company, staff: User, actor: Actor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for balance in owing.balances(DAY):
                assert balance.company.address_name
        return len(asked)

    pay(acme, "5.00", actor)
    before = queries()
    ready(globex)
    issued(globex, staff, plan())
    issued(acme, staff, plan(key="plan:other"), period=OCTOBER, now=NOW + timedelta(days=1))
    pay(globex, "5.00", actor)
    assert queries() == before


def test_what_came_in_is_summed_by_currency(acme: Company, actor: Actor) -> None:
    pay(acme, "10.00", actor)
    pay(acme, "5.00", actor, currency="USD")
    services.reverse_payment(pay(acme, "99.00", actor), reason="returned", actor=actor)
    assert owing.income(DAY, DAY) == {"EUR": Decimal("10.00"), "USD": Decimal("5.00")}
