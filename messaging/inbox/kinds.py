"""What a message shows besides its words, by its type: plain values for the partials in inbox/kinds/.

People and providers write the content, so nothing in it is taken for granted: what is missing or odd is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.channels.capabilities import FILES
from messaging.channels.checks import is_web_address
from messaging.messages.models import Direction, Message
from tenants.lib.text import plain_name

Content = Mapping[str, Any]
LONGEST = 500
# A person sees what is most of it; a whole catalogue is not read in a bubble.
MOST = 30
DEEPEST = 4
# Fields of a form that are keys between machines.
HIDDEN = {"flow_token"}


def part_of(message: Message) -> dict[str, Any] | None:
    """`template` is the partial, the rest are its values; None for what is only text."""
    if message.type in PLAIN:
        return None
    name, values = PARTS.get(message.type, PARTS[MessageType.UNSUPPORTED])
    return {"template": f"inbox/kinds/_{name}.html", **values(message.content, message)}


def labels(message: Message) -> dict[str, Any]:
    """What stands around a message: where the person came from, that it was passed on, edited or taken back."""
    content = message.content
    edits = [_word(one, "text") for one in _objects(content.get("edits"))]
    return {
        "forwarded": _forwarded(content),
        "referral": _referral(_part(content, "referral")),
        "product": _word(_part(content, "product"), "product_id"),
        "edited": "edited_at" in content,
        "former": [text for text in edits if text],
        "revoked": "revoked_at" in content,
        "incomplete": bool(content.get("errors")) and message.type != MessageType.UNSUPPORTED,
    }


def _forwarded(content: Content) -> str:
    if content.get("frequently_forwarded"):
        return _("Forwarded many times")
    return _("Forwarded") if content.get("forwarded") else ""


def _referral(said: Content) -> dict[str, Any] | None:
    """The advertisement or post somebody came from."""
    if not said:
        return None
    source = _word(said, "source_url")
    return {
        "headline": _word(said, "headline") or _("Advertisement"),
        "body": _word(said, "body"),
        "url": source if is_web_address(source) else "",
        "host": (urlsplit(source).hostname or "") if is_web_address(source) else "",
        "is_post": _word(said, "source_type") == "post",
    }


# --- The types --------------------------------------------------------------------------------------------------------


def _location(content: Content, message: Message) -> dict[str, Any]:
    latitude, longitude = _number(content.get("latitude")), _number(content.get("longitude"))
    if latitude is None or longitude is None:
        return {"name": _word(content, "name"), "address": _word(content, "address"), "coordinates": "", "url": ""}
    place = [f"{degrees:.6f}".rstrip("0").rstrip(".") for degrees in (latitude, longitude)]
    return {
        "name": _word(content, "name"),
        "address": _word(content, "address"),
        "coordinates": ", ".join(place),
        "url": "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=16/{0}/{1}".format(*map(quote, place)),
    }


def _contacts(content: Content, message: Message) -> dict[str, Any]:
    return {"cards": [_card(one) for one in _objects(content.get("contacts"))[:MOST]]}


def _card(one: Content) -> dict[str, Any]:
    name, org = _part(one, "name"), _part(one, "org")
    given = " ".join(_word(name, key) for key in ("first_name", "last_name")).strip()
    return {
        "name": plain_name(_word(name, "formatted_name") or given) or _("Without a name"),
        "company": ", ".join(filter(None, (_word(org, "title"), _word(org, "company")))),
        "phones": [*_words(one, "phones", "phone")],
        "emails": [*_words(one, "emails", "email")],
    }


def _answer(content: Content, message: Message) -> dict[str, Any]:
    """What somebody chose or filled in. `fields` are those of a form."""
    data = content.get("data")
    rows = [*_fields(data)] if isinstance(data, Mapping) else []
    kind = _word(content, "kind")
    return {
        "kind": kind,
        "title": _word(content, "title") or ("" if rows else _("An answer")),
        "description": _word(content, "description"),
        "fields": rows[:MOST],
        "raw": data[:LONGEST] if isinstance(data, str) else "",
        "is_form": kind not in {"button", "list", "template_button"},
    }


def _fields(data: Content) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if key not in HIDDEN:
            yield str(key).replace("_", " ")[:LONGEST], _plain(value)


def _plain(value: Any, depth: int = 0) -> str:
    """A value of a form in one line; what lies deeper than a form does is not looked at."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | Mapping) and depth == DEEPEST:
        return "…"
    if isinstance(value, list):
        return ", ".join(_plain(one, depth + 1) for one in value)[:LONGEST]
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(one, depth + 1)}" for key, one in value.items())[:LONGEST]
    return "" if value is None else str(value)[:LONGEST]


def _order(content: Content, message: Message) -> dict[str, Any]:
    items = [_item(one) for one in _objects(content.get("items"))[:MOST]]
    totals: dict[str, Decimal] = {}
    for one in items:
        if one["sum"] is not None:
            totals[one["currency"]] = totals.get(one["currency"], Decimal(0)) + one["sum"]
    return {"items": items, "totals": [*totals.items()], "text": _word(content, "text")}


