"""Ids as the provider makes them (reference §1)."""

from __future__ import annotations

import base64
import hashlib
import random

_chance = random.Random()  # noqa: S311  opaque, not secret; and made thousands of times a second


def numeric(digits: int = 15) -> str:
    return str(_chance.randrange(10 ** (digits - 1), 10**digits))


def wamid(digits: str, *, inbound: bool = False) -> str:
    """Opaque and case-sensitive; the real ones hold the number and a random part too."""
    mark = b"\x12" if inbound else b"\x11"
    tail = b"%018X" % _chance.getrandbits(72)
    return "wamid." + base64.b64encode(b"\x1d\x18\x0b" + digits.encode() + b"\x15\x02\x00" + mark + tail).decode()


def user_id(country: str, portfolio: str, person: str) -> str:
    """A business-scoped user id: the same person is somebody else for every portfolio (§11)."""
    digest = hashlib.sha256(f"{portfolio}/{person}".encode()).digest()
    return f"{country}.{int.from_bytes(digest[:8]) % 10**17:017d}"


def trace() -> str:
    return f"A{_chance.getrandbits(90):023x}"
