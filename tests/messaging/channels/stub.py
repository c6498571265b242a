"""A provider small enough to misbehave on purpose: it answers what a test tells it, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from messaging.channels.base import Credentials
from messaging.channels.registry import open_session

TOKEN = "EAAG-our-token"
NUMBER, ACCOUNT = "106540352242922", "102290129340398"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Result = TypeVar("Result")


@dataclass
class Asked:
    """One request as the provider saw it."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: bytes
    json: Any = None


@dataclass
class Stub:
    """`answers` by path; what is not there is a 404. `credentials` lead here."""

    session: ClientSession
    credentials: Credentials
    asked: list[Asked] = field(default_factory=list)


def says(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return handler


def error(code: int, details: str = "", *, status: int = 400, **fields: Any) -> Handler:
    said = {"message": f"(#{code}) no", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return says({"error": {**said, "error_data": {"details": details}, **fields}}, status=status)


async def hangs_up(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.close()
    return web.Response()


async def is_silent(_request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


@asynccontextmanager
async def provider(answer: Handler) -> AsyncIterator[Stub]:
    """A server on a free port, every request of which goes to `answer`."""
    asked: list[Asked] = []

    async def keep(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        json = await request.json() if request.content_type == "application/json" else None
        asked.append(Asked(request.method, request.path, dict(request.query), token, body, json))
        return await answer(request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", keep)
    server = TestServer(app, host="127.0.0.1")
    async with server, open_session() as session:
        credentials = Credentials(str(server.make_url("/v25.0")), NUMBER, TOKEN, account_external_id=ACCOUNT)
        yield Stub(session, credentials, asked)


def run(work: Callable[[Stub], Awaitable[Result]], answer: Handler) -> tuple[Result, list[Asked]]:
    """What the work found with a provider that answers like this, and what the provider was asked."""

    async def main() -> tuple[Result, list[Asked]]:
        async with provider(answer) as stub:
            return await work(stub), stub.asked

    return asyncio.run(main())
