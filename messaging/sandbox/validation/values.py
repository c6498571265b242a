"""Reading fields out of a body: missing is 131008, wrong is 131009."""

from __future__ import annotations

from typing import Any

from messaging.sandbox.errors import invalid, missing
from messaging.sandbox.model import JSON


def section(body: JSON, key: str, path: str = "") -> JSON:
    """An object that must be there."""
    name = f"{path}{key}"
    if body.get(key) is None:
        raise missing(f"The parameter {name} is required.")
    if not isinstance(body[key], dict):
        raise invalid(f"{name} must be an object.")
    found: JSON = body[key]
    return found


def rows(body: JSON, key: str, path: str, least: int, most: int) -> list[JSON]:
    name = f"{path}{key}"
    if body.get(key) is None:
        raise missing(f"The parameter {name} is required.")
    found = body[key]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise invalid(f"{name} must be an array of objects.")
    if not least <= len(found) <= most:
        raise invalid(f"{name} must hold {least} to {most} items, not {len(found)}.")
    return found


def text(body: JSON, key: str, path: str, most: int, *, least: int = 1) -> str:
    name = f"{path}{key}"
    found = body.get(key)
    if found is None:
        raise missing(f"The parameter {name} is required.")
    if not isinstance(found, str):
        raise invalid(f"{name} must be a string.")
    if not least <= len(found) <= most:
        raise invalid(f"{name} must be {least} to {most} characters long, not {len(found)}.")
    return found


def optional_text(body: JSON, key: str, path: str, most: int) -> str:
    return text(body, key, path, most, least=0) if body.get(key) is not None else ""


def coordinate(body: JSON, key: str, path: str, limit: float) -> float:
    """A number, or a string that holds one."""
    found: Any = body.get(key)
    if found is None or found == "":
        raise missing(f"The parameter {path}{key} is required.")
    try:
        value = float(found)
    except (TypeError, ValueError):
        raise invalid(f"{path}{key} must be a number.") from None
    if not -limit <= value <= limit:
        raise invalid(f"{path}{key} must lie between {-limit} and {limit}.")
    return value


def web_address(body: JSON, key: str, path: str, most: int = 2000) -> str:
    found = text(body, key, path, most)
    if not found.startswith(("http://", "https://")) or found[-3:] == "://":
        raise invalid(f"{path}{key} is not a valid URI.")
    return found
