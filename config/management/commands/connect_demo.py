from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.demo.connect import connect_demo


class Command(BaseCommand):
    help = "Connects the demo companies' numbers to the provider sandbox, which must be running, and tells their weeks."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for name in connect_demo():
            self.stdout.write(f"Connected {name}.")
