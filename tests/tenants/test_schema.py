"""A company's schema: one script, equal to the migrations, and migrations that go on past a failure."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoAssertNumQueries

from tenants.models import Company, SchemaMigrationResult
from tenants.schema import migrate, plan, script
from tenants.schema.migrate import migrate_companies

CATALOG = """
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
       a.attidentity::text, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v')
UNION ALL
SELECT 'constraint', c.relname, '', pg_get_constraintdef(k.oid), k.condeferrable::text, k.condeferred::text, ''
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s
UNION ALL
SELECT 'index', c.relname, '', regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \\S+ ON', 'INDEX ON'), '', '', ''
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s
UNION ALL
SELECT 'trigger', c.relname, t.tgname, '', '', '', ''
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND NOT t.tgisinternal
"""


def catalog(schema_name: str) -> list[tuple[str, ...]]:
    """Everything the database knows of a schema's tables, without the schema's own name."""
    with connection.cursor() as cursor:
        cursor.execute(CATALOG, {"schema": schema_name})
        return sorted(tuple(str(part).replace(f"{schema_name}.", "") for part in row) for row in cursor.fetchall())


@pytest.fixture
def migrated_schema(db: None) -> str:
    """A schema made the long way, by Django's own migrations."""
    name = "t_by_migrations"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")
    connection.set_schema(name, include_public=False)
    try:
        executor = MigrationExecutor(connection)
        labels = plan.company_app_labels()
        executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] in labels])
    finally:
        connection.set_schema_to_public()
    return name


def test_the_script_makes_what_the_migrations_make(migrated_schema: str, acme: Company) -> None:
    assert catalog(acme.schema_name) == catalog(migrated_schema)


def test_the_script_in_the_code_is_current() -> None:
    assert script.SCRIPT.read_text(encoding="utf-8") == script.generate()


def test_the_script_records_every_company_migration(acme: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT app, name FROM "{acme.schema_name}".django_migrations')
        recorded = set(cursor.fetchall())
    assert recorded == set(plan.company_migrations(plan.loader()))


def test_every_company_migration_can_be_replayed_as_sql(db: None) -> None:
    graph = plan.loader()
    keys = plan.company_migrations(graph)
    assert plan.sql_of(keys, graph)


def test_a_company_schema_refers_to_nothing_in_the_shared_schema(acme: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.conname FROM pg_constraint k
            JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
            WHERE n.nspname = %s AND fn.nspname <> n.nspname
            """,
            [acme.schema_name],
        )
        assert cursor.fetchall() == []


def test_a_company_schema_has_no_triggers(acme: Company) -> None:
    assert [row for row in catalog(acme.schema_name) if row[0] == "trigger"] == []


def test_a_table_of_a_company_never_exists_in_the_shared_schema(acme: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s INTERSECT"
            " SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            [acme.schema_name],
        )
        assert cursor.fetchall() == [("django_migrations",)]


def test_migrating_companies_that_are_current_changes_nothing(acme: Company, globex: Company) -> None:
    outcome = migrate_companies()
    assert (outcome.asked, outcome.migrated, outcome.failed) == (2, [], {})


def test_asking_all_companies_takes_two_queries(
    acme: Company, globex: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found = list(Company.objects.all())
    with django_assert_num_queries(2):
        migrate_companies(found)


def _set_back(company: Company) -> None:
    """As if a company had never had the messaging tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'django_migrations'",
            [company.schema_name],
        )
        tables = ", ".join(f"{company.schema_name}.{name}" for (name,) in cursor.fetchall())
        cursor.execute(f"DROP TABLE {tables}; DELETE FROM {company.schema_name}.django_migrations")


def test_a_company_that_is_behind_is_brought_up_by_replay(acme: Company, globex: Company) -> None:
    wanted = catalog(globex.schema_name)
    _set_back(acme)
    outcome = migrate_companies()
    assert outcome.migrated == [acme]
    assert catalog(acme.schema_name) == wanted


def test_a_drifted_company_is_named_and_the_others_go_on(acme: Company, globex: Company) -> None:
    _set_back(acme)
    _set_back(globex)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {acme.schema_name}.messaging_contact (id int)")
    outcome = migrate_companies()
    assert list(outcome.failed) == [acme.schema_name]
    assert outcome.migrated == [globex]
    assert "messaging_contact" in SchemaMigrationResult.objects.get(company=acme).error


def test_a_company_whose_schema_is_gone_is_named(acme: Company, globex: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {acme.schema_name} CASCADE")
    outcome = migrate_companies()
    assert list(outcome.failed) == [acme.schema_name]


def test_a_locked_company_is_named_and_the_others_go_on(committed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    companies = [_throwaway("lock-a"), _throwaway("lock-b")]
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {companies[0].schema_name}.messaging_contact IN ACCESS EXCLUSIVE MODE")
        outcome = migrate_companies(_behind_by_one(companies, monkeypatch))
    finally:
        other.rollback()
        other.close()
    assert list(outcome.failed) == [companies[0].schema_name]
    assert outcome.migrated == [companies[1]]


def _throwaway(name: str) -> Company:
    company = Company.objects.create(name=name, country="DE", opening_step="ready")
    with transaction.atomic(), connection.cursor() as cursor:
        script.run(cursor, company.schema_name)
    connection.search_path_set_schemas = None
    return company


def _behind_by_one(companies: list[Company], monkeypatch: pytest.MonkeyPatch) -> list[Company]:
    """Pretend the code has one more migration, whose SQL needs a lock."""
    key = ("messaging", "9999_test")
    current = plan.company_migrations(plan.loader())
    applied = {company.schema_name: set(current) for company in companies}
    monkeypatch.setattr(migrate, "company_migrations", lambda graph: [*current, key])
    monkeypatch.setattr(migrate, "_recorded", lambda names: applied)
    monkeypatch.setattr(migrate, "sql_of", lambda keys, graph: ["ALTER TABLE messaging_contact ADD COLUMN extra int"])
    return companies


def test_the_check_of_the_script_passes() -> None:
    call_command("make_schema_script", "--check")
