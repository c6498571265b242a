"""A browser's side of the event stream, for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.db import connection

from config.asgi import application
from messaging.live import events
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser


def headers_of(company: Company, user: User | None = None, last: str = "") -> list[tuple[bytes, bytes]]:
    headers = [(b"host", company.host.encode())]
    if user is not None:
        key = Browser(company.host).sign_in(user, company).cookies[settings.SESSION_COOKIE_NAME].value
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
    if last:
        headers.append((b"last-event-id", last.encode()))
    return headers


def tell(company: Company, kind: str = "message", **payload: Any) -> int:
    try:
        with company_context(company):
            return events.tell(kind, **payload)
    finally:
        connection.close()


class Stream:
    """A browser's side of a stream."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def status(self) -> int:
        return int((await self._next())["status"])

    async def event(self) -> dict[str, Any]:
        """The next event; lines that only keep the connection are passed over."""
        while True:
            body = (await self._next())["body"].decode()
            for line in body.splitlines():
                if line.startswith("data: "):
                    return dict(json.loads(line[6:]))

    async def _next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.sent.get(), 10)


def listen(
    headers: list[tuple[bytes, bytes]],
    script: Callable[[Stream], Awaitable[Any]],
    *,
    query: bytes = b"",
    method: str = "GET",
    until_closed: bool = False,
) -> Any:
    """Open a stream, do what the script says beside it, and leave (or wait until it is closed)."""

    async def run() -> Any:
        stream = Stream()
        scope = {"type": "http", "path": "/live/", "method": method, "headers": headers, "query_string": query}
        serving = asyncio.create_task(application(scope, stream.receive, stream.sent.put))
        result = await script(stream)
        if not until_closed:
            stream.gone.set()
        await asyncio.wait_for(serving, 10)
        return result

    return asyncio.run(run())
