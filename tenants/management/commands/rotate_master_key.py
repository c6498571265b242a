from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from tenants.lib.secrets import MasterKeyMissing
from tenants.services import keys


class Command(BaseCommand):
    help = (
        "Wraps every company's data key with the newest master key. Put the new key first in MASTER_KEYS, run this,"
        " then remove the old one. It can be stopped and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = keys.rotate()
            people = sum(self._rotate_factor(factor) for factor in Authenticator.objects.iterator())
        except MasterKeyMissing as problem:
            raise CommandError(f"{problem}. Nothing was lost; add it to MASTER_KEYS and run this again.") from None
        self.stdout.write(f"{changed} company keys and {people} second factors are now under the newest master key.")

    def _rotate_factor(self, factor: Authenticator) -> bool:
        """Second factors are under the master key itself."""
        names = [name for name in ("secret", "seed") if name in factor.data]
        stale = [name for name in names if not factor.data[name].startswith(f"{keys.master_keys().current_id}:")]
        for name in stale:
            factor.data[name] = keys.encrypt_for_platform(keys.decrypt_for_platform(factor.data[name]))
        if stale:
            factor.save(update_fields=["data"])
        return bool(stale)
