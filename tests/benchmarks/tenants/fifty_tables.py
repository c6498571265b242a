"""Migrations that exist in memory only: 50 tables with 4 indexes each, made by 50 migrations, one table each.

They stand in for the company apps' own; the shared apps keep theirs. Kinder than life, where a chain of migrations
also alters what it has made.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# The router lets only tables of company apps into a company's schema.
LABEL = "messaging"
TABLES = 50


class FiftyTablesLoader(MigrationLoader):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection, ignore_no_migrations=True)

    def load_disk(self) -> None:
        super().load_disk()
        ours = {key: migration for key, migration in self.disk_migrations.items() if key[0] != LABEL}
        fifty = {(LABEL, _name(number)): _migration(number) for number in range(1, TABLES + 1)}
        self.disk_migrations = {**ours, **fifty}


class FiftyTablesExecutor(MigrationExecutor):
    """Django's, but for the loader."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.loader = FiftyTablesLoader(connection)
        self.recorder = MigrationRecorder(connection)
        self.progress_callback = None


def _name(number: int) -> str:
    return f"{number:04}_thing"


def _migration(number: int) -> migrations.Migration:
    migration = migrations.Migration(_name(number), LABEL)
    migration.dependencies = [(LABEL, _name(number - 1))] if number > 1 else []
    migration.operations = [_table(number)]
    return migration


def _table(number: int) -> migrations.CreateModel:
    """Indexes: primary key, unique key, foreign key, and one for a list."""
    former = f"{LABEL}.Thing{max(number - 1, 1)}"
    return migrations.CreateModel(
        name=f"Thing{number}",
        fields=[
            ("id", models.BigAutoField(primary_key=True)),
            ("public_id", models.CharField(max_length=16)),
            ("name", models.CharField(max_length=120)),
            ("note", models.TextField(blank=True)),
            ("state", models.CharField(max_length=12, default="open")),
            ("amount", models.DecimalField(max_digits=12, decimal_places=4, default=0)),
            ("created_at", models.DateTimeField(auto_now_add=True)),
            ("former", models.ForeignKey(former, on_delete=models.CASCADE, related_name="+")),
        ],
        options={
            "constraints": [models.UniqueConstraint(fields=["public_id"], name=f"thing{number}_public_id")],
            "indexes": [models.Index(fields=["state", "created_at"], name=f"thing{number}_list")],
        },
    )
