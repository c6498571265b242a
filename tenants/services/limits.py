"""Limits on guessing, kept in the database: they hold over all processes and survive the loss of Redis."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import ngettext

from tenants.models import Attempt
from tenants.services.errors import TooManyAttempts


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts within `window`."""

    most: int
    window: timedelta


SIGN_IN_USER = Limit(6, timedelta(minutes=10))
SIGN_IN_ADDRESS = Limit(40, timedelta(minutes=10))
SIGN_IN_COMPANY = Limit(200, timedelta(minutes=10))
TWO_FACTOR = Limit(6, timedelta(minutes=10))
RESET_USER = Limit(4, timedelta(hours=1))
RESET_ADDRESS = Limit(20, timedelta(hours=1))
SIGN_UP_ADDRESS = Limit(20, timedelta(hours=1))
INVITE_COMPANY = Limit(100, timedelta(hours=24))


def take(*wanted: tuple[str, Limit]) -> None:
    """Count an attempt under each key, in one query; TooManyAttempts when any of them is used up.

    Called before the costly part (hashing a password, sending mail), so that a flood costs one statement each.
    """
    now = timezone.now()
    # One order for everybody: two requests that count the same keys cannot wait for each other.
    rows = sorted(((_hashed(key), limit) for key, limit in wanted), key=lambda row: row[0])
    values: list[str | datetime] = []
    for key, limit in rows:
        values += [key, now, now + limit.window]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Attempt._meta.db_table} AS a (key, count, began_at, expires_at)
            VALUES {", ".join(["(%s, 1, %s, %s)"] * len(rows))}
            ON CONFLICT (key) DO UPDATE SET
                count = CASE WHEN a.expires_at <= EXCLUDED.began_at THEN 1 ELSE a.count + 1 END,
                began_at = CASE WHEN a.expires_at <= EXCLUDED.began_at THEN EXCLUDED.began_at ELSE a.began_at END,
                expires_at = CASE WHEN a.expires_at <= EXCLUDED.began_at THEN EXCLUDED.expires_at ELSE a.expires_at END
            RETURNING key, count, expires_at
            """,
            values,
        )
        counted = {key: (count, expires_at) for key, count, expires_at in cursor.fetchall()}
    waits = [(counted[key][1] - now).total_seconds() for key, limit in rows if counted[key][0] > limit.most]
    if waits:
        raise _too_many(int(max(waits)) + 1)


def clear(*keys: str) -> None:
    """Forget the attempts under these keys, after a success."""
    Attempt.objects.filter(key__in=[_hashed(key) for key in keys]).delete()


def _too_many(seconds: int) -> TooManyAttempts:
    minutes = max(1, -(-seconds // 60))
    return TooManyAttempts(
        ngettext(
            "Too many attempts. Try again in %(minutes)d minute.",
            "Too many attempts. Try again in %(minutes)d minutes.",
            minutes,
        )
        % {"minutes": minutes},
        wait_seconds=seconds,
    )


def _hashed(key: str) -> str:
    """Keys hold e-mails and addresses, which the table must not show."""
    return hashlib.sha256(key.lower().encode()).hexdigest()
