"""The audit log: added to, never changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.models import AuditEntry, Company, User
from tenants.services import audit, companies
from tenants.services.audit import Actor
from tests.conftest import Browser


@pytest.fixture
def entry(acme: Company, admin: User) -> AuditEntry:
    return audit.record(Actor(user=admin, ip="192.0.2.7"), "company.changed", company=acme, target=acme.name)


def test_an_entry_cannot_be_changed(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(action="something.else")


def test_an_entry_cannot_be_deleted(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_the_log_cannot_be_emptied(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE tenants_auditentry")


def test_only_what_changed_is_kept(acme: Company, admin: User) -> None:
    details = {"name": "Acme Neu", "country": acme.country, "vat_id": acme.vat_id}
    companies.change_details(acme, actor=Actor(user=admin), **details)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.before, entry.after) == ({"name": "Acme Versand"}, {"name": "Acme Neu"})


def test_a_change_that_changes_nothing_is_not_logged(acme: Company, admin: User) -> None:
    count = AuditEntry.objects.count()
    companies.change_details(acme, actor=Actor(user=admin), name=acme.name)
    assert AuditEntry.objects.count() == count


def test_a_company_sees_only_its_own_log(
    entry: AuditEntry, globex: Company, rival: User, at: Callable[..., Browser]
) -> None:
    assert "192.0.2.7" not in at(globex, rival).get("/settings/log/").content.decode()


def test_a_company_s_admin_sees_who_did_what_from_where(
    entry: AuditEntry, acme: Company, admin: User, at: Callable[..., Browser]
) -> None:
    page = at(acme, admin).get("/settings/log/").content.decode()
    assert admin.name in page
    assert "192.0.2.7" in page
