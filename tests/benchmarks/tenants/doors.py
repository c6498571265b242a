"""Two ways into the site, without a network: as uvicorn asks it in production, and as a server with threads would.

Unlike Django's test client both end a request as a server does, so its connection goes back to the pool.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

FORM = "application/x-www-form-urlencoded"
PATIENCE = 30


@dataclass(frozen=True)
class Question:
    host: str
    path: str
    query: str = ""
    cookies: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = None
    csrf_token: str = ""

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"

    @property
    def body(self) -> bytes:
        return urlencode(self.form or ()).encode()

    @property
    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies)
        return {"host": self.host, "cookie": cookies, "x-csrftoken": self.csrf_token}


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


class Door(Protocol):
    def ask(self, question: Question) -> Answer: ...


class ThreadedDoor:
    """The caller's thread answers, and keeps what it has between requests."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()
        self.requests = RequestFactory()

    def ask(self, question: Question) -> Answer:
        request = self.requests.generic(
            question.method, question.path, question.body, FORM, headers=question.headers, QUERY_STRING=question.query
        )
        head: list[str] = []
        response = self.handler(request.environ, lambda status, headers: head.extend([status, *map(str, headers)]))
        try:
            body = b"".join(response).decode()
        finally:
            response.close()
        return Answer(int(head[0][:3]), "\n".join([*head[1:], body]))


class EventLoopDoor:
    """One event loop for everybody, and for each request a thread that Django chooses."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.handler = ASGIHandler()
        self.loop = loop

    def ask(self, question: Question) -> Answer:
        return asyncio.run_coroutine_threadsafe(self._ask(question), self.loop).result(PATIENCE)

    async def _ask(self, question: Question) -> Answer:
        received, sent = [{"type": "http.request", "body": question.body, "more_body": False}], list[dict[str, Any]]()

        async def receive() -> dict[str, Any]:
            if received:
                return received.pop()
            return await asyncio.Future()  # the browser stays until it has its answer

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.handler(_scope(question), receive, send)
        start, *parts = sent
        body = b"".join(part.get("body", b"") for part in parts).decode()
        return Answer(start["status"], "\n".join([*map(str, start["headers"]), body]))


def _scope(question: Question) -> dict[str, Any]:
    headers = {**question.headers, "content-type": FORM, "content-length": str(len(question.body))}
    return {
        "type": "http",
        "http_version": "1.1",
        "method": question.method,
        "scheme": "http",
        "path": question.path,
        "query_string": question.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }


@contextmanager
def both_doors() -> Iterator[list[Door]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="event-loop")
    thread.start()
    try:
        yield [ThreadedDoor(), EventLoopDoor(loop)]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
