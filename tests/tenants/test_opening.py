"""Opening a company: in any order of accidents it ends open, once."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from messaging.contacts.models import Contact
from tenants import tasks
from tenants.context import company_context
from tenants.models import AuditEntry, Company, CompanyState, DueWork
from tenants.schema import script
from tenants.services import companies, due, opening

# Dies in the middle of the step it is told, as `kill -9` would have it.
KILLED = """
import os, signal, sys, django
django.setup()
from tenants.models import Company
from tenants.services import opening
real = dict(opening.STEPS)
def deadly(run):
    def die(company):
        run(company)
        os.kill(os.getpid(), signal.SIGKILL)
    return die
opening.STEPS = [(step, deadly(run) if step == sys.argv[2] else run) for step, run in real.items()]
opening.open_company(Company.objects.get(pk=int(sys.argv[1])))
"""


def new_company(address_name: str) -> Company:
    return companies.create_company(address_name=address_name, name=address_name.title(), country="DE")


def schema_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [name])
        return bool(cursor.fetchone()[0])


def test_an_opened_company_is_active_and_has_its_tables_and_key(db: None) -> None:
    company = opening.open_company(new_company("fresh"))
    assert company.state == CompanyState.ACTIVE
    assert company.opened_at
    assert company.keys.count() == 1
    with company_context(company):
        assert Contact.objects.count() == 0


def test_a_new_company_is_announced_as_due_until_it_is_open(db: None) -> None:
    company = new_company("fresh")
    assert DueWork.objects.filter(kind=opening.KIND, company=company).exists()
    opening.open_company(company)
    assert not DueWork.objects.filter(kind=opening.KIND, company=company).exists()


def test_saving_a_company_s_row_makes_no_schema(db: None) -> None:
    assert not schema_exists(new_company("fresh").schema_name)


def test_opening_twice_changes_nothing(db: None) -> None:
    company = opening.open_company(new_company("fresh"))
    opening.open_company(company)
    assert AuditEntry.objects.filter(company_id=company.pk, action="company.opened").count() == 1


def test_the_schema_s_name_tells_nothing_of_the_company(db: None) -> None:
    company = new_company("fresh")
    assert company.schema_name.startswith("t_")
    assert "fresh" not in company.schema_name


@pytest.mark.parametrize("step", ["reserved", "schema"])
def test_killed_in_the_middle_of_a_step_it_goes_on_afterwards(committed: object, settings: Settings, step: str) -> None:
    company = new_company(f"killed-{step}")
    database = settings.DATABASES["default"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(company.pk), step],
        env={
            **_environment(),
            "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        },
        check=False,
    )
    assert killed.returncode == -9
    company.refresh_from_db()
    assert company.state == CompanyState.OPENING
    tasks.open_company(company.pk)
    company.refresh_from_db()
    assert company.state == CompanyState.ACTIVE
    assert company.keys.count() == 1


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}


def test_eight_openers_at_once_open_it_once(committed: object) -> None:
    company = new_company("crowded")

    def open_it(_: int) -> None:
        try:
            opening.open_company(Company.objects.get(pk=company.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_it, range(8)))
    company.refresh_from_db()
    assert company.is_open()
    assert company.keys.count() == 1
    assert AuditEntry.objects.filter(company_id=company.pk, action="company.opened").count() == 1


def test_a_failed_step_is_noted_and_tried_later(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    company = new_company("fresh")
    monkeypatch.setattr(script, "run", lambda cursor, name: cursor.execute("SELECT no_such_function()"))
    tasks.open_company(company.pk)
    company.refresh_from_db()
    assert (company.opening_step, company.opening_attempts) == ("reserved", 1)
    assert "no_such_function" in company.opening_error
    assert DueWork.objects.get(kind=opening.KIND, company=company).due_at > company.created_at


def test_a_missing_master_key_stops_the_opening_and_says_so(db: None, settings: Settings) -> None:
    company = new_company("fresh")
    settings.MASTER_KEYS = []
    with pytest.raises(opening.OpeningFailed, match="MASTER_KEYS"):
        opening.open_company(company)
    company.refresh_from_db()
    assert company.opening_step == "schema"


def test_with_the_master_key_back_the_opening_goes_on(db: None, settings: Settings) -> None:
    company, kept = new_company("fresh"), settings.MASTER_KEYS
    settings.MASTER_KEYS = []
    tasks.open_company(company.pk)
    settings.MASTER_KEYS = kept
    tasks.open_company(company.pk)
    company.refresh_from_db()
    assert company.is_open()


def test_after_too_many_failures_a_person_must_look(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    company = new_company("fresh")
    monkeypatch.setattr(script, "run", lambda cursor, name: cursor.execute("SELECT no_such_function()"))
    for _ in range(opening.MOST_ATTEMPTS):
        tasks.open_company(company.pk)
    assert not DueWork.objects.filter(kind=opening.KIND, company=company).exists()


def test_the_sweep_finds_a_company_whose_opener_was_lost(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    company = new_company("fresh")
    asked: list[int] = []
    monkeypatch.setattr(tasks.open_company, "nudge", asked.append)
    due.sweep()
    assert asked == [company.pk]
