"""What an inbound message says, by its type (§8.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from messaging.channels.adapters import graph, reading
from messaging.channels.adapters.reading import needed, part, some, text
from messaging.channels.base import MediaRef, MessageType, ProviderError

Fields = Mapping[str, Any]
EVENTS = {
    "user_changed_number": "number_changed",
    "customer_changed_number": "number_changed",
    "user_changed_user_id": "user_id_changed",
    "customer_identity_changed": "identity_changed",
    "user_identity_changed": "identity_changed",
}


@dataclass(frozen=True)
class Contents:
    type: MessageType
    content: Mapping[str, Any]
    media: MediaRef | None = None
    errors: Sequence[ProviderError] = ()


def contents_of(item: Fields) -> Contents:
    """The content; a placeholder for a type nobody knows, or for one whose content the provider itself left out."""
    kind = text(item, "type")
    errors = tuple(graph.error_of(one) for one in reading.parts(item, "errors"))
    read = READERS.get(kind)
    if read is None or (errors and not item.get(kind)):
        return replace(unsupported(item, kind), errors=errors)
    return replace(read(item), errors=errors)


def unsupported(item: Fields, kind: str) -> Contents:
    label = text(part(item, "unsupported"), "type") or kind or "unknown"
    return Contents(MessageType.UNSUPPORTED, {"label": label})


def words(item: Fields) -> Contents:
    said = reading.mapping(item.get("text"), "text")
    if not isinstance(said.get("body"), str):
        raise reading.Unreadable("text.body is missing")
    return Contents(MessageType.TEXT, {"body": said["body"]})


def file(kind: MessageType) -> Callable[[Fields], Contents]:
    def read(item: Fields) -> Contents:
        said = part(item, kind.value)
        found = MediaRef(
            external_id=needed(said, "id"),
            mime_type=text(said, "mime_type"),
            sha256=text(said, "sha256"),
            url=text(said, "url"),
            filename=text(said, "filename"),
            voice=said.get("voice") is True,
        )
        about = some(caption=text(said, "caption"), animated=said.get("animated") is True)
        return Contents(kind, about, found)

    return read


def location(item: Fields) -> Contents:
    said = part(item, "location")
    latitude, longitude = reading.number(said, "latitude"), reading.number(said, "longitude")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise reading.Unreadable("the place is not on Earth")
    about = some(**{key: text(said, key) for key in ("name", "address", "url")})
    return Contents(MessageType.LOCATION, {"latitude": latitude, "longitude": longitude, **about})


def contacts(item: Fields) -> Contents:
    return Contents(MessageType.CONTACTS, {"contacts": [*reading.parts(item, "contacts")]})


def reaction(item: Fields) -> Contents:
    """An emoji that is empty or missing takes the reaction back."""
    said = part(item, "reaction")
    return Contents(MessageType.REACTION, {"message_id": needed(said, "message_id"), "emoji": text(said, "emoji")})


def template_button(item: Fields) -> Contents:
    said = part(item, "button")
    title = text(said, "text")
    return answer("template_button", id=text(said, "payload") or title, title=title)


def interactive(item: Fields) -> Contents:
    said = part(item, "interactive")
    kind = needed(said, "type")
    chosen = part(said, kind)
    if kind == "nfm_reply":
        name = text(chosen, "name") or "flow"
        return answer(name, title=text(chosen, "body"), data=form_data(chosen.get("response_json")))
    if kind in ("button_reply", "list_reply"):
        about = some(description=text(chosen, "description"))
        return answer(kind.removesuffix("_reply"), id=needed(chosen, "id"), title=text(chosen, "title"), **about)
    return answer(kind.removesuffix("_reply"), data=dict(chosen))


def answer(kind: str, *, title: str = "", **fields: Any) -> Contents:
    return Contents(MessageType.ANSWER, {"kind": kind, "id": "", "title": title, **fields})


def form_data(written: Any) -> Any:
    """JSON in a string, which may be no object or broken; then the string itself."""
    if not isinstance(written, str):
        return written
    try:
        return reading.load(written)
    except ValueError:
        return written


def order(item: Fields) -> Contents:
    said = part(item, "order")
    about = {"catalog_id": text(said, "catalog_id"), "text": text(said, "text")}
    return Contents(MessageType.ORDER, {**about, "items": [*reading.parts(said, "product_items")]})


def system(item: Fields) -> Contents:
    said = part(item, "system")
    kind = text(said, "type")
    about = some(identity=part(item, "identity") or part(said, "identity"))
    return Contents(MessageType.SYSTEM, {"event": EVENTS.get(kind, kind), "body": text(said, "body"), **about})


def edit(item: Fields) -> Contents:
    said = part(item, "edit")
    inner = contents_of(part(said, "message"))
    if inner.type in (MessageType.EDIT, MessageType.REVOKE):
        raise reading.Unreadable("an edit of an edit")
    about = {"original_id": needed(said, "original_message_id"), "type": inner.type.value}
    return Contents(MessageType.EDIT, {**inner.content, **about}, inner.media)


def revoke(item: Fields) -> Contents:
    return Contents(MessageType.REVOKE, {"original_id": needed(part(item, "revoke"), "original_message_id")})


READERS: dict[str, Callable[[Fields], Contents]] = {
    "text": words,
    "image": file(MessageType.IMAGE),
    "video": file(MessageType.VIDEO),
    "audio": file(MessageType.AUDIO),
    "document": file(MessageType.DOCUMENT),
    "sticker": file(MessageType.STICKER),
    "location": location,
    "contacts": contacts,
    "reaction": reaction,
    "button": template_button,
    "interactive": interactive,
    "order": order,
    "system": system,
    "edit": edit,
    "revoke": revoke,
}
