"""Who else looks at a conversation and who writes there: of the moment, of one company, never of oneself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from messaging.conversations.models import Conversation
from messaging.inbox import live
from messaging.live import presence
from tenants.context import company_context
from tenants.models import Company, StaffVisit, User
from tests.conftest import Browser, Cast
from tests.messaging.inbox.conftest import begin
from tests.messaging.live.listening import Stream, headers_of, listen

Headers = list[tuple[bytes, bytes]]


@pytest.fixture
def conversation(acme: Company) -> Iterator[Conversation]:
    found = begin(acme)
    yield found
    with company_context(acme):
        found.messages.all().delete()
        Conversation.objects.all().delete()
        found.identity.delete()
        found.channel.delete()


@pytest.fixture
def admin(committed: Cast) -> User:
    return User.objects.get(pk=committed.admin)


@pytest.fixture(autouse=True)
def nobody_is_here() -> None:
    server = redis.from_url(settings.REDIS_URL)
    for key in (*server.scan_iter("here:*"), *server.scan_iter("writing:*")):
        server.delete(key)


def at(conversation: Conversation) -> bytes:
    return f"at={conversation.public_id}".encode()


async def seen_by(stream: Stream) -> dict[str, Any]:
    """The next news of who is here."""
    while (event := await stream.event())["kind"] != "presence":
        pass
    return event


async def seats_taken(stream: Stream) -> list[bytes]:
    """A script: the places somebody sits at once the stream has begun."""
    await stream.status()
    assert (await stream.event())["kind"] == "hello"
    server = redis.from_url(settings.REDIS_URL)
    return await asyncio.to_thread(lambda: list(server.scan_iter("here:*")))


def beside(
    mine: Headers, theirs: Headers, conversation: Conversation, script: Callable[..., Any], **options: Any
) -> Any:
    """Two browsers at a conversation: `script` gets the first one's stream, and how to end the second's."""

    async def both(stream: Stream) -> Any:
        await stream.status()
        assert (await stream.event())["kind"] == "hello"
        other = Stream()
        query = options.get("their_query", at(conversation))
        scope = {"type": "http", "path": "/live/", "method": "GET", "headers": theirs, "query_string": query}
        serving = asyncio.create_task(live.stream(scope, other.receive, other.sent.put))
        try:
            return await script(stream, other)
        finally:
            other.gone.set()
            await asyncio.wait_for(serving, 10)

    return listen(mine, both, query=at(conversation))


def test_a_colleague_who_comes_and_goes_is_seen(
    acme: Company, agent: User, admin: User, conversation: Conversation
) -> None:
    async def script(stream: Stream, other: Stream) -> list[list[str]]:
        came = await seen_by(stream)
        other.gone.set()
        return [came["here"], (await seen_by(stream))["here"]]

    assert beside(headers_of(acme, agent), headers_of(acme, admin), conversation, script) == [["Admin"], []]


def test_whoever_comes_second_sees_who_was_first(
    acme: Company, agent: User, admin: User, conversation: Conversation
) -> None:
    async def script(stream: Stream, other: Stream) -> list[str]:
        await other.status()
        return list((await seen_by(other))["here"])

    assert beside(headers_of(acme, agent), headers_of(acme, admin), conversation, script) == ["Agent"]


def test_one_s_own_other_tab_is_nobody(acme: Company, agent: User, admin: User, conversation: Conversation) -> None:
    async def script(stream: Stream, other: Stream) -> str:
        await other.status()
        await other.event()
        # Something that is told to both: had the tab been told of, it would have come before.
        await asyncio.to_thread(_write, acme, conversation, admin)
        return str((await stream.event())["writing"])

    assert beside(headers_of(acme, agent), headers_of(acme, agent), conversation, script) == "['Admin']"


def test_whoever_is_at_another_conversation_is_not_here(
    acme: Company, agent: User, admin: User, conversation: Conversation
) -> None:
    async def script(stream: Stream, other: Stream) -> Any:
        await other.status()
        await other.event()
        await asyncio.to_thread(_write, acme, conversation, admin)
        return (await seen_by(stream))["here"]

    theirs = headers_of(acme, admin)
    assert beside(headers_of(acme, agent), theirs, conversation, script, their_query=b"at=elsewhere") == []


def test_a_colleague_who_writes_is_told_of_and_soon_forgotten(
    acme: Company, agent: User, admin: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "WRITES", 1)
    monkeypatch.setattr(live, "HEARTBEAT", 0.3)

    async def script(stream: Stream) -> list[Any]:
        await stream.status()
        await asyncio.to_thread(_write, acme, conversation, admin)
        writes = await seen_by(stream)
        while (still := await seen_by(stream))["writing"]:
            pass
        return [writes["writing"], still["writing"]]

    assert listen(headers_of(acme, agent), script, query=at(conversation)) == [["Admin"], []]


def _write(acme: Company, conversation: Conversation, user: User) -> None:
    presence.writes(acme.schema_name, conversation.public_id, user_id=user.pk, name=user.name)


def test_a_process_that_died_leaves_nobody_behind(
    acme: Company, agent: User, admin: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose time is over is not here, whether or not they said goodbye."""
    monkeypatch.setattr(presence, "STAYS", 1)
    monkeypatch.setattr(live, "HEARTBEAT", 0.3)

    async def script(stream: Stream) -> list[Any]:
        await stream.status()
        dead = presence.Seat(live.hub.commands(), acme.schema_name, conversation.public_id, admin.pk, admin.name)
        await dead.take()
        await dead.tell()
        return [(await seen_by(stream))["here"], (await seen_by(stream))["here"]]

    assert listen(headers_of(acme, agent), script, query=at(conversation)) == [["Admin"], []]


def test_a_member_takes_a_seat(acme: Company, agent: User, conversation: Conversation) -> None:
    assert len(listen(headers_of(acme, agent), seats_taken, query=at(conversation))) == 1


@pytest.mark.parametrize("where", ["", "nonsense", "x" * 17, "%00", "a b", "é"])
def test_a_place_that_is_none_of_ours_is_no_place(acme: Company, agent: User, where: str) -> None:
    assert listen(headers_of(acme, agent), seats_taken, query=f"at={where}".encode()) == []


def test_nobody_of_another_company_is_here(
    acme: Company, agent: User, committed: Cast, conversation: Conversation
) -> None:
    globex, rival = Company.objects.get(pk=committed.globex), User.objects.get(pk=committed.rival)

    assert listen(headers_of(globex, rival), seats_taken, query=at(conversation)) == []


def test_staff_on_a_visit_are_not_shown(acme: Company, committed: Cast, conversation: Conversation) -> None:
    staff = User.objects.get(pk=committed.staff)
    visit = StaffVisit.objects.create(
        company=acme, staff=staff, reason="ticket", ends_at=timezone.now() + timedelta(minutes=5)
    )
    key = Browser(acme.host).sign_in(staff, acme, visit=visit).cookies[settings.SESSION_COOKIE_NAME].value
    headers = [(b"host", acme.host.encode()), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())]

    assert listen(headers, seats_taken, query=at(conversation)) == []


def test_without_redis_nobody_is_seen_and_the_stream_goes_on(
    acme: Company, agent: User, conversation: Conversation, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    presence.shared_redis.cache_clear()

    async def script(stream: Stream) -> str:
        await stream.status()
        await asyncio.to_thread(_write, acme, conversation, agent)
        return str((await stream.event())["kind"])

    try:
        assert listen(headers_of(acme, agent), script, query=at(conversation)) == "hello"
    finally:
        presence.shared_redis.cache_clear()
        connection.close()
