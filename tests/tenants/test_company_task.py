"""A task runs in its own company or is parked, never elsewhere."""

from __future__ import annotations

import pytest
from celery import shared_task
from django.db import connection
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from messaging.contacts.models import Contact
from tenants.company_task import CompanyTask, SharedTask
from tenants.context import company_context, current_schema
from tenants.models import Company, CompanyState, ParkedTask


@shared_task(base=CompanyTask, name="tests.where_am_i")
def where_am_i(company: Company, *words: str) -> tuple[str, str]:
    return current_schema(), Contact.objects.get().name


@shared_task(base=CompanyTask, name="tests.fails")
def fails(company: Company) -> None:
    raise ValueError(company.name)


@shared_task(name="tests.shared")
def shared() -> str:
    return current_schema()


def test_a_company_task_runs_in_its_company(acme: Company) -> None:
    assert where_am_i(acme.schema_name) == (acme.schema_name, "Customer of Acme Versand")


def test_a_company_task_leaves_the_shared_schema_behind(acme: Company) -> None:
    where_am_i(acme.schema_name)
    assert connection.schema_name == "public"


def test_a_failed_company_task_leaves_its_company(acme: Company) -> None:
    with pytest.raises(ValueError, match="Acme"):
        fails(acme.schema_name)
    assert connection.schema_name == "public"


def test_a_task_of_a_company_that_is_gone_is_parked(acme: Company) -> None:
    assert where_am_i("t_gone", "word") is None
    parked = ParkedTask.objects.get()
    assert (parked.task, parked.schema_name, parked.arguments) == ("tests.where_am_i", "t_gone", ["word"])


def test_a_task_parked_again_and_again_is_one_row(acme: Company) -> None:
    for _ in range(3):
        where_am_i("t_gone", "word")
    assert ParkedTask.objects.count() == 1


@pytest.mark.parametrize("state", [CompanyState.SUSPENDED, CompanyState.OPENING])
def test_a_task_of_a_company_that_is_not_active_is_parked(acme: Company, state: str) -> None:
    Company.objects.filter(pk=acme.pk).update(state=state)
    assert where_am_i(acme.schema_name) is None
    assert state in ParkedTask.objects.get().reason


def test_a_task_whose_schema_is_missing_never_runs_in_the_shared_one(acme: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {acme.schema_name} RENAME TO t_elsewhere")
    connection.search_path_set_schemas = None
    with pytest.raises(Exception, match=acme.schema_name):
        where_am_i(acme.schema_name)


def test_a_shared_task_runs_in_the_shared_schema_whatever_was_open(acme: Company) -> None:
    with company_context(acme):
        assert shared() == "public"
        assert current_schema() == acme.schema_name


def test_every_task_has_our_base() -> None:
    from config.celery import app

    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert ours
    assert [name for name, task in ours.items() if not isinstance(task, SharedTask)] == []


def test_a_nudge_without_a_broker_is_only_late(
    acme: Company, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(where_am_i, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        where_am_i.nudge(acme)
