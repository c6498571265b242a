"""What changed in a company, told to its open browsers: numbered in the order of commits, kept for a day."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from messaging.live.models import LiveCounter, LiveEvent
from tenants.lib.database import database

log = structlog.get_logger(__name__)
KEPT = timedelta(days=1)
TIDY_EVERY = 1000
# One statement, since every message pays for it twice.
TELL = f"""
WITH next AS (
    INSERT INTO {LiveCounter._meta.db_table} AS c (id, seq) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET seq = c.seq + 1 RETURNING seq
)
INSERT INTO {LiveEvent._meta.db_table} (seq, kind, payload, at)
SELECT seq, %(kind)s, %(payload)s::jsonb, %(at)s FROM next RETURNING seq
"""


def tell(kind: str, **payload: Any) -> int:
    """Write an event in the caller's transaction and publish it after the commit; its number.

    The counter's row stays locked until the commit, so numbers follow commits and a reader that has seen one has seen
    all before it. Call it last in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(TELL, {"kind": kind, "payload": json.dumps(payload), "at": timezone.now()})
        seq = int(cursor.fetchone()[0])
    if seq % TIDY_EVERY == 0:
        forget_old()
    channel = channel_of(database.schema_name)
    transaction.on_commit(lambda: _publish(channel, {"seq": seq, "kind": kind, **payload}))
    return seq


def channel_of(schema_name: str) -> str:
    """The Redis channel of a company."""
    return f"live:{schema_name}"


def since(seq: int, *, most: int = 500) -> list[LiveEvent]:
    """What a browser that has seen `seq` has missed, oldest first."""
    return list(LiveEvent.objects.filter(seq__gt=seq).order_by("seq")[:most])


def newest() -> int:
    """The last number given; 0 before the first event."""
    return LiveCounter.objects.values_list("seq", flat=True).first() or 0


def forget_old() -> None:
    LiveEvent.objects.filter(at__lt=timezone.now() - KEPT).delete()


def _publish(channel: str, event: dict[str, Any]) -> None:
    """Redis may be away: browsers ask for what they missed when they reconnect."""
    try:
        shared_redis().publish(channel, json.dumps(event))
    except redis.RedisError as problem:
        log.warning("live.not_published", error=type(problem).__name__)


@lru_cache(maxsize=1)
def shared_redis() -> redis.Redis:
    """The process's client, for what may fail quickly."""
    return redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.3)
