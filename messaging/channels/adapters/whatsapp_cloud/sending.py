"""Our values as the body of `POST /{phone}/messages` (§2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from messaging.channels.adapters import reading
from messaging.channels.adapters.reading import some
from messaging.channels.adapters.whatsapp_cloud import templating
from messaging.channels.adapters.whatsapp_cloud.templating import Content, media
from messaging.channels.base import (
    Accepted,
    Address,
    MessageType,
    NoAnswer,
    OutboundMessage,
    ProviderError,
    SendFailed,
)

# The API answers 200 and looks at the message, or at its template, before anybody gets it (§2, §5 pacing).
HELD = {"held_for_quality_assessment", "paused"}


def body_of(message: OutboundMessage) -> dict[str, Any]:
    """The request. Raises SendFailed for what WhatsApp has no words for: nothing was sent."""
    if (write := WRITERS.get(message.type)) is None:
        raise SendFailed(ProviderError("unsupported_type", details=message.type.value))
    try:
        kind, fields = write(message.content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # One message that was put together wrongly must not stop the others of its batch.
        raise SendFailed(ProviderError("bad_content", details=f"{message.type.value}: {error!r}")) from error
    request = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient(message.to),
        "type": kind,
        kind: fields,
    }
    if message.reply_to and message.type != MessageType.REACTION:
        request["context"] = {"message_id": message.reply_to}
    if message.reference:
        request["biz_opaque_callback_data"] = message.reference
    return request


def recipient(to: Address) -> dict[str, str]:
    """§2: without "+" the country of the business is put before the number. A BSUID goes by another name (§11)."""
    if to.phone:
        return {"to": "+" + to.phone.removeprefix("+")}
    if to.user_id:
        return {"recipient": to.user_id}
    raise SendFailed(ProviderError("no_address"))


def accepted(answer: Mapping[str, Any]) -> Accepted:
    """The message's id and what the platform calls the person, which may differ from what was asked (§2)."""
    message = next(reading.parts(answer, "messages"), {})
    contact = next(reading.parts(answer, "contacts"), {})
    if not (external_id := reading.text(message, "id")):
        raise NoAnswer("a success without a message id")
    state = reading.text(message, "message_status")
    wa_id = reading.text(contact, "wa_id")
    return Accepted(
        external_id=external_id,
        to=Address(f"+{wa_id.removeprefix('+')}" if wa_id else "", reading.text(contact, "user_id")),
        held=state in HELD,
        state=state,
    )


# --- The types --------------------------------------------------------------------------------------------------------


def text(content: Content) -> tuple[str, Any]:
    return "text", {"body": content["body"], "preview_url": bool(content.get("preview"))}


def file(kind: str, *fields: str) -> Callable[[Content], tuple[str, Any]]:
    def write(content: Content) -> tuple[str, Any]:
        return kind, media(content) | some(**{field: content.get(field) for field in fields})

    return write


def location(content: Content) -> tuple[str, Any]:
    return "location", templating.place(content)


def contacts(content: Content) -> tuple[str, Any]:
    return "contacts", [dict(one) for one in content["contacts"]]


def reaction(content: Content) -> tuple[str, Any]:
    return "reaction", {"message_id": content["message_id"], "emoji": content["emoji"]}


def interactive(kind: str, content: Content, action: Mapping[str, Any]) -> tuple[str, Any]:
    parts: dict[str, Any] = {"type": kind, "body": {"text": content["body"]}, "action": action}
    if header := content.get("header"):
        parts["header"] = head(header)
    if footer := content.get("footer"):
        parts["footer"] = {"text": footer}
    return "interactive", parts


def head(header: Any) -> dict[str, Any]:
    if isinstance(header, str):
        return {"type": "text", "text": header}
    kind = header["type"]
    return {"type": kind, kind: media(header)}


def buttons(content: Content) -> tuple[str, Any]:
    replies = [{"type": "reply", "reply": {"id": one["id"], "title": one["title"]}} for one in content["buttons"]]
    return interactive("button", content, {"buttons": replies})


def choices(content: Content) -> tuple[str, Any]:
    return interactive("list", content, {"button": content["button"], "sections": [*map(section, content["sections"])]})


def section(one: Content) -> dict[str, Any]:
    rows = [{"id": row["id"], "title": row["title"]} | some(description=row.get("description")) for row in one["rows"]]
    return some(title=one.get("title")) | {"rows": rows}


def link(content: Content) -> tuple[str, Any]:
    parameters = {"display_text": content["title"], "url": content["url"]}
    return interactive("cta_url", content, {"name": "cta_url", "parameters": parameters})


def location_request(content: Content) -> tuple[str, Any]:
    return interactive("location_request_message", {"body": content["body"]}, {"name": "send_location"})


def template(content: Content) -> tuple[str, Any]:
    return "template", templating.template(content)


WRITERS: dict[MessageType, Callable[[Content], tuple[str, Any]]] = {
    MessageType.TEXT: text,
    MessageType.IMAGE: file("image", "caption"),
    MessageType.VIDEO: file("video", "caption"),
    MessageType.AUDIO: file("audio", "voice"),
    MessageType.DOCUMENT: file("document", "caption", "filename"),
    MessageType.STICKER: file("sticker"),
    MessageType.LOCATION: location,
    MessageType.CONTACTS: contacts,
    MessageType.REACTION: reaction,
    MessageType.BUTTONS: buttons,
    MessageType.LIST: choices,
    MessageType.LINK: link,
    MessageType.LOCATION_REQUEST: location_request,
    MessageType.TEMPLATE: template,
}
