from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.createcachetable import Command as CreateCacheTable
from django.core.management.commands.migrate import Command as DjangoMigrate

from tenants.lib.database import database
from tenants.schema.migrate import migrate_companies


class Command(DjangoMigrate):
    """Django's migrate for the shared schema, then every company's schema by captured SQL."""

    help = "Migrates the shared schema, then all companies; goes on past a company that fails and names it."
    # A check would look at tables that this command is about to make.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("--shared-only", action="store_true", help="Leave the companies' schemas as they are.")

    def handle(self, *args: Any, **options: Any) -> None:
        database.set_schema_to_public()
        shared_only = options.pop("shared_only", False)
        super().handle(*args, **options)
        if options.get("app_label") or options.get("plan") or options.get("check_unapplied"):
            return
        CreateCacheTable().handle(database=options["database"], dry_run=False, verbosity=0)
        if not shared_only:
            self._migrate_companies(options["verbosity"])

    def _migrate_companies(self, verbosity: int) -> None:
        outcome = migrate_companies()
        if verbosity and (outcome.migrated or outcome.failed):
            self.stdout.write(f"Companies: {outcome.asked} asked, {len(outcome.migrated)} migrated.")
        for schema_name, error in outcome.failed.items():
            self.stderr.write(f"  {schema_name}: {error}")
        if outcome.failed:
            raise CommandError(f"{len(outcome.failed)} of {outcome.asked} companies could not be migrated.")
