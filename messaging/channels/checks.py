"""Whether a message keeps a channel's limits, before anybody presses send; in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _, ngettext_lazy

from messaging.channels.base import MessageType, OutboundMessage
from messaging.channels.capabilities import KB, MB, Capabilities, capabilities_of

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """`field` is where in the content: a key, or a path such as "buttons.1.title"."""

    field: str
    text: Promise | str


def check_outbound(kind: str, message: OutboundMessage) -> list[Problem]:
    """Everything that is wrong with the message's content; nothing when the provider would take it."""
    can = capabilities_of(kind)
    if message.type not in can.sends:
        return [Problem("type", format_lazy(_("{channel} cannot send this kind of message."), channel=can.name))]
    problems = list(CHECKS[message.type](message.content, can, message.type))
    if message.reply_to and not can.quotes:
        problems.append(Problem("reply_to", format_lazy(_("{channel} cannot quote a message."), channel=can.name)))
    if len(message.reference) > can.reference > 0:
        problems.append(Problem("reference", too_long(can.reference)))
    return problems


# --- Words ------------------------------------------------------------------------------------------------------------


def missing() -> Promise:
    return _("This must not be empty.")


def too_long(most: int) -> Promise:
    return format_lazy(ngettext_lazy("At most {most} character.", "At most {most} characters.", most), most=most)


def too_many(most: int) -> Promise:
    return format_lazy(_("At most {most} of these."), most=most)


def size(number: int) -> str:
    return f"{number // MB} MB" if number >= MB else f"{number // KB} KB"


# --- Small checks -----------------------------------------------------------------------------------------------------


def words(content: Content, key: str, most: int, *, at: str = "", needed: bool = True) -> Iterator[Problem]:
    """A string that must be there, or may, and no longer than allowed."""
    path, said = f"{at}{key}", content.get(key)
    if not isinstance(said, str) or not said.strip():
        if needed or (said is not None and not isinstance(said, str)):
            yield Problem(path, missing())
    elif len(said) > most:
        yield Problem(path, too_long(most))


def unique(rows: Sequence[Content], key: str, at: str) -> Iterator[Problem]:
    seen: set[Any] = set()
    for index, row in enumerate(rows):
        value = row.get(key)
        if isinstance(value, str) and value in seen:
            yield Problem(f"{at}{index}.{key}", _("This is there twice; each must be different."))
        seen.add(value if isinstance(value, str) else None)


def objects(value: Any) -> list[Content]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


# --- The types --------------------------------------------------------------------------------------------------------


