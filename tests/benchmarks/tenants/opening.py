"""Opening a company: by our script, and as Django's migrations would make the same schema.

The migrations are given a good case: in this process, with everything imported, without the checks and signals of
`migrate_schemas`. It walks and records the shared apps' migrations in every company too, so that is the comparison;
a kinder one, with the company apps alone, stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tenants.lib.database import database, forget_search_path
from tenants.models import Company
from tenants.schema import plan, script
from tenants.services import companies
from tenants.services.opening import open_company
from tests.benchmarks.report import Figure, Goal, median_of
from tests.benchmarks.tenants.fifty_tables import FiftyTablesExecutor, FiftyTablesLoader
from tests.benchmarks.timing import Work, in_turns

OPENINGS, ROUNDS = 15, 9
FASTER = Goal(10, "higher")
CATALOGS = "pg_class, pg_attribute, pg_attrdef, pg_constraint, pg_depend, pg_index, pg_sequence, pg_type"
_numbers = count(1)


def measure() -> list[Figure]:
    ways = {"opening": prepare_opening, "script": prepare_script, **_migrations(MigrationExecutor)}
    in_turns(ways, rounds=1)  # the first of each imports and compiles
    taken = in_turns(ways, rounds=ROUNDS)
    more = in_turns({"opening": prepare_opening}, rounds=OPENINGS - ROUNDS)
    _drop_schemas()
    return [
        median_of("open_seconds", taken["opening"] + more["opening"], "s", Goal(0.5, "lower")),
        *_against_migrations(taken, ""),
        _ratio("open_speedup_over_migrations_whole_opening", taken["migrations"], taken["opening"]),
    ]


def measure_fifty_tables() -> list[Figure]:
    """The same at the size the product will have: 50 tables with 4 indexes each, 50 recorded migrations."""
    with TemporaryDirectory() as folder, patch.object(script, "SCRIPT", _fifty_tables_script(Path(folder))):
        ways = {"script": prepare_script, **_migrations(FiftyTablesExecutor)}
        in_turns(ways, rounds=1)
        taken = in_turns(ways, rounds=ROUNDS)
    _drop_schemas()
    return _against_migrations(taken, "_50_tables")


def _migrations(executor: type[MigrationExecutor]) -> dict[str, Callable[[], Work]]:
    return {
        "migrations": partial(prepare_migrations, executor, _all_apps),
        "company migrations": partial(prepare_migrations, executor, plan.company_app_labels),
    }


def _against_migrations(taken: dict[str, list[float]], size: str) -> list[Figure]:
    return [
        median_of(f"schema_script_seconds{size}", taken["script"], "s", Goal(0.5, "lower")),
        median_of(f"schema_migrations_seconds{size}", taken["migrations"], "s"),
        _ratio(f"open_speedup_over_migrations{size}", taken["migrations"], taken["script"], FASTER),
        _ratio(f"open_speedup_over_company_migrations_alone{size}", taken["company migrations"], taken["script"]),
    ]


def _ratio(name: str, slow: list[float], fast: list[float], goal: Goal | None = None) -> Figure:
    """Of the medians; its spread is that of the rounds."""
    rounds = [one / other for one, other in zip(slow, fast, strict=True)]
    return Figure(name, median(slow) / median(fast), "×", goal, (min(rounds), max(rounds)))


def _fifty_tables_script(folder: Path) -> Path:
    """Made by the product's own generator, from the synthetic migrations."""
    path = folder / "fifty_tables.sql"
    with patch.object(script, "loader", lambda: FiftyTablesLoader(None)):
        path.write_text(script.generate(), encoding="utf-8")
    return path


def prepare_opening() -> Work:
    _tidy_catalogs()
    number = next(_numbers)
    company = companies.create_company(address_name=f"opening-{number}", name=f"Opening {number}", country="DE")
    return partial(open_company, company)


def prepare_script() -> Work:
    _tidy_catalogs()
    return partial(by_script, f"t_script_{next(_numbers)}")


def prepare_migrations(executor: type[MigrationExecutor], labels: Callable[[], list[str]]) -> Work:
    _tidy_catalogs()
    return partial(by_migrations, f"t_migrations_{next(_numbers)}", executor, labels())


def _all_apps() -> list[str]:
    return [app.label for app in apps.get_app_configs()]


def by_script(schema_name: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        script.run(cursor, schema_name)
    forget_search_path()


def by_migrations(schema_name: str, executor_class: type[MigrationExecutor], labels: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(schema_name)}")
    connection.set_schema(schema_name, include_public=False)
    try:
        executor = executor_class(connection)
        executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] in labels])
    finally:
        database.set_schema_to_public()


def _drop_schemas() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(name)} CASCADE")
    Company.objects.all().delete()
    _tidy_catalogs()


def _tidy_catalogs() -> None:
    """Each starts alike: without the dead rows that those before have left in the catalogs."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {CATALOGS}")
