"""Bring the schemas of all companies up to the code's migrations.

All schemas are asked in a few queries, the SQL is captured once for each set of missing migrations and replayed
with a lock timeout. A company that fails is named and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tenants.lib.database import forget_search_path
from tenants.models import Company, SchemaMigrationResult
from tenants.schema.plan import Key, company_migrations, loader, sql_of

LOCK_TIMEOUT = "2s"
SCHEMAS_A_QUERY = 500


@dataclass
class Outcome:
    """What a run did: how many companies were asked, and the result of each that had work."""

    asked: int = 0
    migrated: list[Company] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def migrate_companies(companies: Iterable[Company] | None = None) -> Outcome:
    """Apply what is missing to every company (or to these); never raises for a single company."""
    graph = loader()
    wanted = company_migrations(graph)
    chosen = list(
        companies if companies is not None else Company.objects.exclude(opening_step="reserved").order_by("pk")
    )
    outcome = Outcome(asked=len(chosen))
    captured: dict[tuple[Key, ...], list[str]] = {}
    for company, applied in _applied(chosen):
        if applied is None:
            _record(company, [], "The schema or its table of migrations is missing", 0, outcome)
            continue
        missing = tuple(key for key in wanted if key not in applied)
        if missing:
            if missing not in captured:
                captured[missing] = sql_of(missing, graph)
            _bring_up(company, missing, captured[missing], outcome)
    return outcome


def missing_migrations() -> dict[str, int]:
    """Schema name → number of migrations it lacks, of the companies that lack any."""
    wanted = company_migrations(loader())
    found = _applied(list(Company.objects.exclude(opening_step="reserved")))
    lacking = {company.schema_name: len(set(wanted) - (applied or set())) for company, applied in found}
    return {name: count for name, count in lacking.items() if count}


def _applied(companies: list[Company]) -> Iterator[tuple[Company, set[Key] | None]]:
    """Each company with the migrations its schema has recorded; None when there is no such table."""
    remaining = iter(companies)
    while batch := list(islice(remaining, SCHEMAS_A_QUERY)):
        recorded = _recorded([company.schema_name for company in batch])
        for company in batch:
            yield company, recorded.get(company.schema_name)


def _recorded(schema_names: list[str]) -> dict[str, set[Key]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid"
            " WHERE c.relname = 'django_migrations' AND n.nspname = ANY(%s)",
            [schema_names],
        )
        present = [name for (name,) in cursor.fetchall()]
        if not present:
            return {}
        found: dict[str, set[Key]] = {name: set() for name in present}
        quote = connection.ops.quote_name
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}', app, name FROM {quote(name)}.django_migrations" for name in present)
        )
        for schema_name, app, name in cursor.fetchall():
            found[schema_name].add((app, name))
        return found


def _bring_up(company: Company, missing: tuple[Key, ...], statements: list[str], outcome: Outcome) -> None:
    began = time.monotonic()
    error = ""
    try:
        with transaction.atomic():
            _replay(company.schema_name, missing, statements)
    except DatabaseError as problem:
        error = str(problem).strip()
    _record(company, list(missing), error, time.monotonic() - began, outcome)


def _replay(schema_name: str, missing: tuple[Key, ...], statements: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';"
            f" SET LOCAL search_path = {connection.ops.quote_name(schema_name)}"
        )
        for statement in filter(str.strip, statements):
            cursor.execute(statement)
        cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", list(missing))
    forget_search_path()


def _record(company: Company, missing: list[Key], error: str, seconds: float, outcome: Outcome) -> None:
    SchemaMigrationResult.objects.update_or_create(
        company=company,
        defaults={
            "migrations": [".".join(key) for key in missing],
            "error": error,
            "seconds": seconds,
            "at": timezone.now(),
        },
    )
    if error:
        outcome.failed[company.schema_name] = error
    else:
        outcome.migrated.append(company)
