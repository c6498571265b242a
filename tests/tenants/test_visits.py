"""Staff in a company: reasoned, timed, read-only, logged, and seen by its admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.contacts.models import Contact
from tenants.models import AuditEntry, Company, CompanyState, StaffVisit, User
from tenants.services import companies, visits
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tests.conftest import Browser

REASON = "Ticket 4711: list stays empty"


def begin(company: Company, staff: User, minutes: int = 30) -> StaffVisit:
    return visits.begin_visit(company, actor=Actor(user=staff), reason=REASON, minutes=minutes)


@pytest.fixture
def visitor(acme: Company, staff: User, at: Callable[..., Browser]) -> Browser:
    return at(acme).sign_in(staff, acme, visit=begin(acme, staff))


def test_a_visitor_sees_what_an_admin_sees(visitor: Browser) -> None:
    assert visitor.get("/settings/").status_code == 200
    assert visitor.get("/contacts/").status_code == 200


def test_a_visitor_changes_nothing(visitor: Browser, acme_contact: Contact, acme: Company) -> None:
    answer = visitor.post(f"/contacts/{acme_contact.public_id}/remove/")
    assert answer.status_code == 403
    assert "read-only" in answer.content.decode()


@pytest.mark.parametrize("path", ["/settings/", "/team/invite/", "/contacts/add/", "/you/", "/settings/address/"])
def test_no_form_of_a_company_takes_anything_from_a_visitor(visitor: Browser, path: str) -> None:
    assert visitor.post(path, {}).status_code == 403


def test_a_visit_ends_by_itself(visitor: Browser) -> None:
    StaffVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert visitor.get("/contacts/").status_code == 302


def test_an_ended_visit_lets_nobody_in(visitor: Browser, staff: User) -> None:
    visits.end_visit(StaffVisit.objects.get(), actor=Actor(user=staff))
    assert visitor.get("/contacts/").status_code == 302


def test_staff_without_a_visit_are_outsiders(acme: Company, staff: User, at: Callable[..., Browser]) -> None:
    assert at(acme, staff).get("/contacts/").status_code == 302


def test_a_visit_of_another_company_opens_nothing(
    acme: Company, globex: Company, staff: User, at: Callable[..., Browser]
) -> None:
    visit = begin(globex, staff)
    assert at(acme).sign_in(staff, acme, visit=visit).get("/contacts/").status_code == 302


def test_the_company_s_admins_see_who_was_here_and_why(
    visitor: Browser, acme: Company, admin: User, staff: User, at: Callable[..., Browser]
) -> None:
    page = at(acme, admin).get("/settings/visits/").content.decode()
    assert REASON in page
    assert staff.name in page


def test_an_agent_does_not_see_the_visits(
    visitor: Browser, acme: Company, agent: User, at: Callable[..., Browser]
) -> None:
    assert at(acme, agent).get("/settings/visits/").status_code == 403


def test_begin_and_end_are_logged_with_the_reason(acme: Company, staff: User) -> None:
    visit = begin(acme, staff)
    visits.end_visit(visit, actor=Actor(user=staff))
    entries = AuditEntry.objects.filter(company_id=acme.pk, visit_id=visit.pk).order_by("pk")
    assert [entry.action for entry in entries] == ["visit.began", "visit.ended"]
    assert entries[0].reason == REASON


def test_every_page_of_a_visit_is_counted(visitor: Browser) -> None:
    visitor.get("/contacts/")
    visitor.get("/team/")
    assert StaffVisit.objects.get().pages_seen == 2


def test_a_second_visit_ends_the_first(acme: Company, staff: User) -> None:
    first = begin(acme, staff)
    begin(acme, staff)
    first.refresh_from_db()
    assert first.ended_at


def test_only_staff_visit(acme: Company, rival: User) -> None:
    with pytest.raises(Refused):
        begin(acme, rival)


def test_the_visitor_can_leave(visitor: Browser) -> None:
    answer = visitor.post("/visit/end/")
    assert "/staff/companies/" in answer.url
    assert StaffVisit.objects.get().ended_at


def test_a_suspended_company_can_still_be_visited(visitor: Browser, acme: Company, staff: User) -> None:
    companies.suspend_company(acme, reason="unpaid for months", actor=Actor(user=staff))
    assert visitor.get("/contacts/").status_code == 200


def test_the_whole_way_from_the_console_into_the_company(
    acme: Company, staff: User, at: Callable[..., Browser]
) -> None:
    answer = at(None, staff).post(f"/staff/companies/{acme.public_id}/visit/", {"reason": REASON, "minutes": "15"})
    inside = Browser(acme.host)
    landed = inside.get(answer.url.removeprefix(acme.url), follow=True)
    assert landed.status_code == 200
    assert REASON in landed.content.decode()
    assert inside.post("/contacts/add/", {"name": "x"}).status_code == 403


def test_a_visit_needs_a_reason(acme: Company, staff: User, at: Callable[..., Browser]) -> None:
    answer = at(None, staff).post(f"/staff/companies/{acme.public_id}/visit/", {"reason": "", "minutes": "15"})
    assert answer.status_code == 422
    assert not StaffVisit.objects.exists()


def test_a_company_that_is_not_open_is_not_visited(acme: Company, staff: User) -> None:
    Company.objects.filter(pk=acme.pk).update(state=CompanyState.OPENING)
    acme.refresh_from_db()
    with pytest.raises(Refused, match="not open"):
        begin(acme, staff)
