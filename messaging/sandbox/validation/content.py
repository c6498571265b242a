"""The types a business may send in an open window, but interactive ones (reference §2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

from messaging.sandbox.errors import GraphError, invalid, missing
from messaging.sandbox.model import JSON, Message, Number
from messaging.sandbox.validation.interactive import interactive
from messaging.sandbox.validation.values import coordinate, optional_text, rows, section, text, web_address
from messaging.sandbox.world import MONTH, World

BIRTHDAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NAME_PARTS = ("first_name", "last_name", "middle_name", "suffix", "prefix")
WITH_CAPTION = {"image", "video", "document"}
# What fits a type; a document may be anything. A file that does not fit fails later, with 131053.
MIME_TYPES = {
    "image": {"image/jpeg", "image/png"},
    "video": {"video/mp4", "video/3gpp"},
    "audio": {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"},
    "sticker": {"image/webp"},
}


def check(world: World, number: Number, kind: str, body: JSON) -> int:
    """Raise what is refused at once; return the code that it will fail with later, or 0."""
    checker = CHECKERS.get(kind)
    if checker is None:
        raise GraphError(131051, f"The type {kind!r} is not supported.")
    return checker(world, number, kind, body) or 0


def _text(_world: World, _number: Number, _kind: str, body: JSON) -> None:
    content = section(body, "text")
    text(content, "body", "text.", 4096)
    if not isinstance(content.get("preview_url", False), bool):
        raise invalid("text.preview_url must be a boolean.")


def _media(world: World, number: Number, kind: str, body: JSON) -> int:
    content = section(body, kind)
    if kind in WITH_CAPTION:
        optional_text(content, "caption", f"{kind}.", 1024)
    elif content.get("caption") is not None:
        raise invalid(f"{kind} takes no caption.")
    if kind == "document":
        optional_text(content, "filename", "document.", 240)
    return media_source(world, number, kind, content, f"{kind}.")


def media_source(world: World, number: Number, kind: str, content: JSON, path: str) -> int:
    """`id` of an uploaded file, or `link`; 131053 when the file will turn out not to fit."""
    if bool(content.get("id")) == bool(content.get("link")):
        raise missing(f"Exactly one of {path}id and {path}link is required.")
    if content.get("link"):
        web_address(content, "link", path)
        return 0
    media = world.media.get(str(content["id"]))
    if media is None or media.number_id != number.id or media.created < world.now() - MONTH:
        raise invalid(f"{path}id {content['id']} is not a media id of this phone number.")
    plain = media.mime_type.partition(";")[0].strip()
    fits = kind not in MIME_TYPES or plain in MIME_TYPES[kind]
    voice_fits = not content.get("voice") or plain in {"audio/ogg", "audio/opus"}
    return 0 if fits and voice_fits else 131053


def _location(_world: World, _number: Number, _kind: str, body: JSON) -> None:
    content = section(body, "location")
    coordinate(content, "latitude", "location.", 90)
    coordinate(content, "longitude", "location.", 180)
    optional_text(content, "name", "location.", 1000)
    optional_text(content, "address", "location.", 1000)


def _contacts(_world: World, _number: Number, _kind: str, body: JSON) -> None:
    for index, row in enumerate(rows(body, "contacts", "", 1, 257)):
        path = f"contacts[{index}]."
        name = section(row, "name", path)
        text(name, "formatted_name", f"{path}name.", 1000)
        if not any(name.get(part) for part in NAME_PARTS):
            raise missing(f"{path}name needs one more part beside formatted_name.")
        if row.get("birthday") and not BIRTHDAY.fullmatch(str(row["birthday"])):
            raise invalid(f"{path}birthday must be YYYY-MM-DD.")


def _reaction(world: World, number: Number, _kind: str, body: JSON) -> None:
    content = section(body, "reaction")
    key = text(content, "message_id", "reaction.", 512)
    if not isinstance(content.get("emoji", ""), str) or len(content.get("emoji", "")) > 16:
        raise invalid("reaction.emoji must be one emoji or empty.")
    target: Message | None = world.messages.get(key)
    if (
        target is None
        or target.number_id != number.id
        or target.revoked
        or target.type == "reaction"
        or target.at < world.now() - MONTH
    ):
        raise invalid("reaction.message_id: the message is unknown, deleted, too old or itself a reaction.")


def _interactive(world: World, number: Number, _kind: str, body: JSON) -> int:
    headers = interactive(section(body, "interactive"))
    for kind, content, path in headers:
        if code := media_source(world, number, kind, content, path):
            return code
    return 0


CHECKERS: dict[str, Callable[[World, Number, str, JSON], int | None]] = {
    "text": _text,
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _media),
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
}
