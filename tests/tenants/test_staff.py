"""The operator's console."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from tenants.models import AuditEntry, Company, CompanyState, DueWork, Mail, User
from tenants.services import companies
from tests.conftest import Browser

REASON = {"reason": "No payment since August"}


@pytest.fixture
def console(staff: User, at: Callable[..., Browser]) -> Browser:
    return at(None, staff)


def test_staff_see_all_companies(console: Browser, acme: Company, globex: Company) -> None:
    page = console.get("/staff/").content.decode()
    assert acme.name in page
    assert globex.name in page


@pytest.mark.parametrize("words", ["acme", "Versand", "DE136695976"])
def test_staff_find_a_company_by_words(console: Browser, acme: Company, globex: Company, words: str) -> None:
    page = console.get("/staff/", {"q": words}).content.decode()
    assert acme.name in page


def test_an_unknown_filter_is_as_if_it_were_not_there(console: Browser, acme: Company) -> None:
    assert acme.name in console.get("/staff/", {"state": "nonsense"}).content.decode()


def test_staff_suspend_and_lift_with_a_reason(console: Browser, acme: Company) -> None:
    console.post(f"/staff/companies/{acme.public_id}/suspend/", REASON)
    acme.refresh_from_db()
    assert (acme.state, acme.suspension_reason) == (CompanyState.SUSPENDED, REASON["reason"])
    console.post(f"/staff/companies/{acme.public_id}/lift/", {"reason": "Paid in full today"})
    acme.refresh_from_db()
    assert acme.state == CompanyState.ACTIVE
    entries = AuditEntry.objects.filter(company_id=acme.pk, action__startswith="company.").order_by("-pk")[:2]
    assert [entry.reason for entry in entries] == ["Paid in full today", REASON["reason"]]


def test_a_suspension_needs_a_reason(console: Browser, acme: Company) -> None:
    assert console.post(f"/staff/companies/{acme.public_id}/suspend/", {"reason": " "}).status_code == 422
    acme.refresh_from_db()
    assert acme.is_open()


def test_a_second_suspension_changes_nothing(console: Browser, acme: Company) -> None:
    console.post(f"/staff/companies/{acme.public_id}/suspend/", REASON)
    console.post(f"/staff/companies/{acme.public_id}/suspend/", {"reason": "another reason here"})
    acme.refresh_from_db()
    assert acme.suspension_reason == REASON["reason"]


def test_staff_let_a_failed_opening_go_on(console: Browser) -> None:
    stuck = companies.create_company(address_name="stuck", name="Stuck", country="DE")
    Company.objects.filter(pk=stuck.pk).update(opening_attempts=5, opening_error="no such function")
    DueWork.objects.all().delete()
    assert "no such function" in console.get("/staff/system/").content.decode()
    console.post(f"/staff/companies/{stuck.public_id}/open/")
    assert DueWork.objects.filter(kind="open_company", company=stuck).exists()


def test_the_list_takes_the_same_queries_for_one_company_and_for_many(
    console: Browser, acme: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    console.get("/staff/")
    with django_assert_num_queries(7) as few:
        console.get("/staff/")
    for number in range(20):
        companies.create_company(address_name=f"many-{number}", name=f"Many {number}", country="DE")
    with django_assert_num_queries(len(few.captured_queries)):
        console.get("/staff/")


def test_long_lists_are_paged_by_key(console: Browser) -> None:
    for number in range(60):
        companies.create_company(address_name=f"many-{number}", name=f"Many {number:02}", country="DE")
    first = console.get("/staff/").context["page"]
    second = console.get("/staff/", {"after": first.after}).context["page"]
    back = console.get("/staff/", {"before": second.before}).context["page"]
    assert len(first.rows) == 50
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]


def test_the_system_page_shows_what_waits_for_a_person(console: Browser) -> None:
    Mail.objects.create(
        to="n@example.org",
        subject="Invitation",
        text="t",
        html="h",
        message_id="<m@x>",
        state="failed",
        error="refused",
    )
    assert "refused" in console.get("/staff/system/").content.decode()
