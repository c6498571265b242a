"""Encryption at rest: a data key per owner, wrapped by a master key from the environment.

The owner's name is inside the ciphertext, so a value copied to another owner's row does not open there.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class MasterKeyMissing(Exception):
    """No usable master key is configured, or the one a value needs is gone."""


class SecretUnreadable(Exception):
    """The stored value is damaged, or belongs to another owner."""


@dataclass(frozen=True)
class MasterKeys:
    """The configured master keys by id, newest first."""

    keys: dict[str, Fernet]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> MasterKeys:
        """Read `id:key` entries; MasterKeyMissing says which entry is wrong, never its key."""
        keys: dict[str, Fernet] = {}
        for position, entry in enumerate(entries, 1):
            name, _, key = entry.partition(":")
            try:
                keys[name] = Fernet(key)
            except (ValueError, binascii.Error):
                name = ""
            if not name:
                raise MasterKeyMissing(
                    f"Entry {position} of MASTER_KEYS is not `id:key` with 32 bytes in URL-safe base64"
                )
        return cls(keys)

    @property
    def current_id(self) -> str:
        """The id of the key that new data keys are wrapped with."""
        try:
            return next(iter(self.keys))
        except StopIteration:
            raise MasterKeyMissing("MASTER_KEYS is empty") from None

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """The id of the newest master key, and the data key under it."""
        return self.current_id, self.keys[self.current_id].encrypt(data_key)

    def unwrap(self, master_id: str, wrapped: bytes) -> bytes:
        """The data key; MasterKeyMissing when `master_id` is not configured or is another key by now."""
        if master_id not in self.keys:
            raise MasterKeyMissing(f"The master key {master_id!r} is not in MASTER_KEYS")
        try:
            return self.keys[master_id].decrypt(wrapped)
        except InvalidToken:
            raise MasterKeyMissing(f"The master key {master_id!r} in MASTER_KEYS is not the one used") from None


def new_data_key() -> bytes:
    return Fernet.generate_key()


def encrypt(value: str, *, owner: str, data_keys: list[bytes]) -> str:
    """`value` under the newest of `data_keys`, tied to `owner`."""
    return Fernet(data_keys[0]).encrypt(f"{owner}\0{value}".encode()).decode()


def decrypt(ciphertext: str, *, owner: str, data_keys: list[bytes]) -> str:
    """The value again; SecretUnreadable when it is damaged or another owner's."""
    try:
        plain = MultiFernet([Fernet(key) for key in data_keys]).decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable("The stored secret cannot be read with this owner's keys") from None
    found, _, value = plain.partition("\0")
    if found != owner:
        raise SecretUnreadable("The stored secret belongs to another owner")
    return value
