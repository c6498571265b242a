"""A company's data keys: made once, wrapped by the master key, wrapped anew when the master key changes."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from tenants.lib import secrets
from tenants.lib.secrets import MasterKeys
from tenants.models import Company, CompanyKey

PLATFORM = "platform"


def master_keys() -> MasterKeys:
    """MasterKeyMissing when MASTER_KEYS is malformed."""
    return MasterKeys.parse(settings.MASTER_KEYS)


def make_key(company: Company) -> CompanyKey:
    """A first data key, or a newer one that encrypts from now on."""
    master_id, wrapped = master_keys().wrap(secrets.new_data_key())
    return CompanyKey.objects.create(company=company, master_id=master_id, wrapped=wrapped)


def data_keys(company: Company) -> list[bytes]:
    """The company's data keys, newest first; MasterKeyMissing when their master key is gone."""
    masters = master_keys()
    return [masters.unwrap(key.master_id, bytes(key.wrapped)) for key in company.keys.order_by("-pk")]


def encrypt_for(company: Company, value: str) -> str:
    return secrets.encrypt(value, owner=company.schema_name, data_keys=data_keys(company))


def decrypt_for(company: Company, ciphertext: str) -> str:
    """SecretUnreadable for another company's value."""
    return secrets.decrypt(ciphertext, owner=company.schema_name, data_keys=data_keys(company))


def encrypt_for_platform(value: str) -> str:
    """A secret that belongs to no company, such as a person's second factor, under the master key itself."""
    masters = master_keys()
    master_id, wrapped = masters.wrap(f"{PLATFORM}\0{value}".encode())
    return f"{master_id}:{wrapped.decode()}"


def decrypt_for_platform(ciphertext: str) -> str:
    master_id, _, wrapped = ciphertext.partition(":")
    plain = master_keys().unwrap(master_id, wrapped.encode()).decode()
    return plain.removeprefix(f"{PLATFORM}\0")


def rotate(batch: int = 200) -> int:
    """Wrap every data key that an older master key wraps with the newest; how many were changed.

    Each batch is a transaction of its own: a rotation that is stopped goes on where it was.
    """
    masters = master_keys()
    changed = 0
    while True:
        with transaction.atomic():
            old = list(
                CompanyKey.objects.exclude(master_id=masters.current_id)
                .select_for_update(skip_locked=True)
                .order_by("pk")[:batch]
            )
            for key in old:
                key.master_id, key.wrapped = masters.wrap(masters.unwrap(key.master_id, bytes(key.wrapped)))
            CompanyKey.objects.bulk_update(old, ["master_id", "wrapped"])
        changed += len(old)
        if not old:
            return changed
