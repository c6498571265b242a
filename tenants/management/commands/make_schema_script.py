from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.schema import script


class Command(BaseCommand):
    help = "Writes the script that makes a company's schema, from the migrations as they are now."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="Fail when the file is not current.")

    def handle(self, *args: Any, **options: Any) -> None:
        current = script.generate()
        if options["check"]:
            if not script.SCRIPT.exists() or script.SCRIPT.read_text(encoding="utf-8") != current:
                raise CommandError("The schema script is not current: run manage.py make_schema_script.")
            return
        script.SCRIPT.write_text(current, encoding="utf-8")
        self.stdout.write(f"Wrote {script.SCRIPT.name}.")
