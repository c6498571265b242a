"""Migrating many companies: when there is nothing to do, and when each lacks one column."""

from __future__ import annotations

from unittest.mock import patch

from django.db import connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader

from tenants.lib.database import forget_search_path
from tenants.models import Company, CompanyState
from tenants.schema import migrate, plan, script
from tests.benchmarks.report import Figure, Goal, median_of
from tests.benchmarks.timing import seconds_of

COMPANIES = 300
NOOP_RUNS = 7
COLUMN_RUNS = 3


def measure() -> list[Figure]:
    make_companies(COMPANIES)
    migrate.migrate_companies()
    noop = [seconds_of(lambda: _migrate(0)) for _ in range(NOOP_RUNS)]
    column = [_seconds_of_column(number) for number in range(1, COLUMN_RUNS + 1)]
    return [
        median_of("noop_migrate_seconds_300", noop, "s", Goal(1, "lower")),
        median_of("migrate_one_column_seconds_300", column, "s"),
    ]


def make_companies(wanted: int) -> None:
    Company.objects.bulk_create(
        Company(name=f"Company {number}", country="DE", state=CompanyState.ACTIVE, opening_step="ready")
        for number in range(wanted)
    )
    for schema_name in Company.objects.values_list("schema_name", flat=True):
        with transaction.atomic(), connection.cursor() as cursor:
            script.run(cursor, schema_name)
    forget_search_path()


def _seconds_of_column(number: int) -> float:
    """The code has one migration more than the companies."""
    with patch.object(migrate, "loader", lambda: _loader_with_columns(number)):
        return seconds_of(lambda: _migrate(COMPANIES))


def _migrate(changed: int) -> None:
    outcome = migrate.migrate_companies()
    found = (outcome.asked, len(outcome.migrated), outcome.failed)
    assert found == (COMPANIES, changed, {}), f"asked, migrated, failed: {found}"


def _loader_with_columns(last: int) -> MigrationLoader:
    """The code's migrations, and after them one for each column up to this one."""
    graph = plan.loader()
    (leaf,) = graph.graph.leaf_nodes("messaging")
    for number in range(1, last + 1):
        migration = migrations.Migration(f"9{number:03}_bench", "messaging")
        migration.operations = [
            migrations.AddField("contact", f"bench_{number}", models.CharField(max_length=20, null=True))
        ]
        key = (migration.app_label, migration.name)
        graph.graph.add_node(key, migration)
        graph.graph.add_dependency(migration, key, leaf)
        leaf = key
    return graph
