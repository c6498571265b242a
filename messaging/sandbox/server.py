"""One server: the Graph API at the root, the control API, the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from messaging.sandbox import browser, control, journey
from messaging.sandbox.graph.door import graph
from messaging.sandbox.graph.media import WORLD, lookaside
from messaging.sandbox.world import World

LARGEST_BODY = 101 * 1024 * 1024
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def only_own_pages(handler: Answer) -> Answer:
    """A page of some other site must not turn the knobs of whoever visits it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise web.HTTPForbidden
        return await handler(request)

    return answer


def application(world: World) -> web.Application:
    app = web.Application(client_max_size=LARGEST_BODY)
    app[WORLD] = world
    router = app.router
    for method, path, handler in control.routes:
        router.add_route(method, path, only_own_pages(control.wrapped(handler)))
    router.add_get("/sandbox/lookaside/{media}/{expires}/{mark}", lookaside)
    for name in ("phone", "knobs"):
        router.add_get(f"/{name}/", browser.page(name))
    router.add_get("/", home)
    router.add_get("/phone/words.json", browser.words)
    router.add_get("/phone/media/{media}", browser.media)
    router.add_get("/phone/events/{person}", browser.events)
    router.add_get("/sandbox/static/{path}", browser.own_file)
    router.add_get("/static/{path:.+}", browser.shared_file)
    router.add_route("*", "/{path:.+}", graph)
    app.cleanup_ctx.append(running)
    app.on_shutdown.append(say_stop)
    return app


async def home(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/phone/")


async def running(app: web.Application) -> AsyncIterator[None]:
    await app[WORLD].start()
    journey.resume(app[WORLD])
    yield
    await app[WORLD].stop()


async def say_stop(app: web.Application) -> None:
    app[WORLD].stopping.set()
