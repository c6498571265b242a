"""Numbers 1..n without a gap or a double, whoever issues and whatever crashes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from billing.einvoice.document import Document
from billing.invoices import chain, corrections, issuing
from billing.invoices.documents import Built
from billing.invoices.models import BillingProfile, Invoice, InvoiceSeries, IssuedDocument
from tenants.models import AuditEntry, Company, User
from tenants.services.audit import Actor
from tests.billing.invoices.cast import NOW, approved, draft, issued, plan, ready, unchecked
from tests.conftest import Cast

ISSUERS, INVOICES = 16, 48
# A worker that is killed while it holds the counter and has its document half written.
KILLED = """
import os
import django
django.setup()
from billing.invoices import issuing, documents
from billing.invoices.models import Invoice
def build(document):
    documents.build(document)
    os.kill(os.getpid(), 9)
issuing.issue_invoice(Invoice.objects.get(number=None), build=build)
"""


@pytest.fixture
def waiting(committed: Cast) -> Iterator[list[Invoice]]:
    """Approved drafts in the database, and nothing of them left behind."""
    company, person = Company.objects.get(pk=committed.acme), User.objects.get(pk=committed.staff)
    ready(company)
    kept = set(AuditEntry.objects.values_list("pk", flat=True))
    try:
        yield [_approved(company, person, number) for number in range(INVOICES)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in ("issueddocument", "invoiceline", "invoice", "invoiceseries"):
                cursor.execute(f"DELETE FROM billing_{table}")
            cursor.execute("DELETE FROM tenants_auditentry WHERE NOT id = ANY(%s)", [list(kept)])
            cursor.execute("SET session_replication_role = DEFAULT")
        BillingProfile.objects.all().delete()


def _approved(company: Company, person: User, number: int) -> Invoice:
    """Each for a month of its own: one period has one draft."""
    made = draft(company, plan(key=f"plan:{number}"))
    Invoice.objects.filter(pk=made.pk).update(period_first=made.period_first - timedelta(days=31 * (number + 1)))
    issuing.approve(made, actor=Actor(user=person), now=NOW)
    return made


class Crash(BaseException):
    """Whatever may happen to a process."""


def crash_sometimes(document: Document) -> Built:
    """Half of the attempts end before the commit: by an error, or with the connection gone."""
    chance = random.random()
    if chance < 0.25:
        raise Crash
    if chance < 0.5:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return unchecked(document)


def issue_until_done(invoice: Invoice) -> None:
    while True:
        try:
            issuing.issue_invoice(invoice, now=NOW, build=crash_sometimes)
        except (Crash, OperationalError):
            connection.close()
        else:
            connection.close()
            return


def test_sixteen_issuers_that_crash_leave_no_gap(waiting: list[Invoice]) -> None:
    with ThreadPoolExecutor(max_workers=ISSUERS) as pool:
        list(pool.map(issue_until_done, waiting))
    numbers = sorted(Invoice.objects.issued().values_list("number", flat=True))
    assert numbers == [f"RE-{serial:06d}" for serial in range(1, INVOICES + 1)]
    assert set(IssuedDocument.objects.values_list("number", flat=True)) == set(numbers)
    assert chain.verify(InvoiceSeries.objects.get()) == []


def test_a_worker_that_is_killed_with_the_document_in_its_hands_takes_no_number_along(waiting: list[Invoice]) -> None:
    Invoice.objects.exclude(pk=waiting[0].pk).delete()
    database = connection.settings_dict
    url = f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url}
    died = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False, timeout=60)
    assert died.returncode == -9
    assert not IssuedDocument.objects.exists()
    assert issuing.issue_invoice(waiting[0], now=NOW, build=unchecked).number == "RE-000001"


def test_corrections_count_in_a_row_of_their_own(buyer: Company, staff: User, actor: Actor) -> None:
    first = issued(buyer, staff)
    made = corrections.draft_cancellation(first, reason="wrong company", actor=actor)
    issuing.approve(made, actor=actor)
    assert issuing.issue_invoice(made, now=NOW, build=unchecked).number == "RK-000001"
    assert issuing.issue_invoice(approved(buyer, staff), now=NOW, build=unchecked).number == "RE-000002"


def test_a_draft_that_is_thrown_away_took_no_number(buyer: Company, staff: User) -> None:
    draft(buyer).delete()
    assert issued(buyer, staff).number == "RE-000001"
