"""The event stream of a browser: one async answer that holds no database connection.

    GET /live/?since=17&at=k3m…     text/event-stream; `id:` is the event's number
    HEAD /live/                     204, or 403 for whoever may not listen: a script cannot see why a stream ended

`since` is the number the page was drawn at, `Last-Event-ID` what the browser saw before it lost us: both bring what
was missed, or one `reload` when that is too much. `at` is the conversation that is open: colleagues who have it open
too are told. Events without a number (`presence`, `beat`) are of the moment.

It stands beside Django in the ASGI application, since a middleware that is not async would hold a thread for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import close_old_connections
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from messaging.conversations.models import Conversation
from messaging.live import events
from messaging.live.hub import MISSED, hub
from messaging.live.presence import Seat, Seen
from tenants.context import company_context, shared_context
from tenants.lib.hosts import address_name_in
from tenants.models import Company, Membership, StaffVisit, User
from tenants.models.session import SessionStore
from tenants.services import hosts

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
PATH = "/live/"
FIRST_TIME = -1
# So often the browser hears from us, and a seat is taken again.
HEARTBEAT = 20.0
# More than this is not told one by one.
MOST_MISSED = 500
# So often is asked again whether the person may still listen: removed, signed out, suspended.
CHECK_EVERY = 60.0


@dataclass(frozen=True)
class Listener:
    """Who listens. `at` is the conversation a member has open; staff on a visit are not shown to anybody."""

    company: Company
    user_id: int
    session_key: str
    name: str = ""
    at: str = ""


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one browser until it leaves, or until it may not listen any more."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    listener = await _in_thread(_find_listener, headers, query.get("at", [""])[0])
    if listener is None or scope.get("method") == "HEAD":
        await _answer(send, 204 if listener else 403)
        return
    channel = events.channel_of(listener.company.schema_name)
    queue = await hub.join(channel)
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await _begin(send)
        async with _seated(listener) as seat:
            await Talk(listener, queue, send, gone, seat).go_on(_last_seen(headers, query))
    finally:
        gone.cancel()
        await hub.leave(channel, queue)


@asynccontextmanager
async def _seated(listener: Listener) -> AsyncIterator[Seat | None]:
    """The listener's place at the conversation that is open."""
    if not listener.at:
        yield None
        return
    seat = Seat(hub.commands(), listener.company.schema_name, listener.at, listener.user_id, listener.name)
    await seat.take()
    await seat.tell()
    try:
        yield seat
    finally:
        await seat.leave()
        await seat.tell()


@dataclass
class Talk:
    """What one browser is told."""

    listener: Listener
    queue: asyncio.Queue[dict[str, Any]]
    send: Send
    gone: asyncio.Task[None]
    seat: Seat | None = None
    seen: int = FIRST_TIME
    shown: Seen = field(default_factory=Seen)

    async def go_on(self, seen: int) -> None:
        clock = asyncio.get_running_loop().time
        await self._catch_up(seen)
        await self._show_others()
        checked = beaten = clock()
        while not self.gone.done():
            event = await _next(self.queue, self.gone)
            if clock() - checked > CHECK_EVERY:
                if not await _in_thread(_may_listen, self.listener):
                    return
                checked = clock()
            if clock() - beaten >= HEARTBEAT:
                await self._beat()
                beaten = clock()
            if event is not None:
                await self._hear(event)

    async def _hear(self, event: dict[str, Any]) -> None:
        if event["kind"] == "presence":
            if event.get("at") == self.listener.at:
                await self._show_others()
        elif event is MISSED or event.get("seq", 0) > self.seen + 1:
            await self._catch_up(self.seen)
        elif "seq" not in event or event["seq"] > self.seen:
            self.seen = max(self.seen, event.get("seq", 0))
            await _write(self.send, _as_text(event))

    async def _catch_up(self, seen: int) -> None:
        """Everything behind `seen`, from the table; a browser that comes first begins with now."""
        self.seen = seen
        for event in await _in_thread(_since, self.listener.company, seen):
            self.seen = event["seq"]
            await _write(self.send, _as_text(event))

    async def _beat(self) -> None:
        await _write(self.send, _as_text({"kind": "beat"}))
        if self.seat:
            await self.seat.take()
            await self._show_others()

    async def _show_others(self) -> None:
        """Tell who else is here when that changed; whoever writes is told again, since a browser soon forgets it."""
        if self.seat is None:
            return
        others = await self.seat.others()
        if others != self.shown or others.writing:
            self.shown = others
            await _write(self.send, _as_text({"kind": "presence", **asdict(others)}))


