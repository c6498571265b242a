"""A request that is larger than allowed ends before anybody writes it down."""

from __future__ import annotations

import asyncio
from typing import Any

from pytest_django import Settings

from config.asgi import application
from config.bodies import counted


def scope(**headers: str) -> dict[str, Any]:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "headers": sent, "query_string": b""}


def test_a_body_that_says_it_is_too_large_is_refused_at_the_door(settings: Settings) -> None:
    settings.LARGEST_REQUEST = 1000
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody may read it")

    asyncio.run(application(scope(content_length="1001"), receive, send))
    assert said[0]["status"] == 413


def test_a_body_that_does_not_say_is_counted(settings: Settings) -> None:
    settings.LARGEST_REQUEST = 1000

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 400, "more_body": True}

    async def main() -> list[str]:
        count = counted(receive)
        return [(await count())["type"] for _ in range(3)]

    assert asyncio.run(main()) == ["http.request", "http.request", "http.disconnect"]
