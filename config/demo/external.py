"""Services that the environment names: reachable, or one line on what to do.

Passwords stand in these addresses, so they are never repeated whole.
"""

from __future__ import annotations

import psycopg
import redis

from config.demo.console import StartFailed

SECONDS = 5


def check_database(url: str) -> None:
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise StartFailed(
            "DATABASE_URL cannot be read; it looks like postgres://user:password@host:5432/database."
        ) from None
    host = str(parts.get("host", "localhost"))
    # An @ in a password that was not written as %40 ends up in the host's name.
    shown = host.rpartition("@")[2]
    where = f"{parts.get('dbname', '')} at {shown}:{parts.get('port', 5432)}"
    try:
        psycopg.connect(url, connect_timeout=SECONDS).close()
    except psycopg.OperationalError as error:
        raise StartFailed(
            f"PostgreSQL database {where} (DATABASE_URL) cannot be used: {last_words(error).replace(host, shown)}. "
            "Start or create it, or unset DATABASE_URL to use the embedded one."
        ) from None


def check_redis(url: str) -> None:
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
    except ValueError:
        raise StartFailed("REDIS_URL cannot be read; it looks like redis://host:6379/0.") from None
    parts = client.connection_pool.connection_kwargs
    where = parts.get("path") or f"{parts.get('host', 'localhost')}:{parts.get('port', 6379)}"
    try:
        with client:
            client.ping()
    except redis.RedisError as error:
        raise StartFailed(
            f"Redis at {where} (REDIS_URL) cannot be used: {last_words(error)}. "
            "Start it, or unset REDIS_URL to use the embedded one."
        ) from None


def last_words(error: Exception) -> str:
    """The reason alone, of a message that repeats the address first."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    reason = next((line for line in lines if "failed:" in line), lines[0] if lines else type(error).__name__)
    return reason.rpartition("failed: ")[2].strip().rstrip(".")
