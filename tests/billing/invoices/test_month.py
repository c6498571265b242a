"""A month from charges to a sent invoice: step by step, each of them twice, none of them at a neighbour's cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps

from billing.einvoice.rule_words import Finding
from billing.einvoice.rules import RulesNotRun, RulesRefused
from billing.einvoice.tax import Outcome
from billing.invoices import corrections, issuing, month, month_words, sending
from billing.invoices.models import BillingProfile, Invoice, InvoiceLine, MonthClose, Step
from billing.rating.charges import Period, Problem
from tenants.models import Company, DueWork, Mail, User
from tenants.services import mail
from tenants.services.audit import Actor
from tests.billing.invoices.cast import NOW, OCTOBER, Rater, charge, issued, plan, ready, seats, tools, unchecked

Outbox = list[Any]
Run = Callable[..., MonthClose]


@pytest.fixture
def october(buyer: Company) -> MonthClose:
    Company.objects.filter(pk=buyer.pk).update(opened_at=datetime(2026, 9, 1, tzinfo=UTC))
    return MonthClose.objects.create(company=buyer, first=OCTOBER.first, last=OCTOBER.last, due_at=NOW)


@pytest.fixture(autouse=True)
def rater() -> Rater:
    """The rating of this test: the plan and a thousand messages, unless it says otherwise."""
    return Rater(plan(), charge())


@pytest.fixture
def run(rater: Rater) -> Run:
    """Take a month as far as it goes."""

    def go(found: MonthClose, *charges: Any, now: datetime = NOW, **values: Any) -> MonthClose:
        if charges:
            rater.charges = list(charges)
        return month.close_month(found, now=now, tools=tools(rater, **values))

    return go


def blocks(found: MonthClose) -> list[str]:
    return [entry["code"] for entry in found.blocks]


def all_rows() -> dict[str, list[Any]]:
    """Everything billing and mail know."""
    models = [*apps.get_app_config("billing").get_models(), Mail]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_a_month_becomes_a_sent_invoice_with_one_word_of_a_person(
    run: Run, october: MonthClose, actor: Actor, outbox: Outbox
) -> None:
    found = run(october, plan(), seats(), charge())
    assert (found.step, found.blocks) == (Step.APPROVE, [])
    assert month.approve_month(found, actor=actor, now=NOW)
    found = run(found)
    assert found.step == Step.SEND
    mail.send_due()
    found = run(found, now=NOW + timedelta(minutes=5))
    assert (found.step, found.blocks) == (Step.DONE, [])
    assert found.invoice is not None
    assert (found.invoice.number, found.invoice.state) == ("RE-000001", "sent")
    (message,) = outbox
    assert message.to == ["rechnung@acme.example"]
    assert message.attachments[0].filename == "RE-000001.pdf"
    assert message.attachments[0].content == bytes(found.invoice.document.pdf)


def test_every_step_run_twice_changes_no_row(
    run: Run, rater: Rater, october: MonthClose, actor: Actor, outbox: Outbox
) -> None:
    found = october
    for _step in range(4):
        found = run(found)
        before = all_rows()
        company = found.company
        month.close_company(company, now=NOW, tools=tools(rater))
        run(found) if found.step in {Step.APPROVE, Step.DONE} else None
        assert all_rows() == before
        month.approve_month(found, actor=actor, now=NOW)
        mail.send_due()


def test_a_month_is_closed_once_for_two_workers(run: Run, october: MonthClose, actor: Actor) -> None:
    stale = MonthClose.objects.get(pk=october.pk)
    run(october)
    run(stale)
    assert Invoice.objects.count() == 1
    assert InvoiceLine.objects.count() == 2


def test_months_begin_once_for_the_companies_that_were_there(acme: Company, globex: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(opened_at=datetime(2026, 10, 31, 22, 0, tzinfo=UTC))
    Company.objects.filter(pk=globex.pk).update(opened_at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC))  # in November
    assert month.begin_months(OCTOBER, now=NOW) == 1
    assert month.begin_months(OCTOBER, now=NOW) == 0
    (found,) = MonthClose.objects.all()
    assert (found.company, found.first, found.last) == (acme, OCTOBER.first, OCTOBER.last)


def test_a_month_waits_two_days_for_its_last_reports(acme: Company, rater: Rater) -> None:
    Company.objects.filter(pk=acme.pk).update(opened_at=datetime(2026, 9, 1, tzinfo=UTC))
    first_hour = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    month.begin_months(OCTOBER, now=first_hour)
    due_at = DueWork.objects.get(kind=month.KIND, company=acme).due_at
    assert due_at == datetime(2026, 11, 2, 23, 0, tzinfo=UTC)
    month.close_company(acme, now=first_hour, tools=tools(rater))
    assert not Invoice.objects.exists()
    month.close_company(acme, now=due_at, tools=tools(rater))
    assert Invoice.objects.exists()


@pytest.mark.parametrize(
    ("instant", "first", "last"),
    [
        (datetime(2028, 3, 1, 12, tzinfo=UTC), date(2028, 2, 1), date(2028, 2, 29)),
        (datetime(2027, 3, 31, 12, tzinfo=UTC), date(2027, 2, 1), date(2027, 2, 28)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2026, 12, 1), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 22, 30, tzinfo=UTC), date(2026, 11, 1), date(2026, 11, 30)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 9, 1), date(2026, 9, 30)),
    ],
)
def test_last_month_is_the_seller_s(instant: datetime, first: date, last: date) -> None:
    assert month.last_month(instant) == Period(first, last)


def test_an_unrated_charge_blocks_its_company_and_no_other(
    run: Run, rater: Rater, october: MonthClose, globex: Company, actor: Actor
) -> None:
    ready(globex)
    other = MonthClose.objects.create(company=globex, first=OCTOBER.first, last=OCTOBER.last)
    rater.problems = (Problem("rate", date(2026, 10, 3), "Fiji", "utility", quantity=3),)
    blocked = run(october)
    assert (blocked.step, blocks(blocked)) == (Step.COLLECT, ["rating"])
    assert "Fiji" in month_words.words_of(blocked.blocks[0])
    rater.problems = ()
    assert run(other, plan(key="of:globex")).step == Step.APPROVE
    assert not Invoice.objects.filter(company=october.company).exists()
    month.try_again(blocked, now=NOW)
    assert run(blocked, plan()).step == Step.APPROVE


def test_a_block_is_tried_again_less_and_less_often(run: Run, rater: Rater, october: MonthClose) -> None:
    rater.problems = (Problem("rate", date(2026, 10, 3), "Fiji", "utility"),)
    waits, now = [], NOW
    for _time in range(6):
        october = run(october, now=now)
        waits.append((october.due_at - now) // timedelta(hours=1))
        now = october.due_at
    assert waits == [1, 2, 4, 8, 12, 12]


@pytest.mark.parametrize("charges", [(), (plan(unit_price=Decimal(0)),), (charge(quantity=Decimal(0)),)])
def test_nothing_to_bill_ends_the_month_without_an_invoice(october: MonthClose, charges: tuple[Any, ...]) -> None:
    rater = Rater(*charges)
    found = month.close_month(october, now=NOW, tools=tools(rater))
    assert set(rater.claims) == {one.key for one in charges}
    assert (found.step, blocks(found), found.invoice) == (Step.DONE, ["nothing_to_bill"], None)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("charges", "code"),
    [
        ((plan(), charge("adjust:1", unit_price=Decimal("-0.5"))), "below_zero"),
        ((plan(), charge(currency="USD")), "currencies"),
        ((plan(), charge(unit_price=Decimal("0.1234567"))), "too_fine"),
    ],
)
def test_charges_that_make_no_invoice_say_why(
    run: Run, october: MonthClose, charges: tuple[Any, ...], code: str
) -> None:
    found = run(october, *charges)
    assert (found.step, blocks(found)) == (Step.COLLECT, [code])
    assert month_words.words_of(found.blocks[0])


def test_a_charge_that_is_on_an_issued_invoice_is_not_billed_again(run: Run, october: MonthClose, staff: User) -> None:
    first = issued(october.company, staff, charge("usage:old"), period=Period(date(2026, 9, 1), date(2026, 9, 30)))
    found = run(october, plan(), charge("usage:old"))
    assert found.blocks == [{"code": "billed_before", "key": "usage:old", "number": first.number}]


def test_what_comes_late_is_no_part_of_a_draft_until_it_is_collected_again(
    run: Run, rater: Rater, october: MonthClose, actor: Actor
) -> None:
    found = run(october, plan())
    rater.charges.append(charge("usage:late"))
    found = run(found)
    assert found.invoice is not None
    assert found.invoice.lines.count() == 1
    assert [one.key for one in rater.charges_for(found.company, OCTOBER, now=NOW).charges] == ["usage:late"]
    month.collect_again(found, actor=actor, reason="late reports", now=NOW)
    found = run(found)
    assert found.invoice is not None
    assert found.invoice.lines.count() == 2
    assert set(rater.claims.values()) == {found.invoice.public_id}


def test_an_approval_is_for_the_lines_that_were_approved(
    run: Run, rater: Rater, october: MonthClose, actor: Actor
) -> None:
    found = run(october, plan())
    month.approve_month(found, actor=actor, now=NOW)
    rater.charges.append(charge("usage:late"))
    found = run(found)
    assert found.invoice is not None
    assert found.invoice.is_issued()
    assert found.invoice.lines.count() == 1


def test_a_draft_that_says_the_same_keeps_its_rows(run: Run, october: MonthClose, actor: Actor) -> None:
    found = run(october)
    lines = list(InvoiceLine.objects.values_list("pk", flat=True))
    month.collect_again(found, actor=actor, reason="to be sure", now=NOW)
    again = run(found)
    assert again.invoice == found.invoice
    assert list(InvoiceLine.objects.values_list("pk", flat=True)) == lines


def test_a_company_without_an_address_waits_with_words(run: Run, october: MonthClose) -> None:
    BillingProfile.objects.update(street="", city="")
    found = run(october)
    assert (found.step, blocks(found)) == (Step.REVIEW, ["buyer"])
    words = "The company's invoice details lack: street and number, town."
    assert month_words.words_of(found.blocks[0]) == words
    ready(october.company)
    assert run(found).step == Step.APPROVE


def test_a_seller_without_an_account_waits_with_words(run: Run, october: MonthClose, settings: Any) -> None:
    settings.OPERATOR = {**settings.OPERATOR, "iban": ""}
    found = run(october)
    assert blocks(found) == ["seller"]
    assert "OPERATOR_IBAN" in month_words.words_of(found.blocks[0])


def test_a_vat_id_without_an_answer_waits_and_is_never_guessed(run: Run, october: MonthClose) -> None:
    Company.objects.filter(pk=october.company.pk).update(country="AT", vat_id="ATU13585627")
    found = run(october)
    assert (found.step, blocks(found)) == (Step.REVIEW, ["vat_check"])
    assert Invoice.objects.get().state == "pending"
    found = run(found, outcome=Outcome.VALID, now=NOW + timedelta(hours=1))
    assert found.step == Step.APPROVE
    assert Invoice.objects.get().tax["category"] == "AE"


def test_what_the_rules_refuse_never_reaches_a_person_as_ready(run: Run, october: MonthClose) -> None:
    def refuses(_document: Any) -> Any:
        raise RulesRefused([Finding("BR-AE-02", "BG-7", "…")])

    found = run(october, build=refuses)
    assert (found.step, blocks(found)) == (Step.REVIEW, ["rules"])
    assert month_words.words_of(found.blocks[0]) == "Reverse charge needs the VAT ids of both sides. (BR-AE-02)"


def test_rules_that_do_not_run_are_tried_again(run: Run, october: MonthClose) -> None:
    def broken(_document: Any) -> Any:
        raise RulesNotRun("MemoryError")

    found = run(october, build=broken)
    assert (found.step, blocks(found)) == (Step.REVIEW, ["rules_not_run"])
    assert run(found).step == Step.APPROVE


def test_nobody_but_a_person_moves_a_month_to_its_number(run: Run, rater: Rater, october: MonthClose) -> None:
    found = run(run(october), now=NOW + timedelta(days=40))
    assert found.step == Step.APPROVE
    assert month.close_company(found.company, now=NOW + timedelta(days=50), tools=tools(rater)) is None


def test_another_amount_than_was_looked_at_is_not_approved(
    run: Run, rater: Rater, october: MonthClose, actor: Actor
) -> None:
    looked_at = run(october, plan())
    rater.charges.append(charge("usage:late"))
    month.collect_again(looked_at, actor=actor, reason="late reports", now=NOW)
    assert run(looked_at).step == Step.APPROVE
    assert not month.approve_month(looked_at, actor=actor, now=NOW)
    assert month.approve_month(MonthClose.objects.get(), actor=actor, now=NOW)


def test_a_month_that_is_issued_in_the_same_moment_is_not_collected_again(
    run: Run, october: MonthClose, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(october)
    month.approve_month(found, actor=actor, now=NOW)
    withdraw = issuing.withdraw_approval

    def too_late(invoice: Invoice, **values: Any) -> bool:
        issuing.issue_invoice(invoice, now=NOW, build=unchecked)
        return withdraw(invoice, **values)

    monkeypatch.setattr(issuing, "withdraw_approval", too_late)
    assert not month.collect_again(found, actor=actor, reason="late reports", now=NOW)
    assert run(found).step == Step.SEND


def test_trying_again_goes_on_where_the_month_is_by_now(run: Run, october: MonthClose) -> None:
    stale = MonthClose.objects.get(pk=october.pk)
    run(october)
    month.try_again(stale, now=NOW)
    assert MonthClose.objects.get().step == Step.APPROVE


def test_approving_takes_one_word_and_not_two(run: Run, october: MonthClose, actor: Actor) -> None:
    found = run(october)
    assert month.approve_month(found, actor=actor, now=NOW)
    assert not month.approve_month(found, actor=actor, now=NOW)


def test_a_reviewer_is_shown_what_is_unusual(run: Run, october: MonthClose, staff: User) -> None:
    issued(october.company, staff, plan(key="plan:9"), period=Period(date(2026, 9, 1), date(2026, 9, 30)))
    losing = charge(unit_cost=Decimal("0.2"), quantity=Decimal(2000))
    off = plan(key="adjust:1", kind="adjustment", unit_price=Decimal("-5.00"))
    found = run(october, plan(), losing, off)
    assert [note["code"] for note in found.notes] == ["jump", "margin", "credited"]
    assert [month_words.words_of(note) for note in found.notes] == [
        "271 % against invoice RE-000001 (99.00).",
        "Costs more than it brings: line 2.",
        "Below zero: line 3.",
    ]


def test_a_mail_that_does_not_arrive_is_told_and_can_be_sent_elsewhere(
    run: Run, october: MonthClose, actor: Actor
) -> None:
    ready(october.company, recipients=["one@acme.example", "two@acme.example"])
    found = run(october)
    month.approve_month(found, actor=actor, now=NOW)
    found = run(found)
    Mail.objects.filter(to="one@acme.example").update(state="sent", sent_at=NOW)
    Mail.objects.filter(to="two@acme.example").update(state="failed", error="550 no such person")
    found = run(found)
    assert found.blocks == [{"code": "not_sent", "recipients": ["two@acme.example"]}]
    assert found.invoice is not None
    assert found.invoice.state == "sent"
    later = NOW + timedelta(hours=2)
    sending.send_invoice(found.invoice, recipients=["three@acme.example"], now=later)
    assert run(found, now=later).blocks == []
    Mail.objects.filter(to="three@acme.example").update(state="sent", sent_at=later)
    found = run(found, now=later + timedelta(hours=1))
    assert (found.step, found.blocks) == (Step.DONE, [])


def test_a_month_whose_invoice_was_taken_back_can_be_billed_anew(
    run: Run, rater: Rater, october: MonthClose, actor: Actor
) -> None:
    found = run(october)
    month.approve_month(found, actor=actor, now=NOW)
    found = run(found)
    assert found.invoice is not None
    assert not month.collect_again(found, actor=actor, reason="no", now=NOW)
    made = corrections.draft_cancellation(found.invoice, reason="wrong address", actor=actor)
    issuing.approve(made, actor=actor)
    issuing.issue_invoice(made, now=NOW, build=unchecked)
    assert month.collect_again(found, actor=actor, reason="wrong address", now=NOW)
    found = run(found)
    month.approve_month(found, actor=actor, now=NOW)
    found = run(found)
    assert found.invoice is not None
    assert found.invoice.number == "RE-000002"
    assert set(rater.claims.values()) == {found.invoice.public_id}


def test_a_worker_with_an_older_look_at_the_month_leaves_the_draft_of_the_first(
    run: Run, october: MonthClose, rater: Rater
) -> None:
    Company.objects.filter(pk=october.company.pk).update(country="AT", vat_id="ATU13585627")

    def first_worker(*_asked: Any, now: datetime, **_values: Any) -> Any:
        first = run(october, outcome=Outcome.VALID)
        assert first.step == Step.APPROVE
        return tools(rater, outcome=Outcome.VALID).ask_vies("ATU13585627", requester="", now=now)

    found = run(october, ask_vies=first_worker)
    assert (found.step, found.blocks) == (Step.APPROVE, [])
    assert found.invoice is not None
    assert set(rater.claims.values()) == {found.invoice.public_id}
