"""A template message's components (§2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from messaging.channels.adapters.reading import some

Content = Mapping[str, Any]
FILES = {"image", "video", "document", "gif"}
# Buttons whose one parameter is a plain value: its type, and the field that holds it.
PLAIN_BUTTONS = {
    "url": ("text", "text"),
    "quick_reply": ("payload", "payload"),
    "copy_code": ("coupon_code", "coupon_code"),
}


def template(content: Content) -> dict[str, Any]:
    parts = {"name": content["name"], "language": {"code": content["language"]}}
    return parts | some(components=with_code(content["code"]) if content.get("code") else list(components(content)))


def with_code(code: str) -> list[dict[str, Any]]:
    """A template that carries a code wants it twice: in the text and in the button that copies it."""
    return [*components({"body": [code], "buttons": [{"index": 0, "type": "url", "value": code}]})]


def components(content: Content) -> Iterable[dict[str, Any]]:
    if header := content.get("header"):
        yield {"type": "header", "parameters": [parameter(header)]}
    if body := content.get("body"):
        yield {"type": "body", "parameters": [parameter(one) for one in body]}
    if ends := content.get("offer_ends_ms"):
        offer = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": ends}}
        yield {"type": "limited_time_offer", "parameters": [offer]}
    yield from map(button, content.get("buttons") or ())
    if cards := content.get("cards"):
        filled = [{"card_index": index, "components": [*components(card)]} for index, card in enumerate(cards)]
        yield {"type": "carousel", "cards": filled}


def parameter(value: str | Content) -> dict[str, Any]:
    """One value. Named templates want every value with its name."""
    if isinstance(value, str):
        return {"type": "text", "text": value}
    kind = value.get("type", "text")
    named = some(parameter_name=value.get("name"))
    if kind == "text":
        return {"type": "text", **named, "text": value["text"]}
    if kind in FILES:
        return {"type": kind, **named, kind: media(value) | some(filename=value.get("filename"))}
    if kind == "location":
        # A place has a name of its own.
        return {"type": kind, kind: place(value)}
    fields = {key: one for key, one in value.items() if key not in ("type", "name")}
    return {"type": kind, **named, kind: fields}


def button(one: Content) -> dict[str, Any]:
    kind = one["type"]
    said = {"type": "button", "sub_type": kind, "index": str(one["index"])}
    if kind in PLAIN_BUTTONS:
        name, field = PLAIN_BUTTONS[kind]
        return said | {"parameters": [{"type": name, field: one["value"]}]}
    action = one.get("action")
    return said | ({"parameters": [{"type": "action", "action": dict(action)}]} if action else {})


def media(content: Content) -> dict[str, str]:
    """A file by its id at the provider, or else by its address."""
    return {"id": content["media_id"]} if content.get("media_id") else {"link": content["link"]}


def place(content: Content) -> dict[str, Any]:
    fields = {"latitude": content["latitude"], "longitude": content["longitude"]}
    return fields | some(name=content.get("name"), address=content.get("address"))
