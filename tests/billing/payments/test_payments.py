"""Money in: in parts, too much, twice, taken back; and who owes what."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoices import corrections, issuing
from billing.invoices.models import BillingProfile, Invoice
from billing.payments import owing, services
from billing.payments.models import Payment, Refund
from tenants.models import AuditEntry, Company, User
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tests.billing.invoices.cast import NOW, OCTOBER, draft, issued, plan, ready, unchecked
from tests.conftest import Cast

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


def test_a_bank_entry_that_is_told_again_of_another_amount_is_refused(invoice: Invoice, actor: Actor) -> None:
    services.mark_paid(invoice, received_date=DAY, amount=Decimal("10.00"), external_id="entry 1", actor=actor)
    with pytest.raises(Refused, match="booked already"):
        services.mark_paid(invoice, received_date=DAY, amount=Decimal("20.00"), external_id="entry 1", actor=actor)
    assert standing(invoice) == ("part_paid", Decimal("107.81"))


def test_a_payment_is_spent_once(invoice: Invoice, acme: Company, staff: User, actor: Actor) -> None:
    other = issued(acme, staff, plan(key="plan:other"), period=OCTOBER)
    payment = pay(acme, "150.00", actor)
    services.allocate(payment, invoice, actor=actor)
    services.allocate(payment, other, actor=actor)
    assert standing(other) == ("part_paid", Decimal("85.62"))
    with pytest.raises(Refused, match=r"At most €0\.00"):
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
    (balance,) = owing.balances(DAY)
    assert (balance.company, balance.owed, balance.credit) == (invoice.company, 0, Decimal("117.81"))


def test_an_invoice_is_always_payments_and_credits_and_write_offs_and_rest(
    invoice: Invoice, acme: Company, actor: Actor
) -> None:
    services.mark_paid(invoice, received_date=DAY, amount=Decimal("10.00"), actor=actor)
    corrections.write_off(invoice, reason="small", actor=actor)
    invoice.refresh_from_db()
    parts = (invoice.paid_amount, invoice.credited_amount, invoice.written_off_amount, invoice.open_amount)
    assert sum(parts) == invoice.tax_inclusive_amount


# --- What is free again ----------------------------------------------------------------------------


@pytest.fixture
def freed(invoice: Invoice, actor: Actor) -> Payment:
    """A payment whose invoice was taken back afterwards, and then let go of it."""
    payment = services.mark_paid(invoice, received_date=DAY, actor=actor)
    cancel(invoice, actor)
    assert services.release(payment.allocations.get(), reason="the invoice was wrong", actor=actor)
    payment.refresh_from_db()
    return payment


def cancel(invoice: Invoice, actor: Actor) -> None:
    made = corrections.draft_cancellation(invoice, reason="wrong company", actor=actor)
    issuing.approve(made, actor=actor)
    issuing.issue_invoice(made, now=NOW, build=unchecked)


def give_back(payment: Payment, amount: str, actor: Actor, **values: Any) -> Refund:
    facts = {"refund_date": DAY, "external_id": "form 1", **values}
    return services.record_refund(payment, amount=Decimal(amount), actor=actor, **facts)


def test_money_that_is_let_go_pays_another_invoice(
    freed: Payment, invoice: Invoice, acme: Company, staff: User, actor: Actor
) -> None:
    assert standing(invoice) == ("corrected", 0)
    other = issued(acme, staff, plan(key="plan:other"), period=OCTOBER)
    services.allocate(freed, other, actor=actor)
    assert standing(other) == ("paid", 0)
    assert owing.balances(DAY) == []
    assert freed.allocations.order_by("pk")[0].release_reason == "the invoice was wrong"


def test_money_is_let_go_once_and_with_a_reason(freed: Payment, actor: Actor) -> None:
    one = freed.allocations.get()
    assert not services.release(one, reason="again", actor=actor)
    with pytest.raises(Refused, match="Say why"):
        services.release(one, reason=" ", actor=actor)
    freed.refresh_from_db()
    assert freed.unallocated_amount == Decimal("117.81")


def test_a_part_is_let_go_and_the_rest_pays_on(invoice: Invoice, actor: Actor) -> None:
    payment = services.mark_paid(invoice, received_date=DAY, actor=actor)
    assert services.release(payment.allocations.get(), amount=Decimal("17.81"), reason="corrected", actor=actor)
    payment.refresh_from_db()
    assert (payment.unallocated_amount, standing(invoice)) == (Decimal("17.81"), ("part_paid", Decimal("17.81")))
    assert payment.allocations.get(released_at=None).amount == 100


@pytest.mark.parametrize("amount", ["0", "-1", "117.82", "1.001"])
def test_no_more_is_let_go_than_pays(invoice: Invoice, actor: Actor, amount: str) -> None:
    payment = services.mark_paid(invoice, received_date=DAY, actor=actor)
    with pytest.raises(Refused, match="At most"):
        services.release(payment.allocations.get(), amount=Decimal(amount), reason="corrected", actor=actor)


def test_what_is_paid_back_is_nobody_s_credit_any_more(freed: Payment, acme: Company, actor: Actor) -> None:
    (before,) = owing.balances(DAY)
    give_back(freed, "100.00", actor)
    (after,) = owing.balances(DAY)
    assert (before.credit, after.credit) == (Decimal("117.81"), Decimal("17.81"))
    give_back(freed, "17.81", actor, external_id="form 2")
    assert owing.balances(DAY) == []


def test_the_same_refund_twice_is_one(freed: Payment, actor: Actor) -> None:
    assert give_back(freed, "117.81", actor) == give_back(freed, "117.81", actor)
    freed.refresh_from_db()
    assert freed.refunded_amount == Decimal("117.81")
    with pytest.raises(Refused, match="booked already"):
        give_back(freed, "17.81", actor)


@pytest.mark.parametrize("amount", ["0", "-1", "117.82", "1.001"])
def test_no_more_is_paid_back_than_is_free(freed: Payment, actor: Actor, amount: str) -> None:
    with pytest.raises(Refused, match="At most"):
        give_back(freed, amount, actor)


def test_money_is_not_paid_back_before_it_came_in(freed: Payment, actor: Actor) -> None:
    with pytest.raises(Refused, match="not come in"):
        give_back(freed, "1.00", actor, refund_date=DAY - timedelta(days=1))


def test_what_was_paid_back_pays_no_invoice(freed: Payment, acme: Company, staff: User, actor: Actor) -> None:
    other = issued(acme, staff, plan(key="plan:other"), period=OCTOBER)
    give_back(freed, "117.81", actor)
    with pytest.raises(Refused, match=r"At most €0\.00"):
        services.allocate(freed, other, actor=actor)


def test_a_refund_that_is_taken_back_makes_its_money_free_again(freed: Payment, actor: Actor) -> None:
    made = give_back(freed, "117.81", actor)
    with pytest.raises(Refused, match="Take the refund back first"):
        services.reverse_payment(freed, reason="returned", actor=actor)
    assert services.reverse_refund(made, reason="came back", actor=actor)
    assert not services.reverse_refund(made, reason="came back", actor=actor)
    freed.refresh_from_db()
    assert freed.unallocated_amount == Decimal("117.81")
    assert services.reverse_payment(freed, reason="returned", actor=actor)


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


def test_who_owes_is_found_by_its_index(invoice: Invoice) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "invoice_open" in Invoice.objects.owing().explain()


def test_one_company_s_balance_is_reckoned_from_its_own(
    invoice: Invoice, acme: Company, globex: Company, staff: User, actor: Actor
) -> None:
    ready(globex)
    issued(globex, staff, plan())
    pay(globex, "5.00", actor)
    (own,) = owing.balances(DAY, acme)
    assert own == next(one for one in owing.balances(DAY) if one.company == acme)


@pytest.fixture
def sent_together(committed: Cast) -> Iterator[tuple[Payment, Invoice]]:
    """A payment and the invoice it names, in the database, and nothing of them left behind."""
    company, person = Company.objects.get(pk=committed.acme), User.objects.get(pk=committed.staff)
    ready(company)
    kept = set(AuditEntry.objects.values_list("pk", flat=True))
    made = issued(company, person, plan())
    try:
        yield pay(company, "200.00", Actor(user=person), reference=str(made.number)), made
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in (
                "allocation",
                "refund",
                "payment",
                "issueddocument",
                "invoiceline",
                "invoice",
                "invoiceseries",
            ):
                cursor.execute(f"DELETE FROM billing_{table}")
            cursor.execute("DELETE FROM tenants_auditentry WHERE NOT id = ANY(%s)", [list(kept)])
            cursor.execute("SET session_replication_role = DEFAULT")
        BillingProfile.objects.all().delete()


def test_a_payment_matched_by_many_at_once_pays_once_and_refuses_nobody(
    sent_together: tuple[Payment, Invoice], committed: Cast
) -> None:
    payment, invoice = sent_together
    actor = Actor(user=User.objects.get(pk=committed.staff))

    def match(_attempt: int) -> int:
        try:
            return len(services.match(Payment.objects.get(pk=payment.pk), actor=actor))
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(match, range(24))) == 1
    assert standing(invoice) == ("paid", 0)


def test_an_invoice_that_is_paid_while_its_payment_is_taken_back_is_open_again(
    sent_together: tuple[Payment, Invoice], committed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, invoice = sent_together
    actor = Actor(user=User.objects.get(pk=committed.staff))
    locked, overtakers = services._locked, [invoice]

    def allocate() -> None:
        try:
            services.allocate(Payment.objects.get(pk=payment.pk), invoice, actor=actor)
        finally:
            connection.close()

    def overtaken(found: Payment) -> Payment:
        """Between the locks of the invoices and that of the payment."""
        if overtakers:
            overtakers.pop()
            with ThreadPoolExecutor(max_workers=1) as pool:
                pool.submit(allocate).result()
        return locked(found)

    monkeypatch.setattr(services, "_locked", overtaken)
    assert services.reverse_payment(payment, reason="returned", actor=actor)
    payment.refresh_from_db()
    assert (standing(invoice), payment.allocated_amount) == (("issued", Decimal("117.81")), 0)


def test_money_that_many_let_go_and_give_back_at_once_moves_once(
    sent_together: tuple[Payment, Invoice], committed: Cast
) -> None:
    payment, invoice = sent_together
    actor = Actor(user=User.objects.get(pk=committed.staff))
    one = services.allocate(payment, invoice, actor=actor)

    def move(attempt: int) -> bool:
        try:
            fresh = Payment.objects.get(pk=payment.pk)
            if attempt % 2:
                return services.release(one, reason="corrected", actor=actor)
            give_back(fresh, "82.19", actor)
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(move, range(24))) == 1
    payment.refresh_from_db()
    assert (payment.allocated_amount, payment.refunded_amount) == (0, Decimal("82.19"))
    assert standing(invoice) == ("issued", Decimal("117.81"))