async def _next(queue: asyncio.Queue[dict[str, Any]], gone: asyncio.Task[None]) -> dict[str, Any] | None:
    """The next event; None after a while without one, or when the browser left."""
    waiting = asyncio.create_task(queue.get())
    await asyncio.wait({waiting, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    return None


def _as_text(event: dict[str, Any]) -> bytes:
    number = f"id: {event['seq']}\n" if "seq" in event else ""
    return f"{number}event: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode()


def _last_seen(headers: dict[str, str], query: dict[str, list[str]]) -> int:
    """What the browser says it saw last; FIRST_TIME when it says nothing or nonsense."""
    said = headers.get("last-event-id", "") or query.get("since", [""])[0]
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else FIRST_TIME


# --- What asks the database, each in a thread that gives its connection back ------------------------------------


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    def run() -> Any:
        close_old_connections()
        try:
            with shared_context():
                return function(*args)
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False)()


def _since(company: Company, seen: int) -> list[dict[str, Any]]:
    """What was missed; `reload` when that is too much, too old, or of a table that was there before this one."""
    with company_context(company):
        if seen == FIRST_TIME:
            return [{"seq": events.newest(), "kind": "hello"}]
        newest = events.newest()
        missed = events.since(seen, most=MOST_MISSED + 1)
        has_gap = missed[0].seq > seen + 1 if missed else newest != seen
        if has_gap or len(missed) > MOST_MISSED:
            return [{"seq": newest, "kind": "reload"}]
        return [{"seq": event.seq, "kind": event.kind, **event.payload} for event in missed]


def _find_listener(headers: dict[str, str], at: str) -> Listener | None:
    """Whoever the session of this host belongs to, as the pages would find them, and where they are."""
    name = address_name_in(headers.get("host", ""), settings.BASE_DOMAIN)
    company, is_current = hosts.company_at(name) if name else (None, False)
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if company is None or not is_current or cookie is None:
        return None
    session = SessionStore(cookie.value, company_id=company.pk)
    user = User.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True).first()
    if user is None or not constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    listener = Listener(company, user.pk, cookie.value, user.name, _place(company, session, at))
    return listener if _may_listen(listener) else None


def _place(company: Company, session: SessionStore, at: str) -> str:
    """The conversation a member has open; '' for none of ours, and for staff on a visit."""
    if not at.isalnum() or len(at) > 16 or session.get("visit"):
        return ""
    with company_context(company):
        return at if Conversation.objects.filter(public_id=at).exists() else ""


def _may_listen(listener: Listener) -> bool:
    company = Company.objects.filter(pk=listener.company.pk).first()
    session = SessionStore(listener.session_key, company_id=listener.company.pk)
    if company is None or not company.is_open() or str(session.get(SESSION_KEY)) != str(listener.user_id):
        return False
    if Membership.objects.filter(company=company, user=listener.user_id).exists():
        return True
    return (
        StaffVisit.objects.running(timezone.now())
        .filter(pk=session.get("visit") or 0, company=company, staff=listener.user_id)
        .exists()
    )


# --- ASGI ------------------------------------------------------------------------------------------------------


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _write(send, b"retry: 1500\n\n")


async def _write(send: Send, text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
