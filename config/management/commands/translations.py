from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import translations


class Command(BaseCommand):
    help = "Bring the German catalogue up to date with the code and the templates, and compile it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when something is to do")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            self.update()
        problems = translations.all_problems()
        if problems and check:
            raise CommandError("\n".join([*problems, f"{len(problems)} to do in {translations.PO_FILE}"]))
        self.stdout.write("\n".join([*problems, f"{len(problems)} to do"]))

    def update(self) -> None:
        catalog = translations.renewed(translations.kept(), translations.said())
        write(translations.PO_FILE, translations.as_po(catalog))
        write(translations.MO_FILE, translations.as_mo(catalog))


def write(file: Path, content: bytes) -> None:
    """Write only what changed, so that a watching server does not restart for nothing."""
    if not file.exists() or file.read_bytes() != content:
        file.write_bytes(content)
