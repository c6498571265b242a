"""Opening a company: a small state machine whose every step can be run again.

    reserved ──► schema ──► ready        company.state: opening ─────────► active
      the row     the tables  its key

A worker that is killed between two steps, or within one, leaves a row that says where to go on. Each step is one
transaction that moves `opening_step` by compare-and-set, so two openers cannot run a step twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from tenants.lib.database import forget_search_path
from tenants.lib.secrets import MasterKeyMissing
from tenants.models import Company, CompanyState
from tenants.schema import script
from tenants.services import audit, due, hosts, keys

log = structlog.get_logger(__name__)
KIND = "open_company"
MOST_ATTEMPTS = 5


class OpeningFailed(Exception):
    """A step could not be done; the company's row says why, and the sweep tries again."""


def open_company(company: Company) -> Company:
    """Bring a company from wherever its opening stopped to active; a company that is open stays as it is.

    Raises OpeningFailed when a step fails; what was done before stays done.
    """
    try:
        for step, run in STEPS:
            _run_step(company.pk, step, run)
    except (DatabaseError, MasterKeyMissing) as problem:
        _note_failure(company.pk, problem)
        raise OpeningFailed(str(problem)) from problem
    company.refresh_from_db()
    return company


def retry_at(company: Company) -> timedelta | None:
    """How long to wait before the next attempt; None when a person must look at it."""
    if company.opening_attempts >= MOST_ATTEMPTS:
        return None
    return timedelta(seconds=10 * 2**company.opening_attempts)


@transaction.atomic
def _run_step(company_id: int, step: str, run: Callable[[Company], str]) -> None:
    """Do one step under the company's row lock, unless it is done already."""
    company = Company.objects.select_for_update().get(pk=company_id)
    if company.opening_step == step:
        company.opening_step = run(company)
        company.save(update_fields=["opening_step", "state", "opened_at", "opening_error"])


def _make_schema(company: Company) -> str:
    with connection.cursor() as cursor:
        script.run(cursor, company.schema_name)
    forget_search_path()
    return "schema"


def _make_ready(company: Company) -> str:
    if not company.keys.exists():
        keys.make_key(company)
    company.state, company.opened_at, company.opening_error = CompanyState.ACTIVE, timezone.now(), ""
    audit.record(audit.SYSTEM, "company.opened", company=company, target=company.name)
    due.settle(due.begin(KIND, company), None)
    transaction.on_commit(hosts.forget_all)
    return "ready"


STEPS: list[tuple[str, Callable[[Company], str]]] = [("reserved", _make_schema), ("schema", _make_ready)]


def _note_failure(company_id: int, problem: Exception) -> None:
    log.error("company.opening_failed", company_id=company_id, error=type(problem).__name__)
    Company.objects.filter(pk=company_id).update(
        opening_attempts=F("opening_attempts") + 1, opening_error=str(problem)[:2000]
    )
