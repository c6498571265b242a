"""The event stream: nothing missed, nothing of another company, closed to whoever may not listen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from messaging.inbox import live
from messaging.live.models import LiveEvent
from tenants.context import company_context
from tenants.models import Company, Session, User
from tests.conftest import Cast
from tests.messaging.live.listening import Stream, headers_of, listen, tell


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


def test_too_much_to_tell_one_by_one_is_told_as_one_reload(
    acme: Company, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_MISSED", 2)
    seen = tell(acme, id="m0")
    newest = [tell(acme, id=f"m{number}") for number in range(1, 4)][-1]

    async def script(stream: Stream) -> list[dict[str, Any]]:
        await stream.status()
        first = await stream.event()
        await asyncio.to_thread(tell, acme, id="next")
        return [first, await stream.event()]

    first, after = listen(headers_of(acme, agent, last=str(seen)), script)
    assert (first["kind"], first["seq"], after["id"]) == ("reload", newest, "next")


def test_what_was_missed_and_forgotten_meanwhile_is_a_reload(acme: Company, agent: User) -> None:
    seen = tell(acme, id="m1")
    tell(acme, id="m2")
    tell(acme, id="m3")
    with company_context(acme):
        LiveEvent.objects.filter(seq=seen + 1).delete()

    async def script(stream: Stream) -> str:
        await stream.status()
        return str((await stream.event())["kind"])

    assert listen(headers_of(acme, agent, last=str(seen)), script) == "reload"


def test_a_number_of_the_future_is_a_reload(acme: Company, agent: User) -> None:
    tell(acme, id="m1")

    async def script(stream: Stream) -> str:
        await stream.status()
        return str((await stream.event())["kind"])

    assert listen(headers_of(acme, agent, last="999999999"), script) == "reload"


def test_a_browser_is_told_now_and_then_that_we_are_still_here(
    acme: Company, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)

    async def script(stream: Stream) -> list[str]:
        await stream.status()
        return [(await stream.event())["kind"] for _ in range(2)]

    assert listen(headers_of(acme, agent), script) == ["hello", "beat"]


@pytest.mark.parametrize(("signed_in", "status"), [(True, 204), (False, 403)])
def test_a_script_can_ask_whether_it_may_listen(acme: Company, agent: User, signed_in: bool, status: int) -> None:
    headers = headers_of(acme, agent if signed_in else None)
    assert listen(headers, Stream.status, method="HEAD", until_closed=True) == status
