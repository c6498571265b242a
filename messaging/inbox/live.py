"""The event stream of a browser: one async answer that holds no database connection.

    GET /live/?since=17     text/event-stream; `id:` is the event's number

`since` is the number the page was drawn at, `Last-Event-ID` what the browser saw before it lost us: both bring what
was missed.

It stands beside Django in the ASGI application, since a middleware that is not async would hold a thread for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import close_old_connections
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from messaging.live import events
from messaging.live.hub import MISSED, hub
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
HEARTBEAT = 20.0
# So often is asked again whether the person may still listen: removed, signed out, suspended.
CHECK_EVERY = 60.0


@dataclass(frozen=True)
class Listener:
    company: Company
    user_id: int
    session_key: str


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one browser until it leaves, or until it may not listen any more."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    listener = await _in_thread(_find_listener, headers)
    if listener is None:
        await _refuse(send)
        return
    queue = await hub.join(events.channel_of(listener.company.schema_name))
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await _begin(send)
        await _talk(listener, _last_seen(headers, scope.get("query_string", b"")), queue, send, gone)
    finally:
        gone.cancel()
        await hub.leave(events.channel_of(listener.company.schema_name), queue)


async def _talk(
    listener: Listener, seen: int, queue: asyncio.Queue[dict[str, Any]], send: Send, gone: asyncio.Task[None]
) -> None:
    seen = await _catch_up(listener, seen, send)
    loop = asyncio.get_running_loop()
    checked = loop.time()
    while not gone.done():
        event = await _next(queue, gone)
        if loop.time() - checked > CHECK_EVERY:
            if not await _in_thread(_may_listen, listener):
                return
            checked = loop.time()
        if event is None:
            await _write(send, b": still here\n\n")
        elif event is MISSED or event.get("seq", 0) > seen + 1:
            seen = await _catch_up(listener, seen, send)
        elif "seq" not in event or event["seq"] > seen:
            seen = max(seen, event.get("seq", 0))
            await _write(send, _as_text(event))


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


async def _catch_up(listener: Listener, seen: int, send: Send) -> int:
    """Everything behind `seen`, from the table; a browser that comes first begins with now."""
    missed = await _in_thread(_since, listener.company, seen)
    for event in missed:
        await _write(send, _as_text(event))
    return max([seen, *(event["seq"] for event in missed)])


def _as_text(event: dict[str, Any]) -> bytes:
    number = f"id: {event['seq']}\n" if "seq" in event else ""
    return f"{number}event: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode()


def _last_seen(headers: dict[str, str], query: bytes) -> int:
    """What the browser says it saw last; FIRST_TIME when it says nothing or nonsense."""
    since = parse_qs(query.decode("latin-1")).get("since", [""])[0]
    said = headers.get("last-event-id", "") or since
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
    with company_context(company):
        if seen == FIRST_TIME:
            return [{"seq": events.newest(), "kind": "hello"}]
        return [{"seq": event.seq, "kind": event.kind, **event.payload} for event in events.since(seen)]


def _find_listener(headers: dict[str, str]) -> Listener | None:
    """Whoever the session of this host belongs to, as the pages would find them."""
    name = address_name_in(headers.get("host", ""), settings.BASE_DOMAIN)
    company, is_current = hosts.company_at(name) if name else (None, False)
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if company is None or not is_current or cookie is None:
        return None
    session = SessionStore(cookie.value, company_id=company.pk)
    user = User.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True).first()
    if user is None or not constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    listener = Listener(company, user.pk, cookie.value)
    return listener if _may_listen(listener) else None


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


async def _refuse(send: Send) -> None:
    await send({"type": "http.response.start", "status": 403, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
