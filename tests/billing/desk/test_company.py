"""A company's billing in the console, and whether the books agree."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from billing.invoices import books
from billing.invoices.models import BillingProfile, Invoice
from billing.plans.models import Plan, Subscription
from billing.rating.models import RatedLine
from billing.tasks import check_books
from tenants.models import AuditEntry, Company, DueWork
from tests.billing.invoices.cast import ready
from tests.billing.metered import NOVEMBER, on_plan, publish, rated, use
from tests.conftest import Browser

PROFILE = {
    "legal_name": "Acme Versand GmbH & Co. KG",
    "street": "Königstraße 1",
    "postcode": "70173",
    "city": "Stuttgart",
    "recipients": "a@acme.example, b@acme.example",
    "payment_terms_days": "30",
}


def url(company: Company, step: str = "") -> str:
    return f"/staff/companies/{company.public_id}/billing/{step}"


def test_the_company_s_page_leads_to_its_billing(console: Browser, acme: Company) -> None:
    assert url(acme) in console.get(f"/staff/companies/{acme.public_id}/").content.decode()


def test_all_of_a_company_s_money_stands_on_one_page(console: Browser, sent: Invoice) -> None:
    on_plan(sent.company)
    text = console.get(url(sent.company)).content.decode()
    for words in ("Königstraße 1", "RE-000001", "€280.25", "rechnung@acme.example"):
        assert words in text


def test_invoice_details_are_changed_with_an_entry_in_the_log(console: Browser, acme: Company) -> None:
    console.post(url(acme, "profile/"), PROFILE)
    profile = BillingProfile.objects.get(company=acme)
    assert (profile.legal_name, profile.payment_terms_days) == (PROFILE["legal_name"], 30)
    assert profile.recipients == ["a@acme.example", "b@acme.example"]
    console.post(url(acme, "profile/"), PROFILE)
    assert AuditEntry.objects.filter(action="billing_profile.changed", company_id=acme.pk).count() == 1


@pytest.mark.parametrize("fields", [{"recipients": "nobody"}, {"payment_terms_days": "90"}, {"payment_terms_days": ""}])
def test_details_that_cannot_be_are_refused(console: Browser, acme: Company, fields: dict[str, str]) -> None:
    assert console.post(url(acme, "profile/"), {**PROFILE, **fields}).status_code == 422
    assert not BillingProfile.objects.filter(company=acme).exclude(legal_name="").exists()


def test_a_plan_is_set_from_a_day_once(console: Browser, acme: Company) -> None:
    plan = Plan.objects.on_offer().first()
    assert plan is not None
    asked = {"plan": plan.pk, "since": "2026-12-01", "seats": "7"}
    console.post(url(acme, "plan/"), asked)
    made = Subscription.objects.get(company=acme)
    assert (made.plan, made.since, made.seats) == (plan, date(2026, 12, 1), 7)
    answer = console.post(url(acme, "plan/"), asked)
    assert answer.status_code == 422
    assert "Choose a later day" in answer.content.decode()
    assert AuditEntry.objects.filter(action="subscription.begun", company_id=acme.pk).count() == 1


def test_a_plan_that_is_not_on_offer_is_refused(console: Browser, acme: Company) -> None:
    hidden = Plan.objects.create(code="own", name="Own", monthly_fee=1, seats=1, extra_seat_fee=0, is_public=False)
    asked = {"plan": hidden.pk, "since": "2026-12-01"}
    assert console.post(url(acme, "plan/"), asked).status_code == 422


def test_the_page_takes_the_same_queries_whatever_there_is(
    console: Browser, sent: Invoice, globex: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ready(globex)
    console.get(url(sent.company))
    with django_assert_num_queries(22):
        console.get(url(sent.company))
    # Who owes nothing needs no look at its address.
    with django_assert_num_queries(21):
        console.get(url(globex))


# --- Books -----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def unchecked_books(db: None) -> None:
    cache.delete(books.FOUND)


def test_a_check_is_asked_for_and_done_by_the_worker(console: Browser, sent: Invoice) -> None:
    page = "/staff/billing/books/"
    assert "Nothing was checked yet" in console.get(page).content.decode()
    console.post(page + "check/")
    console.post(page + "check/")
    assert DueWork.objects.filter(kind=books.KIND).count() == 1
    assert "A check is running" in console.get(page).content.decode()
    check_books()
    text = console.get(page).content.decode()
    assert "All agrees" in text
    assert "1 document" in text
    assert not DueWork.objects.filter(kind=books.KIND).exists()


def test_a_changed_invoice_shows(console: Browser, sent: Invoice) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE billing_invoice SET reason = 'forged' WHERE id = %s", [sent.pk])
        cursor.execute("SET session_replication_role = DEFAULT")
    books.check_books(NOVEMBER)
    text = console.get("/staff/billing/books/").content.decode()
    assert "Does not agree" in text
    assert "RE-000001: the row is not what was issued" in text


def test_usage_that_is_counted_twice_shows(console: Browser, acme: Company) -> None:
    publish([("Germany", "marketing", "0.10")])
    on_plan(acme)
    use(acme, 3)
    rated(acme)
    assert books.check_books(NOVEMBER).is_well
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE {RatedLine._meta.db_table} SET quantity = 4")
        cursor.execute("SET session_replication_role = DEFAULT")
    (gap,) = books.check_books(NOVEMBER).gaps
    assert (gap.company, gap.records, gap.days, gap.lines) == (acme.name, 3, 3, 4)
    assert acme.name in console.get("/staff/billing/books/").content.decode()


def test_usage_without_a_price_is_no_gap_and_is_told(console: Browser, acme: Company) -> None:
    on_plan(acme)
    use(acme, 3, category="gifts")
    rated(acme)
    assert books.check_books(NOVEMBER).is_well
    assert "a category we do not know" in console.get("/staff/billing/books/").content.decode()


def test_usage_that_waits_to_be_counted_is_no_gap(acme: Company) -> None:
    use(acme, 3)
    found = books.check_books(NOVEMBER)
    assert (found.is_well, found.behind) == (True, 1)


def test_missing_facts_of_the_seller_are_named(console: Browser, settings: Settings) -> None:
    settings.OPERATOR = {**settings.OPERATOR, "iban": ""}
    assert "OPERATOR_IBAN" in console.get("/staff/billing/books/").content.decode()
