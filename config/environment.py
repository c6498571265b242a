"""Values read from the environment, turned into what settings.py needs."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict


def text(name: str, default: str = "") -> str:
    """The variable as text; an empty one counts as absent."""
    return os.environ.get(name) or default


def flag(name: str, *, default: bool) -> bool:
    """1, true, yes and on are yes; 0, false, no and off are no; anything else is refused."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, default: int) -> int:
    """A whole number; ValueError names the variable when it is none."""
    value = os.environ.get(name, "").strip()
    try:
        return int(value) if value else default
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None


def words(name: str) -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Django's database settings from a libpq URL; a pool of 0 means a plain connection per thread."""
    parts = conninfo_to_dict(url)
    options: dict[str, Any] = {
        key: value for key, value in parts.items() if key not in {"host", "port", "user", "password", "dbname"}
    }
    if pool_size:
        # A connection that met many companies keeps their catalog entries in memory, so it is
        # replaced now and then; without a pool an ASGI server leaks one per request thread.
        options["pool"] = {
            "min_size": min(2, pool_size),
            "max_size": pool_size,
            "max_lifetime": 900,
            "timeout": 10,
        }
    return {
        "ENGINE": "django_tenants.postgresql_backend",
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "NAME": parts.get("dbname", ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
    }


def mail(url: str) -> dict[str, Any]:
    """Django's mail settings from `smtp://user:password@host:587`; `smtps://` speaks TLS from the start."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("EMAIL_URL must begin with smtp:// or smtps://")
    implicit_tls = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if implicit_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit_tls,
        "EMAIL_USE_TLS": not implicit_tls,
    }
