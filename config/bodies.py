"""Requests that are too large end at the door: Django would write all of a body down before it looks at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
TOO_LARGE = b"413: this is larger than a request may be. Nothing was kept."


def is_too_large(scope: dict[str, Any]) -> bool:
    """By what the request says of itself."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value.isdigit() and int(value) > settings.LARGEST_REQUEST
    return False


def counted(receive: Receive) -> Receive:
    """For a body that does not say how large it is: whoever sends too much counts as gone."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > settings.LARGEST_REQUEST else message

    return receive_counted


async def refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})
