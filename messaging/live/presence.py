"""Who looks at a conversation now, and who writes there. Kept in Redis for moments, never in the database.

    here:<schema>:<conversation>      open streams, each until its time is over
    writing:<schema>:<conversation>   people, each for some seconds after a key was pressed

An event `presence` without a number says that something changed; each stream that is there looks for itself. Without
Redis nobody is seen, and nothing else happens.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import redis
import structlog
from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis

from messaging.live.events import channel_of, shared_redis
from tenants.lib.ids import new_public_id

log = structlog.get_logger(__name__)
# A stream says so again well before its time is over; a process that died is forgotten after it.
STAYS = 50
WRITES = 6
# A crowd is not counted.
MOST = 20
AWAY = (redis.RedisError, OSError)


def writes(schema_name: str, conversation: str, *, user_id: int, name: str) -> None:
    """A person pressed a key."""
    key, now = _writing(schema_name, conversation), time.time()
    try:
        pipe = shared_redis().pipeline(transaction=False)
        pipe.zadd(key, {json.dumps([user_id, name]): now + WRITES})
        pipe.expire(key, WRITES)
        pipe.publish(channel_of(schema_name), _hint(conversation))
        pipe.execute()
    except AWAY as problem:
        log.warning("presence.away", error=type(problem).__name__)


@dataclass(frozen=True)
class Seen:
    """The others at a conversation, by name."""

    here: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()


@dataclass
class Seat:
    """A stream's place at a conversation. A person may have several; `others` leaves them all out."""

    redis: Redis
    schema_name: str
    conversation: str
    user_id: int
    name: str
    token: str = field(default_factory=new_public_id)

    async def take(self) -> None:
        """Be here, or stay here."""
        key = _here(self.schema_name, self.conversation)
        pipe = self.redis.pipeline(transaction=False)
        pipe.zadd(key, {self._member(): time.time() + STAYS})
        pipe.expire(key, STAYS)
        await self._send(pipe)

    async def leave(self) -> None:
        pipe = self.redis.pipeline(transaction=False)
        pipe.zrem(_here(self.schema_name, self.conversation), self._member())
        await self._send(pipe)

    async def tell(self) -> None:
        """Let the others look."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.publish(channel_of(self.schema_name), _hint(self.conversation))
        await self._send(pipe)

    async def others(self) -> Seen:
        """Who else is here, and who writes."""
        now = time.time()
        pipe = self.redis.pipeline(transaction=False)
        for key in (_here(self.schema_name, self.conversation), _writing(self.schema_name, self.conversation)):
            pipe.zrangebyscore(key, now, "+inf", start=0, num=10 * MOST)
        found = await self._send(pipe)
        return Seen(self._names(found[0]), self._names(found[1])) if found else Seen()

    def _names(self, members: list[bytes]) -> tuple[str, ...]:
        people = {user_id: name for user_id, name, *_ in map(json.loads, members) if user_id != self.user_id}
        return tuple(sorted(people.values()))[:MOST]

    def _member(self) -> str:
        return json.dumps([self.user_id, self.name, self.token])

    async def _send(self, pipe: Any) -> list[Any]:
        try:
            return list(await pipe.execute())
        except AWAY as problem:
            log.warning("presence.away", error=type(problem).__name__)
            return []


def open_redis() -> Redis:
    """A client of one event loop; it connects when it is first asked."""
    limits = {"socket_timeout": 1, "socket_connect_timeout": 0.3, "max_connections": 50, "timeout": 1}
    return Redis(connection_pool=BlockingConnectionPool.from_url(settings.REDIS_URL, **limits))


def _here(schema_name: str, conversation: str) -> str:
    return f"here:{schema_name}:{conversation}"


def _writing(schema_name: str, conversation: str) -> str:
    return f"writing:{schema_name}:{conversation}"


def _hint(conversation: str) -> str:
    return json.dumps({"kind": "presence", "at": conversation})
