"""When something breaks, the page says so and shows nothing of the inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from tenants.models import Company, User
from tenants.services import checklist, hosts
from tests.conftest import Browser


def broken(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("could not connect: password=secret")


def test_a_fault_in_a_page_shows_our_page_and_nothing_of_the_inside(
    acme: Company, admin: User, at: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checklist, "state_of", broken)
    answer = at(acme, admin, raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.content.decode()


def test_without_a_database_every_page_says_that_something_broke(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "company_at", broken)
    answer = Browser(acme.host, raise_request_exception=False).get("/team/")
    assert answer.status_code == 500
    assert b"secret" not in answer.content


def test_a_page_that_is_not_there_says_so_in_the_frame(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    answer = at(acme, admin).get("/nowhere/")
    assert answer.status_code == 404
    assert "nothing here" in answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("de", "kein Unternehmen"), ("en", "no company")])
def test_a_host_without_a_company_speaks_the_reader_s_language(db: None, language: str, words: str) -> None:
    answer = Browser(f"nobody.{settings.BASE_HOST}").get("/", headers={"accept-language": language})
    assert words in answer.content.decode()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=%zz&b=%00", b"x" * 10])
def test_a_body_that_is_no_form_is_refused_not_crashed(db: None, at: Callable[..., Browser], body: bytes) -> None:
    answer = at().post("/sign-up/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


def test_a_body_of_four_megabytes_is_refused(db: None, at: Callable[..., Browser]) -> None:
    answer = at(raise_request_exception=False).post(
        "/sign-up/", b"x" * 4_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in {400, 413, 422}


def test_an_address_with_a_nul_is_refused(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    browser = at(acme, admin)
    assert browser.get("/contacts/", {"q": "\0"}).status_code == 400
    assert browser.get("/contacts/%00/").status_code == 400


@pytest.mark.parametrize("value", ["x" * 10_000, "' OR 1=1 --", "{}", "../../etc"])
def test_hostile_words_in_a_search_find_nothing_and_break_nothing(
    acme: Company, admin: User, at: Callable[..., Browser], value: str
) -> None:
    assert at(acme, admin).get("/contacts/", {"q": value}).status_code == 200
