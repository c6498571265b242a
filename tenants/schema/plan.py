"""What the code's migrations ask of a company's schema, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration

Key = tuple[str, str]


class NotReplayable(Exception):
    """A migration of a company app does something that is not plain SQL in one transaction."""


def company_app_labels() -> list[str]:
    return [apps.get_app_config(name.rpartition(".")[2]).label for name in settings.TENANT_APPS]


def loader() -> MigrationLoader:
    """The migrations as files, without asking any database what is applied."""
    return MigrationLoader(None, ignore_no_migrations=True)


def company_migrations(graph: MigrationLoader) -> list[Key]:
    """Every migration of the company apps, in the order they are applied."""
    labels = set(company_app_labels())
    keys: list[Key] = []
    for label in labels:
        for target in graph.graph.leaf_nodes(label):
            for key in graph.graph.forwards_plan(target):
                if key[0] in labels and key not in keys:
                    keys.append(key)
    return keys


def sql_of(keys: Sequence[Key], graph: MigrationLoader) -> list[str]:
    """The statements of these migrations, captured without touching the database.

    Raises NotReplayable for Python code and for migrations outside a transaction: a company's data is
    moved by a resumable job, since a thousand schemas cannot wait for one another.
    """
    statements: list[str] = []
    for key in keys:
        migration: Migration = graph.graph.nodes[key]
        if not migration.atomic or not all(operation.reduces_to_sql for operation in migration.operations):
            raise NotReplayable(f"{key[0]}.{key[1]} cannot be replayed as SQL")
        state = graph.project_state(_before(key, graph))
        statements += _captured(migration, state)
    return statements


def _before(key: Key, graph: MigrationLoader) -> list[Key]:
    return [node for node in graph.graph.forwards_plan(key) if node != key]


def _captured(migration: Migration, state: Any) -> list[str]:
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        migration.apply(state, editor, collect_sql=True)
    lines = "\n".join(line for line in editor.collected_sql if not line.startswith("--"))
    return [lines] if lines.strip() else []
