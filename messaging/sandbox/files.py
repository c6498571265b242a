"""Files at the provider: kept, looked up, handed out for five minutes (reference §4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from messaging.sandbox import ids
from messaging.sandbox.errors import GraphError
from messaging.sandbox.model import JSON, Media
from messaging.sandbox.world import MONTH, World

LINK_SECONDS = 300.0
WEEK = 7 * 86_400.0
MEGABYTE = 1024 * 1024
LIMITS = {"image": 5, "video": 16, "audio": 16, "document": 100}
STICKER = 500 * 1024
KEY = secrets.token_bytes(32)  # addresses of an earlier run are no longer good


def most_bytes(mime_type: str) -> int:
    kind = mime_type.partition("/")[0]
    if mime_type == "image/webp":
        return STICKER
    return LIMITS.get(kind if mime_type not in {"image/heic", "image/svg+xml"} else "document", 100) * MEGABYTE


def keep(world: World, number_id: str, data: bytes, mime_type: str, **more: object) -> Media:
    media = Media(
        id=ids.numeric(16),
        number_id=number_id,
        mime_type=mime_type,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        created=world.now(),
        **more,  # type: ignore[arg-type]
    )
    (world.store.media_folder / media.id).write_bytes(data)
    world.media[media.id] = media
    world.save("media", media)
    return media


def find(world: World, media_id: str) -> Media:
    """Uploads live 30 days, what people sent 7."""
    media = world.media.get(media_id)
    if media is None or media.created < world.now() - (WEEK if media.inbound else MONTH):
        raise GraphError(100, f"Media {media_id} does not exist or has expired.", subcode=33)
    return media


def delete(world: World, media: Media) -> None:
    del world.media[media.id]
    world.save("media", media)
    (world.store.media_folder / media.id).unlink(missing_ok=True)


def address(world: World, media: Media) -> str:
    """Good for five minutes, and only with the token."""
    expires = int(world.now() + LINK_SECONDS)
    return f"{world.base_url}/sandbox/lookaside/{media.id}/{expires}/{_mark(media.id, expires)}"


def still_good(world: World, media_id: str, expires: str, mark: str) -> bool:
    right = expires.isdecimal() and hmac.compare_digest(mark, _mark(media_id, int(expires)))
    return right and int(expires) >= world.now()


def _mark(media_id: str, expires: int) -> str:
    return hmac.new(KEY, f"{media_id}/{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def described(world: World, media: Media) -> JSON:
    """The answer of GET: the checksum is in hex here and in base64 in webhooks."""
    return {
        "messaging_product": "whatsapp",
        "url": address(world, media),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": media.size,
        "id": media.id,
    }


def in_message(world: World, media: Media, kind: str, caption: str = "") -> JSON:
    """The object of an inbound message."""
    found: JSON = {"id": media.id, "mime_type": media.mime_type}
    found["sha256"] = base64.b64encode(bytes.fromhex(media.sha256)).decode()
    found["url"] = address(world, media)
    if caption:
        found["caption"] = caption
    if kind == "document":
        found["filename"] = media.filename or "file"
    if kind == "audio":
        found["voice"] = media.voice
    if kind == "sticker":
        found["animated"] = media.animated
    return found
