"""The web application: Django's pages, and beside them the event stream."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

# Only after Django is set up may anything be imported that has models.
from config import bodies, garbage  # noqa: E402
from messaging.inbox import live  # noqa: E402

Message = dict[str, Any]


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Message]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """A stream is answered without Django's middlewares: one that is not async would hold a thread for each."""
    if scope["type"] != "http":
        await pages(scope, receive, send)
    elif scope["path"] == live.PATH:
        await live.stream(scope, receive, send)
    elif bodies.is_too_large(scope):
        await bodies.refuse(send)
    else:
        await pages(scope, bodies.counted(receive), send)


garbage.collect_rarely()