def _item(one: Content) -> dict[str, Any]:
    quantity, price = _decimal(one.get("quantity")), _decimal(one.get("item_price"))
    currency = _word(one, "currency").upper()
    is_money = price is not None and len(currency) == 3 and currency.isascii() and currency.isalpha()
    return {
        "name": _word(one, "product_retailer_id") or _("Without a name"),
        "quantity": quantity,
        "price": price if is_money else None,
        "currency": currency,
        "sum": price * quantity if is_money and price is not None and quantity is not None else None,
    }


def _unsupported(content: Content, message: Message) -> dict[str, Any]:
    label = _word(content, "label") or ("" if message.type == MessageType.UNSUPPORTED else message.type)
    return {"label": "" if label == "unknown" else label.replace("_", " ")}


def _buttons(content: Content, message: Message) -> dict[str, Any]:
    titles = [{"icon": "reply", "text": _word(one, "title")} for one in _objects(content.get("buttons"))]
    return _drawn(content, titles)


def _list(content: Content, message: Message) -> dict[str, Any]:
    sections = [
        {"title": _word(one, "title"), "rows": [_row(row) for row in _objects(one.get("rows"))]}
        for one in _objects(content.get("sections"))
    ]
    return {**_drawn(content, []), "open": _word(content, "button"), "sections": sections}


def _row(row: Content) -> dict[str, str]:
    return {"title": _word(row, "title"), "description": _word(row, "description")}


def _link(content: Content, message: Message) -> dict[str, Any]:
    return _drawn(content, [_linked("external-link", _word(content, "title"), _word(content, "url"))])


def _location_request(content: Content, message: Message) -> dict[str, Any]:
    return _drawn(content, [{"icon": "map-pin", "text": _("Send location")}])


def _template(content: Content, message: Message) -> dict[str, Any]:
    """As the person read it; one that came without that is its text."""
    shown = _part(content, "shown")
    return {**sheet(shown or {"body": message.text}), "name": _word(content, "name")}


def sheet(shown: Content) -> dict[str, Any]:
    """Header, body, footer and buttons, as a rendered template keeps them."""
    header = _part(shown, "header")
    link = _word(header, "link")
    return {
        "header": _word(header, "text"),
        "file": {"type": _word(header, "type"), "url": link if is_web_address(link) else ""} if link else None,
        "place": _location(header, Message()) if _word(header, "type") == "location" else None,
        "body": _word(shown, "body", most=5000),
        "footer": _word(shown, "footer"),
        "buttons": [_template_button(one) for one in _objects(shown.get("buttons"))],
        "cards": [sheet(card) for card in _objects(shown.get("cards"))],
    }


def _template_button(one: Content) -> dict[str, str]:
    kind, text = _word(one, "type"), _word(one, "text")
    if kind == "URL":
        return _linked("external-link", text, _word(one, "url", most=2000))
    if kind in {"OTP", "COPY_CODE"}:
        value = _word(one, "value")
        return {"icon": "copy", "text": f"{text or _('Copy code')}: {value}" if value else text or _("Copy code")}
    return {"icon": BUTTON_ICONS.get(kind, "reply"), "text": text}


BUTTON_ICONS = {"PHONE_NUMBER": "phone", "VOICE_CALL": "phone", "FLOW": "list-checks"}


def _drawn(content: Content, buttons: list[dict[str, str]]) -> dict[str, Any]:
    """A message with something to press, as the person sees it."""
    header = content.get("header")
    return {
        "header": header[:LONGEST] if isinstance(header, str) else "",
        "body": _word(content, "body", most=5000),
        "footer": _word(content, "footer"),
        "buttons": buttons,
    }


def _linked(icon: str, text: str, url: str) -> dict[str, str]:
    return {"icon": icon, "text": text, "url": url if is_web_address(url) else ""}


Make = Callable[[Content, Message], dict[str, Any]]
PARTS: dict[str, tuple[str, Make]] = {
    MessageType.LOCATION: ("location", _location),
    MessageType.CONTACTS: ("contacts", _contacts),
    MessageType.ANSWER: ("answer", _answer),
    MessageType.ORDER: ("order", _order),
    MessageType.UNSUPPORTED: ("unsupported", _unsupported),
    MessageType.BUTTONS: ("pressable", _buttons),
    MessageType.LIST: ("list", _list),
    MessageType.LINK: ("pressable", _link),
    MessageType.LOCATION_REQUEST: ("pressable", _location_request),
    MessageType.TEMPLATE: ("template", _template),
}
# Only words, or a file that has a partial of its own.
PLAIN = {MessageType.TEXT, *FILES}


# --- Reading ----------------------------------------------------------------------------------------------------------


def _word(holder: Content, key: str, *, most: int = LONGEST) -> str:
    value = holder.get(key)
    return value[:most] if isinstance(value, str) else ""


def _part(holder: Content, key: str) -> Content:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Content]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _words(holder: Content, key: str, field: str) -> Iterator[str]:
    yield from filter(None, (plain_name(_word(one, field)) for one in _objects(holder.get(key))[:MOST]))


def _decimal(value: Any) -> Decimal | None:
    """A figure of a sane size; anything else is none."""
    if isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**9 and len(str(value)) < 30 else None


def _number(value: Any) -> float | None:
    found = _decimal(value)
    return float(found) if found is not None else None


def is_people_s(message: Message) -> bool:
    """Written by the person or by us to the person: what may be quoted, reacted to and looked at closely."""
    return message.direction in {Direction.INBOUND, Direction.OUTBOUND} and message.type != MessageType.REACTION
