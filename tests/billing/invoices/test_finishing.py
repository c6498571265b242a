"""Corrections are issued and sent by a worker, and every mail is watched to its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.einvoice.rules import RulesNotRun
from billing.invoices import corrections, finishing, issuing, month_words, sending
from billing.invoices.models import BillingProfile, Invoice
from tenants.models import Company, DueWork, Membership, User
from tenants.services import mail
from tenants.services.audit import Actor
from tests.billing.invoices.cast import NOW, issued, plan, ready, unchecked


@pytest.fixture
def correction(buyer: Company, staff: User, actor: Actor) -> Invoice:
    """An approved one."""
    made = corrections.draft_cancellation(issued(buyer, staff, plan()), reason="wrong company", actor=actor)
    assert finishing.approve_correction(made, actor=actor, now=NOW)
    return made


def finish(correction: Invoice, **values: Any) -> Invoice:
    finishing.finish_company(correction.company, **{"now": NOW, "build": unchecked, **values})
    correction.refresh_from_db()
    return correction


def test_an_approved_correction_is_issued_and_sent(correction: Invoice, outbox: list[Any]) -> None:
    assert DueWork.objects.filter(kind=sending.KIND, company=correction.company).exists()
    assert finish(correction).number == "RK-000001"
    mail.send_due()
    assert finish(correction).state == "sent"
    (message,) = outbox
    assert message.subject.startswith("Cancellation invoice RK-000001")
    assert finishing.finish_company(correction.company, now=NOW) is None


def test_finishing_twice_issues_and_sends_once(correction: Invoice, outbox: list[Any]) -> None:
    finish(correction)
    finish(correction)
    mail.send_due()
    assert len(outbox) == 1
    assert Invoice.objects.issued().count() == 2


def test_a_correction_whose_worker_died_after_issuing_is_sent_by_the_next(
    correction: Invoice, outbox: list[Any]
) -> None:
    issuing.issue_invoice(correction, now=NOW, build=unchecked)
    finish(correction)
    mail.send_due()
    assert [message.to for message in outbox] == [["rechnung@acme.example"]]
    assert correction.number == "RK-000001"


def test_a_correction_that_nobody_can_get_waits_until_somebody_can(correction: Invoice, outbox: list[Any]) -> None:
    BillingProfile.objects.update(recipients=[])
    Membership.objects.all().delete()
    assert finishing.finish_company(correction.company, now=NOW, build=unchecked) == NOW + timedelta(minutes=30)
    ready(correction.company)
    finish(correction)
    mail.send_due()
    assert len(outbox) == 1


def test_a_correction_that_is_refused_is_a_draft_again_and_says_why(correction: Invoice, settings: Any) -> None:
    Invoice.objects.filter(pk=correction.pk).update(seller={**correction.seller, "iban": ""})
    assert finish(correction).state == "draft"
    assert "OPERATOR_IBAN" in month_words.words_of(correction.blocks[0])


def test_rules_that_do_not_run_cost_a_correction_only_time(correction: Invoice) -> None:
    def broken(_document: Any) -> Any:
        raise RulesNotRun("MemoryError")

    again = finishing.finish_company(correction.company, now=NOW, build=broken)
    assert again == NOW + timedelta(minutes=30)
    correction.refresh_from_db()
    assert correction.state == "approved"


def test_a_mail_under_way_is_looked_at_again(correction: Invoice) -> None:
    finish(correction)
    assert finishing.finish_company(correction.company, now=NOW) == NOW + sending.WATCH
