from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.demo.load import load_demo


class Command(BaseCommand):
    help = "Loads the demo companies; does nothing when they are there."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for name in load_demo():
            self.stdout.write(f"Loaded {name}.")
