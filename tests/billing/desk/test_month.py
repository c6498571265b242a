"""The month's page: who is where, what waits and why, and what a person does about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.invoices import month
from billing.invoices.models import BillingProfile, Invoice, MonthClose, Step
from tenants.models import AuditEntry, Company, DueWork, User
from tenants.services.audit import Actor
from tests.billing.desk.conftest import REASON
from tests.billing.invoices.cast import NOW, OCTOBER, Rater, charge, draft, issued, plan, tools
from tests.conftest import Browser

URL = "/staff/billing/"


def page(console: Browser, query: str = "") -> str:
    answer = console.get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def seen(console: Browser, *found: MonthClose) -> dict[str, Any]:
    """What the confirmation sends along."""
    query = "&".join(f"month={one.pk}" for one in found)
    answer = console.get(f"{URL}approve/?{query}")
    return {"month": [one.pk for one in found], "seen": answer.context["seen"]}


def test_before_the_first_month_the_page_offers_to_begin_the_last(console: Browser) -> None:
    assert "No month has begun" in page(console)


def test_last_month_is_begun_once(console: Browser, acme: Company) -> None:
    Company.objects.update(opened_at="2026-01-01T00:00Z")
    console.post(URL + "begin/")
    first = month.last_month(timezone.now()).first
    assert MonthClose.objects.filter(company=acme, first=first).count() == 1
    answer = console.post(URL + "begin/", follow=True)
    assert "begun already" in answer.content.decode()
    assert MonthClose.objects.filter(company=acme, first=first).count() == 1


def test_a_company_stands_with_its_net_and_how_it_compares(
    console: Browser, buyer: Company, staff: User, rater: Rater
) -> None:
    september = month.month_of(OCTOBER.first.replace(month=9))
    issued(buyer, staff, plan(key="plan:2026-09"), charge("usage:9", quantity=Decimal(100)), period=september)
    made = MonthClose.objects.create(company=buyer, first=OCTOBER.first, last=OCTOBER.last, due_at=NOW)
    month.close_month(made, now=NOW, tools=tools(rater))
    text = page(console)
    assert "€235.50" in text
    assert "+109%" in text
    assert "109 % against invoice RE-000001" in text


def test_what_a_month_waits_for_has_a_link_to_what_mends_it(console: Browser, buyer: Company, rater: Rater) -> None:
    BillingProfile.objects.update(street="")
    made = MonthClose.objects.create(company=buyer, first=OCTOBER.first, last=OCTOBER.last, due_at=NOW)
    month.close_month(made, now=NOW, tools=tools(rater))
    text = page(console, "?waiting=1")
    assert "lack: street and number" in text
    assert f"/staff/companies/{buyer.public_id}/billing/profile/" in text


def test_the_page_is_filtered_by_step_and_words(console: Browser, reviewed: MonthClose, acme: Company) -> None:
    assert acme.name in page(console, "?step=approve")
    assert acme.name not in page(console, "?step=send")
    assert acme.name not in page(console, "?q=nobody")
    assert acme.name in page(console, "?step=nonsense&month=nonsense")


def test_approving_shows_count_and_sum_first(console: Browser, reviewed: MonthClose) -> None:
    answer = console.get(f"{URL}approve/?month={reviewed.pk}")
    text = answer.content.decode()
    assert "Approve 1 invoice" in text
    assert "€280.25" in text
    reviewed.refresh_from_db()
    assert reviewed.step == Step.APPROVE


def test_an_approved_month_is_issued_by_the_worker_alone(console: Browser, reviewed: MonthClose, staff: User) -> None:
    DueWork.objects.all().delete()
    console.post(URL + "approve/", seen(console, reviewed))
    reviewed.refresh_from_db()
    assert reviewed.step == Step.ISSUE
    assert reviewed.invoice is not None
    assert (reviewed.invoice.state, reviewed.invoice.number) == ("approved", None)
    assert reviewed.invoice.approver_id == staff.pk
    assert DueWork.objects.filter(kind=month.KIND, company=reviewed.company).exists()


def test_approving_twice_approves_once(console: Browser, reviewed: MonthClose) -> None:
    asked = seen(console, reviewed)
    console.post(URL + "approve/", asked)
    answer = console.post(URL + "approve/", asked, follow=True)
    assert "Nothing waits for approval any more" in answer.content.decode()
    assert AuditEntry.objects.filter(action="invoice.approved").count() == 1


def test_another_sum_than_was_seen_is_not_approved(console: Browser, reviewed: MonthClose, rater: Rater) -> None:
    asked = seen(console, reviewed)
    rater.charges.append(charge("usage:2"))
    month.collect_again(reviewed, actor=Actor(), reason="late usage", now=NOW)
    month.close_month(reviewed, now=NOW, tools=tools(rater))
    answer = console.post(URL + "approve/", asked)
    assert answer.status_code == 409
    assert "not what you saw" in answer.content.decode()
    assert not Invoice.objects.filter(state="approved").exists()


@pytest.mark.parametrize("query", ["", "?month=", "?month=x", "?month=999999999999999999999"])
def test_approving_nothing_is_not_found(console: Browser, query: str) -> None:
    assert console.get(f"{URL}approve/{query}").status_code == 404


def test_a_month_is_collected_again_with_a_reason(console: Browser, reviewed: MonthClose) -> None:
    url = f"{URL}months/{reviewed.pk}/collect/"
    assert console.post(url, {"reason": " "}).status_code == 422
    console.post(url, REASON)
    reviewed.refresh_from_db()
    assert reviewed.step == Step.COLLECT
    assert AuditEntry.objects.get(action="month.collected_again").reason == REASON["reason"]


def test_an_issued_month_is_not_collected_again(console: Browser, reviewed: MonthClose, sent: Invoice) -> None:
    MonthClose.objects.filter(pk=reviewed.pk).update(invoice=sent, step=Step.SEND)
    answer = console.post(f"{URL}months/{reviewed.pk}/collect/", REASON, follow=True)
    assert "is issued; nothing was changed" in answer.content.decode()


def test_a_waiting_step_is_tried_now(console: Browser, reviewed: MonthClose) -> None:
    MonthClose.objects.filter(pk=reviewed.pk).update(step=Step.REVIEW, tries=5, due_at="2099-01-01T00:00Z")
    console.post(f"{URL}months/{reviewed.pk}/again/")
    reviewed.refresh_from_db()
    assert reviewed.tries == 0
    assert reviewed.due_at <= timezone.now()


def test_what_waits_for_a_person_is_not_tried(console: Browser, reviewed: MonthClose) -> None:
    answer = console.post(f"{URL}months/{reviewed.pk}/again/", follow=True)
    assert "There is nothing to try" in answer.content.decode()


def test_an_approval_is_taken_back_once(console: Browser, reviewed: MonthClose, actor: Actor) -> None:
    month.approve_month(reviewed, actor=actor)
    assert reviewed.invoice is not None
    url = f"{URL}invoices/{reviewed.invoice.public_id}/withdraw/"
    assert console.post(url, {"reason": ""}).status_code == 422
    console.post(url, REASON)
    reviewed.refresh_from_db()
    assert (reviewed.step, Invoice.objects.get(pk=reviewed.invoice.pk).state) == (Step.APPROVE, "draft")
    answer = console.post(url, REASON, follow=True)
    assert "nothing was changed" in answer.content.decode()


def test_the_page_takes_the_same_queries_for_one_company_and_for_many(
    console: Browser, reviewed: MonthClose, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    console.get(URL)
    with django_assert_num_queries(10) as few:
        console.get(URL)
    for number in range(12):
        made = Company.objects.create(name=f"Many {number}", schema_name=f"t_many{number}", country="DE")
        MonthClose.objects.create(
            company=made, first=OCTOBER.first, last=OCTOBER.last, step=Step.APPROVE, invoice=draft(made)
        )
    with django_assert_num_queries(len(few.captured_queries)):
        assert b"Many 11" in console.get(URL).content
