"""Files that a message names by `link`: fetched by the provider, after it has answered (reference §2.1)."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from messaging.sandbox import files, journey
from messaging.sandbox.model import JSON, Message
from messaging.sandbox.validation.content import MIME_TYPES
from messaging.sandbox.world import World

KINDS = ("image", "video", "audio", "document", "sticker")


def linked(message: Message) -> list[tuple[str, JSON]]:
    """Kind and object of every file that is still to be fetched."""
    if message.type in KINDS:
        candidates = [(message.type, message.content)]
    else:
        header = message.rendered.get("header") or message.content.get("header") or {}
        candidates = [(kind, header[kind]) for kind in KINDS if isinstance(header.get(kind), dict)]
    return [(kind, found) for kind, found in candidates if found.get("link") and not found.get("fetched")]


def fetch_then(world: World, message: Message, done: Callable[[], None]) -> None:
    world.outbox.start_task(_fetch(world, message, done))


async def _fetch(world: World, message: Message, done: Callable[[], None]) -> None:
    assert world.outbox.session
    for kind, found in linked(message):
        try:
            async with world.outbox.session.get(found["link"]) as answer:
                answer.raise_for_status()
                mime_type = answer.content_type
                data = await answer.content.read(files.most_bytes(mime_type) + 1)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            journey.fail(world, message, 131053, f"Downloading media from weblink failed: {type(error).__name__}")
            return
        if (kind in MIME_TYPES and mime_type not in MIME_TYPES[kind]) or len(data) > files.most_bytes(mime_type):
            journey.fail(world, message, 131053, f"Unsupported media: {mime_type}, {len(data)} bytes")
            return
        media = files.keep(world, message.number_id, data, mime_type, filename=found.get("filename", ""))
        found["fetched"] = media.id
    done()
