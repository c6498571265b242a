"""Signed values that open only for the company and the purpose they were made for."""

from __future__ import annotations

from typing import Any

from django.core import signing


def _salt(purpose: str, schema_name: str) -> str:
    return f"botschaft:{purpose}:{schema_name}"


def dumps(value: Any, *, purpose: str, schema_name: str) -> str:
    return signing.dumps(value, salt=_salt(purpose, schema_name), compress=True)


def loads(signed: str, *, purpose: str, schema_name: str, max_age: int | None = None) -> Any:
    """The value; django's BadSignature (SignatureExpired past `max_age` seconds) for anything else."""
    return signing.loads(signed, salt=_salt(purpose, schema_name), max_age=max_age)
