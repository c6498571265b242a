"""Every URL and every task of the project, tried by everybody.

A new page or task without a row in rows.py fails the first test. A row says what each actor gets:

    public     not signed in                      agent, admin   members of acme
    visitor    staff on a visit in acme           staff          staff on the public host
    outsider   signed in, member of nothing       rival          globex's admin, on globex's host, with acme's ids

On a company's host an outsider or a rival has no session, so they are asked as they would come: with a session of
another host, which must be as good as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.celery import app
from messaging.contacts.models import Contact
from tenants.company_task import CompanyTask
from tenants.context import company_context, current_schema
from tenants.models import Company, StaffVisit, User
from tenants.services import visits
from tenants.services.audit import Actor
from tests.access.acme import Acme
from tests.access.rows import COMPANY_TASKS, COMPANY_URLS, PERSON_URLS, PUBLIC_URLS, SHARED_TASKS, PublicRow, Row
from tests.conftest import Browser


def names_in(urlconf: str) -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern.name or str(pattern.pattern)

    yield from walk(get_resolver(urlconf).url_patterns)


def test_every_url_has_a_row() -> None:
    assert set(names_in(settings.ROOT_URLCONF)) == set(COMPANY_URLS) | set(PERSON_URLS)
    assert set(names_in(settings.PUBLIC_URLCONF)) == set(PUBLIC_URLS) | set(PERSON_URLS)


def test_every_task_has_a_row() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith(("celery.", "tests."))}
    companies = {name for name, task in ours.items() if isinstance(task, CompanyTask)}
    assert companies == set(COMPANY_TASKS)
    assert set(ours) - companies == set(SHARED_TASKS)


def ask(browser: Browser, row: Row | PublicRow, name: str, rows: Acme, urlconf: str) -> int:
    url = reverse(name, kwargs=row.keys(rows), urlconf=urlconf)
    return int(getattr(browser, row.method)(url).status_code)


@pytest.mark.parametrize("name", [*COMPANY_URLS, *PERSON_URLS])
def test_each_gets_what_is_theirs_in_a_company(
    name: str,
    rows: Acme,
    globex: Company,
    agent: User,
    admin: User,
    rival: User,
    staff: User,
    at: Callable[..., Browser],
) -> None:
    row = {**COMPANY_URLS, **PERSON_URLS}[name]
    acme = rows.company
    got = {
        "public": ask(at(acme), row, name, rows, settings.ROOT_URLCONF),
        "agent": ask(at(acme, agent), row, name, rows, settings.ROOT_URLCONF),
        "admin": ask(at(acme, admin), row, name, rows, settings.ROOT_URLCONF),
        "visitor": ask(
            at(acme).sign_in(staff, acme, visit=_visit(acme, staff)), row, name, rows, settings.ROOT_URLCONF
        ),
        "rival": ask(at(globex, rival), row, name, rows, settings.ROOT_URLCONF),
    }
    assert got == {actor: getattr(row, actor) for actor in got}


def _visit(acme: Company, staff: User) -> StaffVisit:
    return visits.begin_visit(acme, actor=Actor(user=staff), reason="looking after a ticket", minutes=15)


@pytest.mark.parametrize("name", [*COMPANY_URLS, *PERSON_URLS])
def test_a_session_of_another_host_is_as_good_as_none(
    name: str, rows: Acme, globex: Company, rival: User, outsider: User, at: Callable[..., Browser]
) -> None:
    row = {**COMPANY_URLS, **PERSON_URLS}[name]
    for stranger in (at(globex, rival), at(None, outsider), at(None, rival)):
        stranger.defaults["HTTP_HOST"] = rows.company.host
        assert ask(stranger, row, name, rows, settings.ROOT_URLCONF) == row.public


@pytest.mark.parametrize("name", PUBLIC_URLS)
def test_each_gets_what_is_theirs_on_the_public_host(
    name: str, rows: Acme, admin: User, outsider: User, staff: User, at: Callable[..., Browser]
) -> None:
    row = PUBLIC_URLS[name]
    got = {
        "public": ask(at(), row, name, rows, settings.PUBLIC_URLCONF),
        "outsider": ask(at(None, outsider), row, name, rows, settings.PUBLIC_URLCONF),
        "admin": ask(at(None, admin), row, name, rows, settings.PUBLIC_URLCONF),
        "staff": ask(at(None, staff), row, name, rows, settings.PUBLIC_URLCONF),
    }
    assert got == {actor: getattr(row, actor) for actor in got}


@pytest.mark.parametrize("name", [name for name in PUBLIC_URLS if name.startswith("staff")])
def test_staff_without_a_second_factor_are_led_to_set_one_up(
    name: str, rows: Acme, staff: User, at: Callable[..., Browser]
) -> None:
    staff.authenticator_set.all().delete()
    row = PUBLIC_URLS[name]
    url = reverse(name, kwargs=row.keys(rows), urlconf=settings.PUBLIC_URLCONF)
    answer = getattr(at(None, staff), row.method)(url)
    assert answer.url == reverse("mfa_activate_totp")


@pytest.mark.parametrize("name", SHARED_TASKS)
def test_a_shared_task_never_works_inside_a_company(
    name: str, rows: Acme, globex: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    task = app.tasks[name]
    real = task.run
    monkeypatch.setattr(task, "run", lambda *args: (seen.append(current_schema()), real(*args)))
    with company_context(globex):
        task(*SHARED_TASKS[name])
    assert seen == ["public"]


def test_a_company_task_with_a_rival_s_ids_changes_nothing_of_the_rival(rows: Acme, globex: Company) -> None:
    before = _all_rows(rows.company)
    for name, arguments in COMPANY_TASKS.items():
        app.tasks[name](globex.schema_name, *arguments)
    assert _all_rows(rows.company) == before


def _all_rows(company: Company) -> list[Any]:
    with company_context(company):
        return list(Contact.objects.values())
