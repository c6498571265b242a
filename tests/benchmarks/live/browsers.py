"""Browsers that listen: sessions of agents, and event streams over real HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from tenants.models import Membership, Role, User
from tenants.models.session import SessionStore
from tests.benchmarks.delivery.world import World


def sign_in(world: World, number: int) -> str:
    """An agent's session, as the sign-in page would open it."""
    user = User.objects.create_user(f"agent{number}@example.com", None, name=f"Agent {number}")
    Membership.objects.create(company=world.company, user=user, role=Role.AGENT)
    session = SessionStore(company_id=world.company.pk, ip="127.0.0.1", user_agent="benchmark")
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class Stream:
    """One browser's: what came, and when."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.seen: dict[str, float] = {}

    async def begin(self) -> None:
        """Until it was greeted: from then on nothing is missed."""
        async for line in self.answer.content:
            if line.startswith(b"event: hello"):
                return

    async def listen(self) -> None:
        """Remember when each message was told of."""
        async for line in self.answer.content:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if event["kind"] == "message":
                    self.seen.setdefault(event["id"], time.perf_counter())


@asynccontextmanager
async def opened(world: World, session: aiohttp.ClientSession, key: str) -> AsyncIterator[Stream]:
    headers = {
        "Host": f"{world.address_name}.localhost:{world.port}",
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}",
    }
    async with session.get(f"http://127.0.0.1:{world.port}/live/", headers=headers) as answer:
        assert answer.status == 200, answer.status
        stream = Stream(answer)
        await stream.begin()
        yield stream


def open_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None, sock_connect=30)
    )
