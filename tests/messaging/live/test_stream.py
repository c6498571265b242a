"""The event stream: nothing missed, nothing of another company, closed to whoever may not listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.asgi import application
from messaging.inbox import live
from messaging.live import events, hub
from messaging.live.models import LiveEvent
from tenants.context import company_context
from tenants.models import Company, Session, User
from tests.conftest import Browser, Cast


@pytest.fixture
def acme(committed: Cast) -> Iterator[Company]:
    company = Company.objects.get(pk=committed.acme)
    yield company
    with company_context(company):
        LiveEvent.objects.all().delete()


@pytest.fixture
def agent(committed: Cast) -> User:
    return User.objects.get(pk=committed.agent)


@pytest.fixture(autouse=True)
def fresh_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub belongs to one event loop, and each test has its own."""
    monkeypatch.setattr(live, "hub", hub.Hub())


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
    until_closed: bool = False,
) -> Any:
    """Open a stream, do what the script says beside it, and leave (or wait until it is closed)."""

    async def run() -> Any:
        stream = Stream()
        scope = {"type": "http", "path": "/live/", "method": "GET", "headers": headers, "query_string": query}
        serving = asyncio.create_task(application(scope, stream.receive, stream.sent.put))
        result = await script(stream)
        if not until_closed:
            stream.gone.set()
        await asyncio.wait_for(serving, 10)
        return result

    return asyncio.run(run())


def test_an_event_reaches_an_open_browser(acme: Company, agent: User) -> None:
    async def script(stream: Stream) -> dict[str, Any]:
        await stream.status()
        assert (await stream.event())["kind"] == "hello"
        await asyncio.to_thread(tell, acme, id="m1")
        return await stream.event()

    event = listen(headers_of(acme, agent), script)
    assert (event["kind"], event["id"]) == ("message", "m1")


def test_a_browser_that_was_away_gets_what_it_missed_in_order(acme: Company, agent: User) -> None:
    seen = tell(acme, id="m1")
    tell(acme, id="m2")
    tell(acme, id="m3")

    async def script(stream: Stream) -> list[str]:
        await stream.status()
        return [(await stream.event())["id"], (await stream.event())["id"]]

    assert listen(headers_of(acme, agent, last=str(seen)), script) == ["m2", "m3"]


def test_a_page_gets_what_happened_since_it_was_drawn(acme: Company, agent: User) -> None:
    drawn_at = tell(acme, id="m1")
    tell(acme, id="m2")

    async def script(stream: Stream) -> str:
        await stream.status()
        return str((await stream.event())["id"])

    assert listen(headers_of(acme, agent), script, query=f"since={drawn_at}".encode()) == "m2"


def test_events_of_another_company_are_not_heard(acme: Company, agent: User, committed: Cast) -> None:
    globex = Company.objects.get(pk=committed.globex)

    async def script(stream: Stream) -> str:
        await stream.status()
        await stream.event()
        await asyncio.to_thread(tell, globex, id="theirs")
        await asyncio.to_thread(tell, acme, id="ours")
        return str((await stream.event())["id"])

    assert listen(headers_of(acme, agent), script) == "ours"
    with company_context(globex):
        LiveEvent.objects.all().delete()


def test_nothing_is_missed_while_redis_loses_our_connection(acme: Company, agent: User) -> None:
    server = redis.from_url(settings.REDIS_URL)

    async def script(stream: Stream) -> list[str]:
        await stream.status()
        await stream.event()
        heard = []
        for number in range(6):
            if number in {2, 4}:
                await asyncio.to_thread(server.execute_command, "CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.to_thread(tell, acme, id=f"m{number}")
        while len(heard) < 6:
            heard.append((await stream.event())["id"])
        return heard

    assert listen(headers_of(acme, agent), script) == [f"m{number}" for number in range(6)]


@pytest.mark.parametrize("who", ["nobody", "rival"])
def test_whoever_is_not_signed_in_here_is_refused(acme: Company, committed: Cast, who: str) -> None:
    headers = headers_of(acme)
    if who == "rival":
        globex, rival = Company.objects.get(pk=committed.globex), User.objects.get(pk=committed.rival)
        headers += [header for header in headers_of(globex, rival) if header[0] == b"cookie"]
    assert listen(headers, Stream.status, until_closed=True) == 403


@pytest.mark.parametrize("host", [b"localhost:8000", b"nobody.localhost:8000", b"evil.example"])
def test_a_host_without_a_company_is_refused(acme: Company, agent: User, host: bytes) -> None:
    headers = [(b"host", host), *headers_of(acme, agent)[1:]]
    assert listen(headers, Stream.status, until_closed=True) == 403


def test_a_stream_ends_when_its_session_is_ended(acme: Company, agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_EVERY", -1.0)

    async def script(stream: Stream) -> None:
        await stream.status()
        await stream.event()
        await asyncio.to_thread(_end_sessions, agent)
        await asyncio.to_thread(tell, acme, id="m1")

    listen(headers_of(acme, agent), script, until_closed=True)


def _end_sessions(user: User) -> None:
    try:
        Session.objects.filter(user=user).delete()
    finally:
        connection.close()


@pytest.mark.parametrize("last", ["", "nonsense", "-5", "9" * 40, "٣"])
def test_nonsense_as_the_last_number_begins_with_now(acme: Company, agent: User, last: str) -> None:
    async def script(stream: Stream) -> str:
        await stream.status()
        return str((await stream.event())["kind"])

    headers = headers_of(acme, agent)
    if last:
        headers.append((b"last-event-id", last.encode("utf-8")))
    assert listen(headers, script) == "hello"