def text(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    yield from words(content, "body", can.text)


def file(content: Content, can: Capabilities, type_: MessageType) -> Iterator[Problem]:
    limits = can.files[type_]
    if not content.get("media_id") and not content.get("link"):
        yield Problem("media_id", _("Choose a file."))
    if content.get("caption"):
        if limits.caption:
            yield from words(content, "caption", limits.caption)
        else:
            yield Problem("caption", _("A file of this kind cannot have a caption."))
    mime_type = str(content.get("mime_type") or "").partition(";")[0].strip().lower()
    if mime_type and limits.mime_types and mime_type not in limits.mime_types:
        allowed = ", ".join(sorted(one.partition("/")[2].upper() for one in limits.mime_types))
        yield Problem("mime_type", format_lazy(_("This file type does not work. Possible: {types}."), types=allowed))
    most = (limits.animated_bytes if content.get("animated") else 0) or limits.most_bytes
    if isinstance(content.get("size"), int) and content["size"] > most:
        yield Problem("size", format_lazy(_("The file may have at most {size}."), size=size(most)))
    if content.get("voice") and mime_type and mime_type != "audio/ogg":
        yield Problem("voice", _("A voice message must be an OGG file."))


def location(content: Content, _can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    for key, most in (("latitude", 90), ("longitude", 180)):
        try:
            inside = abs(float(content.get(key, ""))) <= most
        except (TypeError, ValueError, OverflowError):
            inside = False
        if not inside:
            yield Problem(key, _("This must be a place on Earth."))


def contacts(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    cards = objects(content.get("contacts"))
    if not cards:
        yield Problem("contacts", missing())
    if len(cards) > can.contacts:
        yield Problem("contacts", too_many(can.contacts))
    for index, card in enumerate(cards):
        name = card.get("name")
        given = name if isinstance(name, Mapping) else {}
        # The vendor wants the whole name and at least one part of it.
        if not given.get("formatted_name") or len([value for value in given.values() if value]) < 2:
            yield Problem(f"contacts.{index}.name", _("A contact needs a full name and a first or last name."))


def reaction(content: Content, _can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    if not content.get("message_id"):
        yield Problem("message_id", missing())
    if not isinstance(content.get("emoji"), str) or len(content["emoji"]) > 16:
        yield Problem("emoji", _("Choose one emoji."))


def around(content: Content, can: Capabilities, *, files: bool = True) -> Iterator[Problem]:
    """Header and footer."""
    header = content.get("header")
    if isinstance(header, Mapping):
        if (
            not files
            or str(header.get("type")) not in can.header_files
            or not (header.get("media_id") or header.get("link"))
        ):
            yield Problem("header", _("This header does not work here."))
    elif header:
        yield from words(content, "header", can.header)
    if content.get("footer"):
        yield from words(content, "footer", can.footer)


def buttons(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    limits = can.buttons
    assert limits
    yield from words(content, "body", limits.body)
    yield from around(content, can)
    given = objects(content.get("buttons"))
    if not given:
        yield Problem("buttons", _("Add at least one button."))
    if len(given) > limits.most:
        yield Problem("buttons", too_many(limits.most))
    for index, button in enumerate(given):
        yield from words(button, "title", limits.title, at=f"buttons.{index}.")
        yield from identity(button, limits.id, at=f"buttons.{index}.")
    yield from unique(given, "title", "buttons.")
    yield from unique(given, "id", "buttons.")


def identity(row: Content, most: int, *, at: str) -> Iterator[Problem]:
    yield from words(row, "id", most, at=at)
    if isinstance(row.get("id"), str) and row["id"].strip() != row["id"]:
        yield Problem(f"{at}id", _("This must not begin or end with a space."))


def choices(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    limits = can.lists
    assert limits
    yield from words(content, "body", limits.body)
    yield from words(content, "button", limits.button)
    yield from around(content, can, files=False)
    sections = objects(content.get("sections"))
    if len(sections) > limits.sections:
        yield Problem("sections", too_many(limits.sections))
    rows = []
    for index, section in enumerate(sections):
        at = f"sections.{index}."
        yield from words(section, "title", limits.section_title, at=at, needed=len(sections) > 1)
        given = objects(section.get("rows"))
        if not given:
            yield Problem(f"{at}rows", missing())
        for number, row in enumerate(given):
            yield from words(row, "title", limits.row_title, at=f"{at}rows.{number}.")
            yield from identity(row, limits.row_id, at=f"{at}rows.{number}.")
            yield from words(row, "description", limits.row_description, at=f"{at}rows.{number}.", needed=False)
        rows += given
    if not sections:
        yield Problem("sections", _("Add at least one entry."))
    if len(rows) > limits.rows:
        yield Problem("sections", too_many(limits.rows))
    yield from unique(rows, "id", "rows.")


def link(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    limits = can.links
    assert limits
    yield from words(content, "body", limits.body)
    yield from words(content, "title", limits.title)
    yield from words(content, "url", limits.url)
    yield from around(content, can)
    if isinstance(content.get("url"), str) and content["url"].strip() and not is_web_address(content["url"]):
        yield Problem("url", _("This must be an address that begins with https://."))


def is_web_address(url: str) -> bool:
    try:
        found = urlsplit(url)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and bool(found.hostname)


def location_request(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    yield from words(content, "body", can.buttons.body if can.buttons else can.text)


# --- Templates --------------------------------------------------------------------------------------------------------


def template(content: Content, can: Capabilities, _type: MessageType) -> Iterator[Problem]:
    limits = can.template
    assert limits
    yield from words(content, "name", 512)
    yield from words(content, "language", 20)
    if content.get("code"):
        yield from words(content, "code", limits.code)
    yield from filled(content, can, at="")
    cards = objects(content.get("cards"))
    if len(cards) > limits.cards:
        yield Problem("cards", too_many(limits.cards))
    for index, card in enumerate(cards):
        yield from filled(card, can, at=f"cards.{index}.")


def filled(content: Content, can: Capabilities, *, at: str) -> Iterator[Problem]:
    """The values of one set of components; named and numbered ones do not mix."""
    body = content.get("body")
    values = list(body) if isinstance(body, list | tuple) else []
    for index, value in enumerate(values):
        yield from template_value(value, can, at=f"{at}body.{index}")
    if content.get("header"):
        yield from template_value(content["header"], can, at=f"{at}header")
    named = [isinstance(value, Mapping) and bool(value.get("name")) for value in values]
    if any(named) and not all(named):
        yield Problem(f"{at}body", _("Either all values have a name or none has one."))
    for index, button in enumerate(objects(content.get("buttons"))):
        yield from template_button(button, can, at=f"{at}buttons.{index}.")


def template_value(value: Any, can: Capabilities, *, at: str) -> Iterator[Problem]:
    limits = can.template
    assert limits
    if isinstance(value, Mapping) and value.get("type", "text") != "text":
        return
    said = value.get("text") if isinstance(value, Mapping) else value
    if not isinstance(said, str) or not said.strip():
        yield Problem(at, missing())
        return
    if len(said) > limits.value:
        yield Problem(at, too_long(limits.value))
    if re.search(r"[\n\r\t]", said) or " " * (limits.spaces + 1) in said:
        yield Problem(at, _("No line breaks, no tabs and no more than four spaces in a row."))


def template_button(button: Content, can: Capabilities, *, at: str) -> Iterator[Problem]:
    limits = can.template
    assert limits
    longest = {"quick_reply": limits.payload, "copy_code": limits.coupon, "url": 2000}
    if (most := longest.get(str(button.get("type")))) is not None:
        yield from words(button, "value", most, at=at)


CHECKS: Mapping[MessageType, Callable[[Content, Capabilities, MessageType], Iterator[Problem]]] = {
    MessageType.TEXT: text,
    MessageType.IMAGE: file,
    MessageType.VIDEO: file,
    MessageType.AUDIO: file,
    MessageType.DOCUMENT: file,
    MessageType.STICKER: file,
    MessageType.LOCATION: location,
    MessageType.CONTACTS: contacts,
    MessageType.REACTION: reaction,
    MessageType.BUTTONS: buttons,
    MessageType.LIST: choices,
    MessageType.LINK: link,
    MessageType.LOCATION_REQUEST: location_request,
    MessageType.TEMPLATE: template,
}
