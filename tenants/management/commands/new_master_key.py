from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand
from django.utils import timezone


class Command(BaseCommand):
    help = "Prints a new entry for MASTER_KEYS. Put it first; keep the old ones until rotate_master_key has run."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{timezone.now():%Y%m%d}:{Fernet.generate_key().decode()}")
