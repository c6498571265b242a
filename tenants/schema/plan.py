"""What the code's migrations ask of a company's schema, as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration

from tenants.lib.database import database

Key = tuple[str, str]
SCRATCH = "t_scratch"


class NotReplayable(Exception):
    """A migration of a company app does something that is not plain SQL in one transaction."""


def company_app_labels() -> list[str]:
    return [apps.get_app_config(name.rpartition(".")[2]).label for name in settings.TENANT_APPS]


def loader() -> MigrationLoader:
    """The migrations as files, without asking any database what is applied."""
    return MigrationLoader(None, ignore_no_migrations=True)


def company_migrations(graph: MigrationLoader) -> list[Key]:
    """Every migration of the company apps, in the order they are applied."""
    labels = company_app_labels()
    keys: list[Key] = []
    for label in labels:
        for target in graph.graph.leaf_nodes(label):
            for key in graph.graph.forwards_plan(target):
                if key[0] in labels and key not in keys:
                    keys.append(key)
    return keys


def sql_of(keys: Sequence[Key], graph: MigrationLoader) -> list[str]:
    """The statements of these migrations, as they look to a schema that has exactly the others.

    Some statements depend on what the database has (the name of a constraint to drop), so they are captured against
    a schema made for this and rolled back: a company that has drifted cannot change what the others get.
    Raises NotReplayable for Python code and for migrations outside a transaction: a company's data is moved by a
    resumable job, since a thousand schemas cannot wait for one another.
    """
    wanted, statements = set(keys), list[str]()
    with _scratch_schema():
        for key in company_migrations(graph):
            migration = graph.graph.nodes[key]
            _assert_replayable(migration)
            captured = _captured(migration, graph)
            _execute(captured)
            if key in wanted:
                statements += captured
    return statements


@contextmanager
def _scratch_schema() -> Iterator[None]:
    former = database.tenant
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {SCRATCH}")
        database.set_schema(SCRATCH)
        try:
            yield
        finally:
            transaction.set_rollback(True)
            database.set_tenant(former)


def _assert_replayable(migration: Migration) -> None:
    if not migration.atomic or not all(operation.reduces_to_sql for operation in migration.operations):
        raise NotReplayable(f"{migration.app_label}.{migration.name} cannot be replayed as SQL")


def _captured(migration: Migration, graph: MigrationLoader) -> list[str]:
    key = (migration.app_label, migration.name)
    state = graph.project_state([node for node in graph.graph.forwards_plan(key) if node != key])
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        migration.apply(state, editor, collect_sql=True)
    return ["\n".join(line for line in editor.collected_sql if not line.startswith("--"))]


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            if statement.strip():
                cursor.execute(statement)
