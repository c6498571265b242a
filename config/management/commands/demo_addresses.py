from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from config.demo.addresses import addresses


class Command(BaseCommand):
    help = "Prints where the demo is reached, and as whom."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(addresses()))
            return
        for address in addresses():
            self.stdout.write("  ".join(part for part in map(str, address.values()) if part))
