"""Buttons, lists, links and the rest that can be tapped (reference §2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from messaging.sandbox.errors import invalid, missing
from messaging.sandbox.model import JSON
from messaging.sandbox.validation.values import optional_text, rows, section, text, web_address

MediaUse = tuple[str, JSON, str]  # kind, object, path
ACCEPTED_UNSEEN = {"call_permission_request", "order_details", "order_status", "address_message"}
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")


def interactive(content: JSON) -> list[MediaUse]:
    """Check everything but files, which are returned for the caller to look up."""
    kind = text(content, "type", "interactive.", 64)
    if kind in ACCEPTED_UNSEEN:
        return []
    if kind not in KINDS:
        raise invalid(f"interactive.type {kind!r} is not supported.")
    action_check, body_most, headers = KINDS[kind]
    if body_most:
        text(section(content, "body", "interactive."), "text", "interactive.body.", body_most)
    used = _header(content, kind, headers)
    if content.get("footer") is not None:
        if kind in {"carousel", "location_request_message"}:
            raise invalid(f"A {kind} takes no footer.")
        text(section(content, "footer", "interactive."), "text", "interactive.footer.", 60)
    action = section(content, "action", "interactive.")
    return used + (action_check(action) or [])


def _header(content: JSON, kind: str, allowed: set[str]) -> list[MediaUse]:
    if content.get("header") is None:
        if kind == "product_list":
            raise missing("A product_list needs a text header.")
        return []
    header = section(content, "header", "interactive.")
    header_type = text(header, "type", "interactive.header.", 32)
    if header_type not in allowed:
        raise invalid(f"interactive.header.type {header_type!r} is not allowed in a {kind}.")
    if header_type == "text":
        text(header, "text", "interactive.header.", 60)
        return []
    return [(header_type, section(header, header_type, "interactive.header."), f"interactive.header.{header_type}.")]


def _buttons(action: JSON) -> None:
    titles = set()
    for index, button in enumerate(rows(action, "buttons", "interactive.action.", 1, 3)):
        path = f"interactive.action.buttons[{index}]."
        if button.get("type") != "reply":
            raise invalid(f"{path}type must be reply.")
        reply = section(button, "reply", path)
        key = text(reply, "id", f"{path}reply.", 256)
        if key != key.strip():
            raise invalid(f"{path}reply.id must not begin or end with a space.")
        titles.add(text(reply, "title", f"{path}reply.", 20))
    if len(titles) != len(action["buttons"]):
        raise invalid("The titles of buttons must differ.")


def _list(action: JSON) -> None:
    path = "interactive.action."
    text(action, "button", path, 20)
    sections = rows(action, "sections", path, 1, 10)
    ids: list[str] = []
    for index, part in enumerate(sections):
        inner = f"{path}sections[{index}]."
        if len(sections) > 1:
            text(part, "title", inner, 24)
        else:
            optional_text(part, "title", inner, 24)
        for place, row in enumerate(rows(part, "rows", inner, 1, 10)):
            ids.append(text(row, "id", f"{inner}rows[{place}].", 200))
            text(row, "title", f"{inner}rows[{place}].", 24)
            optional_text(row, "description", f"{inner}rows[{place}].", 72)
    if len(ids) > 10:
        raise invalid(f"A list holds at most 10 rows in total, not {len(ids)}.")
    if len(set(ids)) != len(ids):
        raise invalid("The ids of rows must differ.")


def _link(action: JSON) -> None:
    parameters = _named(action, "cta_url")
    text(parameters, "display_text", "interactive.action.parameters.", 20)
    web_address(parameters, "url", "interactive.action.parameters.")


def _flow(action: JSON) -> None:
    path = "interactive.action.parameters."
    parameters = _named(action, "flow")
    text(parameters, "flow_message_version", path, 8)
    if not (parameters.get("flow_id") or parameters.get("flow_name")):
        raise missing(f"One of {path}flow_id and {path}flow_name is required.")
    if EMOJI.search(text(parameters, "flow_cta", path, 30)):
        raise invalid(f"{path}flow_cta must not hold emoji.")
    how = parameters.get("flow_action", "navigate")
    if str(how) not in {"navigate", "data_exchange"}:
        raise invalid(f"{path}flow_action is navigate or data_exchange.")
    if how == "data_exchange" and parameters.get("flow_action_payload"):
        raise invalid(f"{path}flow_action_payload goes with navigate only.")


def _named(action: JSON, name: str) -> JSON:
    if text(action, "name", "interactive.action.", 64) != name:
        raise invalid(f"interactive.action.name must be {name}.")
    return section(action, "parameters", "interactive.action.")


def _location_request(action: JSON) -> None:
    if text(action, "name", "interactive.action.", 64) != "send_location":
        raise invalid("interactive.action.name must be send_location.")


def _product(action: JSON) -> None:
    text(action, "catalog_id", "interactive.action.", 100)
    text(action, "product_retailer_id", "interactive.action.", 100)


def _products(action: JSON) -> None:
    text(action, "catalog_id", "interactive.action.", 100)
    count = 0
    for index, part in enumerate(rows(action, "sections", "interactive.action.", 1, 10)):
        path = f"interactive.action.sections[{index}]."
        text(part, "title", path, 24)
        count += len(rows(part, "product_items", path, 1, 30))
    if count > 30:
        raise invalid(f"A product_list holds at most 30 products, not {count}.")


def _catalog(action: JSON) -> None:
    if text(action, "name", "interactive.action.", 64) != "catalog_message":
        raise invalid("interactive.action.name must be catalog_message.")


def _carousel(action: JSON) -> list[MediaUse]:
    used: list[MediaUse] = []
    cards = rows(action, "cards", "interactive.action.", 2, 10)
    for index, card in enumerate(cards):
        path = f"interactive.action.cards[{index}]."
        if card.get("card_index") != index:
            raise invalid(f"{path}card_index must be {index}.")
        header = section(card, "header", path)
        kind = text(header, "type", f"{path}header.", 16)
        if kind not in {"image", "video"}:
            raise invalid(f"{path}header.type must be image or video.")
        used.append((kind, section(header, kind, f"{path}header."), f"{path}header.{kind}."))
        words = text(section(card, "body", path), "text", f"{path}body.", 160)
        if words.count("\n") > 2:
            raise invalid(f"{path}body.text must not hold more than two line breaks.")
        section(card, "action", path)
    if len({kind for kind, _, _ in used}) > 1:
        raise invalid("All cards must have the same type of header.")
    return used


MEDIA = {"text", "image", "video", "document"}
# type: its action's check, the longest body (0: none needed), the headers it takes
KINDS: dict[str, tuple[Callable[[JSON], list[MediaUse] | None], int, set[str]]] = {
    "button": (_buttons, 1024, MEDIA),
    "list": (_list, 4096, {"text"}),
    "cta_url": (_link, 1024, MEDIA),
    "flow": (_flow, 1024, MEDIA),
    "product": (_product, 0, set()),
    "product_list": (_products, 1024, {"text"}),
    "catalog_message": (_catalog, 1024, set()),
    "location_request_message": (_location_request, 1024, set()),
    "carousel": (_carousel, 1024, set()),
}
