"""Each host is answered as what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from tenants.lib.hosts import address_name_in
from tenants.models import Company, CompanyState, User
from tenants.services import companies, hosts
from tenants.services.audit import SYSTEM
from tests.conftest import Browser


@pytest.mark.parametrize(
    ("host", "address_name"),
    [
        ("localhost", ""),
        ("localhost:8000", ""),
        ("LOCALHOST:8000", ""),
        ("a.b.localhost", None),
        ("localhost.:8000", ""),
        ("acme.localhost", "acme"),
        ("ACME.localhost.:443", "acme"),
        ("localhost.evil.example", None),
        ("evil.example", None),
        ("acmelocalhost", None),
        ("", None),
        ("[::1]:8000", None),
        ("127.0.0.1", None),
        (".localhost", None),
    ],
)
def test_a_host_means_one_address_name(host: str, address_name: str | None) -> None:
    assert address_name_in(host, "localhost") == address_name


@pytest.mark.parametrize(
    "host", ["acme.localhost:8000", "ACME.localhost:8000", "acme.localhost.:8000", "acme.localhost"]
)
def test_a_company_is_found_however_its_host_is_written(acme: Company, host: str) -> None:
    assert "Acme Versand" in Browser(host).get("/sign-in/").content.decode()


@pytest.mark.parametrize(
    "host", ["nobody.localhost:8000", "evil.example", "a.acme.localhost", "acme.localhost.evil.example"]
)
def test_an_unknown_host_is_nobody_s(acme: Company, host: str) -> None:
    answer = Browser(host).get("/sign-in/")
    assert answer.status_code == 404
    assert "no company at this address" in answer.content.decode()


def test_a_former_address_name_leads_to_the_new_one(acme: Company, admin: User) -> None:
    companies.change_address_name(acme, "acme-neu", actor=SYSTEM)
    answer = Browser("acme.localhost:8000").get("/team/?q=1")
    assert answer.status_code == 302
    assert answer.url == "http://acme-neu.localhost:8000/team/?q=1"


def test_a_company_may_take_its_former_address_name_back(acme: Company) -> None:
    companies.change_address_name(acme, "acme-neu", actor=SYSTEM)
    companies.change_address_name(acme, "acme", actor=SYSTEM)
    assert Company.objects.get(pk=acme.pk).address_name == "acme"


def test_nobody_else_takes_a_former_address_name(acme: Company, globex: Company) -> None:
    companies.change_address_name(acme, "acme-neu", actor=SYSTEM)
    with pytest.raises(companies.Refused, match="taken"):
        companies.change_address_name(globex, "acme", actor=SYSTEM)


def test_a_company_that_is_being_opened_says_so(acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(state=CompanyState.OPENING)
    hosts.forget_all()
    answer = Browser(acme.host).get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


def test_a_suspended_company_is_closed_to_its_members_at_once(
    acme: Company, admin: User, at: Callable[..., Browser], django_capture_on_commit_callbacks: object
) -> None:
    browser = at(acme, admin)
    assert browser.get("/team/").status_code == 200
    # Without the hook that forgets the host here: as in another process, only the member's row tells.
    companies.suspend_company(acme, reason="unpaid for months", actor=SYSTEM)
    answer = browser.get("/team/")
    assert answer.status_code == 403
    assert "unpaid for months" in answer.content.decode()


def test_the_reason_of_a_suspension_is_not_told_to_strangers(acme: Company) -> None:
    companies.suspend_company(acme, reason="unpaid for months", actor=SYSTEM)
    hosts.forget_all()
    answer = Browser(acme.host).get("/sign-in/")
    assert answer.status_code == 403
    assert "unpaid for months" not in answer.content.decode()


def test_a_lifted_company_is_open_again(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    companies.suspend_company(acme, reason="unpaid for months", actor=SYSTEM)
    companies.lift_suspension(acme, reason="paid today", actor=SYSTEM)
    hosts.forget_all()
    assert at(acme, admin).get("/team/").status_code == 200


def test_a_remembered_host_costs_no_query(acme: Company, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hosts.company_at("acme")
    with django_assert_num_queries(0):
        company, current = hosts.company_at("acme")
    assert (company, current) == (acme, True)


def test_a_request_leaves_no_company_open(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    at(acme, admin).get("/contacts/")
    assert connection.schema_name == "public"


def test_live_and_ready_answer_on_any_host(db: None) -> None:
    for path in ("/health/live", "/health/ready"):
        assert Browser("10.0.0.1:8000").get(path).json()["status"] == "ok"


def test_the_deep_check_needs_the_monitor_s_token(db: None) -> None:
    browser = Browser("localhost:8000")
    assert browser.get("/health/deep").status_code == 404
    assert browser.get("/health/deep", headers={"authorization": "Bearer wrong"}).status_code == 404
    answer = browser.get("/health/deep", headers={"authorization": "Bearer monitor-token-of-the-tests"})
    assert answer.json()["checks"]["database"]["ok"]


def test_metrics_name_no_company(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    at(acme, admin).get("/team/")
    text = Browser("localhost:8000").get("/metrics", headers={"authorization": "Bearer monitor-token-of-the-tests"})
    body = text.content.decode()
    assert 'botschaft_requests_total{route="team",status="200"}' in body
    assert "acme" not in body.lower()
