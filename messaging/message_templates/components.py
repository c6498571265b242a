"""What an approved template is made of, and what it asks for: its components as the provider has them, read once.

The provider's JSON is not ours: what is missing or of another kind is read as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from messaging.message_templates.models import MessageTemplate

Component = Mapping[str, Any]
VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
FILES = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
HEADERS = {"", "TEXT", "LOCATION", *FILES}
# What a person can fill in, or what needs nothing: anything else asks for a catalogue, an offer's end or a price.
BUTTONS = {"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP", "FLOW", "VOICE_CALL"}
COMPONENTS = {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"}


@dataclass(frozen=True)
class Button:
    """`place` is its index in the template, which is how a message names it."""

    place: int
    type: str
    text: str
    url: str = ""
    phone: str = ""
    example: str = ""

    @property
    def value_example(self) -> str:
        """Only what stands in the variable's place: the sample of an address is the whole address."""
        return self.example.removeprefix(VARIABLE.split(self.url)[0]) if self.type == "URL" else self.example

    def asks(self) -> bool:
        """Whether a message must give it a value."""
        return self.type in {"COPY_CODE", "OTP"} or (self.type == "URL" and bool(VARIABLE.search(self.url)))


@dataclass(frozen=True)
class Part:
    """Header, body, footer and buttons: of the template itself, or of one card of a carousel."""

    header_format: str = ""
    header_text: str = ""
    header_example: str = ""
    body: str = ""
    body_examples: Mapping[str, str] | None = None
    footer: str = ""
    buttons: Sequence[Button] = ()

    @cached_property
    def header_variables(self) -> list[str]:
        return variables(self.header_text) if self.header_format == "TEXT" else []

    @cached_property
    def body_variables(self) -> list[str]:
        return variables(self.body)


@dataclass(frozen=True)
class Parts:
    """A whole template. `is_code`: it carries a one-time code and nothing else."""

    main: Part
    cards: Sequence[Part] = ()
    is_named: bool = False
    is_code: bool = False
    is_fillable: bool = True


def parts_of(template: MessageTemplate) -> Parts:
    components = _objects(template.components)
    cards = [_part(_objects(card.get("components"))) for one in components for card in _objects(one.get("cards"))]
    main = _part(components)
    return Parts(
        main=main,
        cards=cards,
        is_named=template.parameter_format.upper() == "NAMED",
        is_code=any(button.type == "OTP" for button in main.buttons),
        is_fillable={_kind(one) for one in components} <= COMPONENTS and all(map(_is_fillable, (main, *cards))),
    )


def variables(text: str) -> list[str]:
    """In order, each once."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its values; a variable without one stays as it is."""
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[0], text)


def _part(components: Sequence[Component]) -> Part:
    found = {_kind(one): one for one in reversed(components)}
    header, body = found.get("HEADER", {}), found.get("BODY", {})
    return Part(
        header_format=(_text(header, "format") or "TEXT").upper() if header else "",
        header_text=_text(header, "text"),
        header_example=next(iter(_examples(header, "header_text").values()), ""),
        body=_text(body, "text"),
        body_examples=_examples(body, "body_text"),
        footer=_text(found.get("FOOTER", {}), "text"),
        buttons=[_button(place, one) for place, one in enumerate(_objects(found.get("BUTTONS", {}).get("buttons")))],
    )


def _button(place: int, one: Component) -> Button:
    example = one.get("example")
    first = example[0] if isinstance(example, list) and example else example
    return Button(
        place=place,
        # A code's button is read back as an address that leads to the provider (whatsapp §6.1).
        type="OTP" if _text(one, "otp_type") or "/otp/" in _text(one, "url") else _kind(one),
        text=_text(one, "text"),
        url=_text(one, "url"),
        phone=_text(one, "phone_number"),
        example=first if isinstance(first, str) else "",
    )


def _is_fillable(part: Part) -> bool:
    return part.header_format in HEADERS and all(button.type in BUTTONS for button in part.buttons)


def _examples(component: Component, key: str) -> dict[str, str]:
    """The samples the template was approved with, by variable."""
    example = component.get("example")
    given = example if isinstance(example, Mapping) else {}
    named = {_text(one, "param_name"): _text(one, "example") for one in _objects(given.get(f"{key}_named_params"))}
    return named or dict(_numbered(given.get(key)))


def _numbered(rows: Any) -> Iterator[tuple[str, str]]:
    values = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else rows
    if isinstance(values, list):
        yield from ((str(number), value) for number, value in enumerate(values, 1) if isinstance(value, str))


def _objects(value: Any) -> list[Component]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _text(holder: Component, key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _kind(component: Component) -> str:
    return _text(component, "type").upper()
