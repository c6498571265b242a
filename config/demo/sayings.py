"""What the verbs of a story mean: for customers in the provider's words, for colleagues in ours.

Customers: (a text), quote text, react 👍, edit text, revoke, button label, tap label, choose title | description,
    location latitude | longitude | name | address, contact name | number, order text | item | item,
    ad headline | text, unsupported kind.
Colleagues: (a text), quote text, react 👍, template name | language | values | url value, buttons text | label,
    list text | label | row, link text | label | address, location, ask_location text; and what is no message: note
    text, take, give name, free, label name | name, resolve, reopen, snooze D+1 09:00.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from config.demo.story import Entry
from messaging.channels.base import MessageType

JSON = dict[str, Any]
PRODUCTS = "4021500127"


def element(entry: Entry) -> JSON:
    """A customer's message as the provider's webhook holds it, without sender, id and time."""
    said = CUSTOMERS[entry.verb](entry)
    if entry.about and entry.verb in {"quote", "button", "tap", "choose"}:
        said["context"] = {"id": entry.about}
    return said


def _text(entry: Entry) -> JSON:
    return {"type": "text", "text": {"body": entry.text}}


def _ad(entry: Entry) -> JSON:
    headline, text = entry.parts
    referral = {
        "source_type": "ad",
        "source_id": "120210423140510",
        "source_url": "https://fb.me/3cr4Wqqkv",
        "headline": headline,
        "media_type": "image",
    }
    return {"type": "text", "text": {"body": text}, "referral": referral}


def _place(parts: list[str]) -> JSON:
    latitude, longitude, name, address = parts
    return {"latitude": float(latitude), "longitude": float(longitude), "name": name, "address": address}


def _contact(entry: Entry) -> JSON:
    name, phone = entry.parts
    card = {"formatted_name": name, "first_name": name.split()[0], "last_name": name.split()[-1]}
    return {"type": "contacts", "contacts": [{"name": card, "phones": [{"phone": phone, "type": "CELL"}]}]}


def _order(entry: Entry) -> JSON:
    text, *items = entry.parts
    rows = [_item(item) for item in items]
    return {"type": "order", "order": {"catalog_id": PRODUCTS, "text": text, "product_items": rows}}


def _item(written: str) -> JSON:
    """ "2 × carton-s 2.49"."""
    quantity, _, product, price = written.split()
    return {
        "product_retailer_id": product,
        "quantity": int(quantity),
        "item_price": float(price),
        "currency": "EUR",
    }


def _choose(entry: Entry) -> JSON:
    title, *description = entry.parts
    row = {"id": key_of(title), "title": title, **({"description": description[0]} if description else {})}
    return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}


CUSTOMERS: dict[str, Callable[[Entry], JSON]] = {
    "": _text,
    "quote": _text,
    "ad": _ad,
    "location": lambda entry: {"type": "location", "location": _place(entry.parts)},
    "contact": _contact,
    "order": _order,
    "button": lambda entry: {"type": "button", "button": {"payload": entry.text, "text": entry.text}},
    "tap": lambda entry: {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": key_of(entry.text), "title": entry.text}},
    },
    "choose": _choose,
    "react": lambda entry: {"type": "reaction", "reaction": {"message_id": entry.about, "emoji": entry.text}},
    "edit": lambda entry: {
        "type": "edit",
        "edit": {"original_message_id": entry.about, "message": _text(entry)},
    },
    "revoke": lambda entry: {"type": "revoke", "revoke": {"original_message_id": entry.about}},
    "unsupported": lambda entry: {
        "type": "unsupported",
        "unsupported": {"type": entry.text},
        "errors": [{"code": 131051, "title": "Message type is currently not supported."}],
    },
}


def content(entry: Entry) -> tuple[MessageType, JSON]:
    """A colleague's message in our own values; `channels/base.py` says what they are."""
    return COLLEAGUES[entry.verb](entry)


def _template(entry: Entry) -> tuple[MessageType, JSON]:
    name, language, *values = entry.parts
    said: JSON = {"name": name, "language": language}
    buttons = [value.removeprefix("url ") for value in values if value.startswith("url ")]
    if body := [value for value in values if not value.startswith("url ")]:
        said["body"] = body
    if buttons:
        said["buttons"] = [{"index": 0, "type": "url", "value": buttons[0]}]
    return MessageType.TEMPLATE, said


def _buttons(entry: Entry) -> tuple[MessageType, JSON]:
    body, *titles = entry.parts
    return MessageType.BUTTONS, {"body": body, "buttons": [{"id": key_of(one), "title": one} for one in titles]}


def _list(entry: Entry) -> tuple[MessageType, JSON]:
    body, button, *rows = entry.parts
    return MessageType.LIST, {"body": body, "button": button, "sections": [{"rows": [_row(one) for one in rows]}]}


def _row(written: str) -> JSON:
    """ "Title: description"."""
    title, _, description = written.partition(": ")
    return {"id": key_of(title), "title": title, **({"description": description} if description else {})}


def _link(entry: Entry) -> tuple[MessageType, JSON]:
    body, title, url = entry.parts
    return MessageType.LINK, {"body": body, "title": title, "url": url}


COLLEAGUES: Mapping[str, Callable[[Entry], tuple[MessageType, JSON]]] = {
    "": lambda entry: (MessageType.TEXT, {"body": entry.text}),
    "quote": lambda entry: (MessageType.TEXT, {"body": entry.text}),
    "template": _template,
    "buttons": _buttons,
    "list": _list,
    "link": _link,
    "location": lambda entry: (MessageType.LOCATION, _place(entry.parts)),
    "ask_location": lambda entry: (MessageType.LOCATION_REQUEST, {"body": entry.text}),
}


def key_of(title: str) -> str:
    return "-".join(title.lower().split())
