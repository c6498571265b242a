"""What a message says in one text: for the thread, the search, and the line the list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from messaging.channels.base import MessageType
from tenants.lib.text import plain_name

Content = Mapping[str, Any]
# PostgreSQL indexes no more than a megabyte of a text; no channel lets a person write nearly as much.
LONGEST = 20_000
PREVIEW = 160
# Signs and not words: the line is stored once and read in every language.
SIGNS = {
    MessageType.IMAGE: "📷",
    MessageType.VIDEO: "🎬",
    MessageType.AUDIO: "🎤",
    MessageType.DOCUMENT: "📄",
    MessageType.STICKER: "🖼️",
    MessageType.LOCATION: "📍",
    MessageType.CONTACTS: "👤",
    MessageType.ORDER: "🛒",
    MessageType.UNSUPPORTED: "❔",
}


def text_of(kind: str, content: Content) -> str:
    """The words of whoever wrote it; '' for a message without any."""
    write = WORDS.get(kind)
    return write(content)[:LONGEST] if write else ""


def preview_of(kind: str, text: str, *, filename: str = "") -> str:
    """One line without signs that would turn or hide what stands beside it."""
    sign = SIGNS.get(MessageType(kind), "") if kind in set(MessageType) else ""
    # Lines are joined before plain_name, which would drop their ends.
    return plain_name(" ".join([sign, *(text or filename)[: 4 * PREVIEW].split()]))[:PREVIEW]


def _said(*keys: str) -> Callable[[Content], str]:
    def write(content: Content) -> str:
        return ", ".join(found for key in keys if isinstance(found := content.get(key), str) and found)

    return write


def _names(content: Content) -> str:
    people = content.get("contacts")
    names = [person.get("name") for person in people if isinstance(person, dict)] if isinstance(people, list) else []
    written = [name.get("formatted_name") for name in names if isinstance(name, dict)]
    return ", ".join(name for name in written if isinstance(name, str) and name)


WORDS: dict[str, Callable[[Content], str]] = {
    MessageType.TEXT: _said("body"),
    MessageType.IMAGE: _said("caption"),
    MessageType.VIDEO: _said("caption"),
    MessageType.AUDIO: _said("caption"),
    MessageType.DOCUMENT: _said("caption"),
    MessageType.LOCATION: _said("name", "address"),
    MessageType.CONTACTS: _names,
    MessageType.ANSWER: _said("title"),
    MessageType.ORDER: _said("text"),
    MessageType.BUTTONS: _said("body"),
    MessageType.LIST: _said("body"),
    MessageType.LINK: _said("body"),
    MessageType.LOCATION_REQUEST: _said("body"),
    MessageType.SYSTEM: _said("body"),
}
