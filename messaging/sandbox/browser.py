"""The phone and the knobs: two pages, their files, and the stream that keeps a phone true."""

from __future__ import annotations

import asyncio
import contextlib
import json
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from messaging.sandbox.graph.media import WORLD
from messaging.sandbox.words import LANGUAGES, WORDS, translated

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1] / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
SHARED = {"css/tokens.css", "css/base.css", "vendor/inter/inter.woff2", "img/icons.svg", "img/favicon.svg"}
HEARTBEAT = 15.0
SAFE_TO_SHOW = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/", "application/pdf")


def language(request: web.Request) -> str:
    asked = request.query.get("lang") or request.cookies.get("sandbox_language") or ""
    if asked in LANGUAGES:
        return asked
    return "de" if request.headers.get("Accept-Language", "").lower().startswith("de") else "en"


def page(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(request: web.Request) -> web.StreamResponse:
        chosen = language(request)
        text = translated((HERE / "pages" / f"{name}.html").read_text(encoding="utf-8"), chosen)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
        answer = web.Response(text=text, content_type="text/html", headers=headers)
        if request.query.get("lang") in LANGUAGES:
            answer.set_cookie("sandbox_language", chosen, samesite="Lax", max_age=31_536_000)
        return answer

    return show


async def words(request: web.Request) -> web.Response:
    return web.json_response({key: pair[language(request)] for key, pair in WORDS.items()})


async def own_file(request: web.Request) -> web.StreamResponse:
    return _file(HERE / "static", request.match_info["path"], {path.name for path in (HERE / "static").iterdir()})


async def shared_file(request: web.Request) -> web.StreamResponse:
    return _file(PROJECT, request.match_info["path"], SHARED)


def _file(folder: Path, path: str, allowed: set[str]) -> web.StreamResponse:
    if path not in allowed or not (folder / path).is_file():
        raise web.HTTPNotFound
    content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return web.FileResponse(folder / path, headers={"Content-Type": content_type, "Cache-Control": "no-cache"})


async def media(request: web.Request) -> web.StreamResponse:
    """A file as the phone shows it: no token, for it is on the phone."""
    world = request.app[WORLD]
    found = world.media.get(request.match_info["media"])
    path = world.store.media_folder / found.id if found else None
    if found is None or path is None or not path.is_file():
        raise web.HTTPNotFound
    shown = found.mime_type.startswith(SAFE_TO_SHOW)
    headers = {
        "Content-Type": found.mime_type if shown else "application/octet-stream",
        "Content-Disposition": "inline" if shown else "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(path, headers=headers)


async def events(request: web.Request) -> web.StreamResponse:
    """What happens to one phone. While somebody listens, the phone is in somebody's hand."""
    world, person_id = request.app[WORLD], request.match_info["person"]
    if person_id not in world.people:
        raise web.HTTPNotFound
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    await answer.write(b"retry: 1000\n\n")
    queue = world.hub.watch(person_id)
    try:
        while not world.stopping.is_set():
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT)
                await answer.write(f"data: {json.dumps(event)}\n\n".encode())
            except TimeoutError:
                await answer.write(b": still here\n\n")
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        if world.hub.leave(person_id, queue):
            world.open_chat.pop(person_id, None)
    with contextlib.suppress(ConnectionError):
        await answer.write_eof()
    return answer
