"""A template with values: the places that want one, what the person will read, and what the adapter sends.

Values go by the path of their place in the content, so that what the checks find wrong stands at the right field:

    header          a text, or the address of a file        header.latitude …   a place
    body.0          the first variable of the body           buttons.0.value     the first button that wants a value
    cards.1.body.0  the same within a card                   code                a one-time code
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from messaging.channels.checks import Problem, is_web_address, missing
from messaging.message_templates.components import FILES, Button, Part, Parts, filled, parts_of
from messaging.message_templates.models import MessageTemplate

Values = Mapping[str, str]
CODE = "code"


@dataclass(frozen=True)
class Place:
    """One value a template wants. `name` is the variable's, `example` what it was approved with."""

    path: str
    kind: str  # text | link | number | url | coupon | code
    label: Promise | str
    name: str = ""
    example: str = ""


@dataclass(frozen=True)
class Rendered:
    """What the person will read. `header` is {type: text|image|video|document|location, …} or empty."""

    body: str
    header: Mapping[str, str] = field(default_factory=dict)
    footer: str = ""
    buttons: tuple[Mapping[str, str], ...] = ()
    cards: tuple[Rendered, ...] = ()

    @property
    def text(self) -> str:
        lines = [self.header.get("text", ""), self.body, *(card.text for card in self.cards), self.footer]
        return "\n".join(line for line in lines if line)

    def as_values(self) -> dict[str, Any]:
        """Plain JSON, kept with the message: what was sent stays readable when the template is changed or gone."""
        shown = {"header": dict(self.header), "body": self.body, "footer": self.footer, "buttons": [*self.buttons]}
        return shown | ({"cards": [card.as_values() for card in self.cards]} if self.cards else {})


# --- The places -------------------------------------------------------------------------------------------------------


def places(template: MessageTemplate) -> list[Place]:
    """Every value the template wants, in the order in which it is read."""
    parts = parts_of(template)
    if parts.is_code:
        return [Place(CODE, "code", _("Code"))]
    found = [*_places(parts.main, "")]
    for number, card in enumerate(parts.cards):
        found += _places(card, f"cards.{number}.")
    return found


def _places(part: Part, at: str) -> Iterator[Place]:
    if part.header_format in FILES:
        yield Place(f"{at}header", "link", FILE_LABELS[part.header_format])
    if part.header_format == "LOCATION":
        yield from (Place(f"{at}header.{key}", kind, label) for key, kind, label in LOCATION)
    for name in part.header_variables:
        yield Place(f"{at}header", "text", _label(_("Heading"), name), name, part.header_example)
    for number, name in enumerate(part.body_variables):
        label = _label(_("Text"), name)
        yield Place(f"{at}body.{number}", "text", label, name, (part.body_examples or {}).get(name, ""))
    for number, button in enumerate(_valued(part)):
        if button.type in VALUED:
            kind, label = VALUED[button.type]
            named = format_lazy(label, button=button.text)
            yield Place(f"{at}buttons.{number}.value", kind, named, example=button.value_example)


def _label(where: Promise, name: str) -> Promise | str:
    return format_lazy(_("{where}, value {number}"), where=where, number=name) if name.isdecimal() else name


FILE_LABELS = {
    "IMAGE": _("Address of the picture"),
    "VIDEO": _("Address of the video"),
    "DOCUMENT": _("Address of the document"),
}
LOCATION = (
    ("latitude", "number", _("Latitude")),
    ("longitude", "number", _("Longitude")),
    ("name", "text", _("Name of the place")),
    ("address", "text", _("Address")),
)
VALUED = {
    "URL": ("url", _("End of the link behind “{button}”")),
    "COPY_CODE": ("coupon", _("Code behind “{button}”")),
}


def _valued(part: Part) -> list[Button]:
    """The buttons a message has to name, in the order of the content."""
    return [button for button in part.buttons if button.asks() or button.type == "FLOW"]


# --- What is sent -----------------------------------------------------------------------------------------------------


class Filler:
    """A template that was read once, to be filled for many people."""

    def __init__(self, template: MessageTemplate) -> None:
        self.name, self.language, self.parts = template.name, template.language, parts_of(template)

    def fill(self, values: Values) -> tuple[str, dict[str, Any]]:
        """Text and content of a message with these values."""
        shown = self.rendered(values)
        return shown.text, {**self._content(values), "shown": shown.as_values()}

    def rendered(self, values: Values) -> Rendered:
        """Header, body, footer and buttons with the values filled in; what has none yet shows its variable."""
        main = self.parts.main
        if self.parts.is_code:
            code = values.get(CODE, "")
            buttons = tuple({"type": one.type, "text": one.text, "value": code} for one in main.buttons)
            return Rendered(filled(main.body, {"1": code}), footer=main.footer, buttons=buttons)
        cards = tuple(_rendered(card, f"cards.{number}.", values) for number, card in enumerate(self.parts.cards))
        return _rendered(main, "", values, cards)

    def _content(self, values: Values) -> dict[str, Any]:
        content: dict[str, Any] = {"name": self.name, "language": self.language}
        if self.parts.is_code:
            return {**content, CODE: values.get(CODE, "")}
        content |= _content(self.parts.main, self.parts, "", values)
        if self.parts.cards:
            cards = enumerate(self.parts.cards)
            content["cards"] = [_content(card, self.parts, f"cards.{number}.", values) for number, card in cards]
        return content


def content_for(template: MessageTemplate, values: Values) -> dict[str, Any]:
    """The content of a message with this template, for `messages.services.send_template`."""
    return Filler(template).fill(values)[1]


def _content(part: Part, parts: Parts, at: str, values: Values) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if header := _header(part, parts, at, values):
        content["header"] = header
    if names := part.body_variables:
        given = [values.get(f"{at}body.{number}", "") for number in range(len(names))]
        pairs = zip(names, given, strict=True)
        content["body"] = [{"name": name, "text": value} for name, value in pairs] if parts.is_named else given
    if buttons := _valued(part):
        content["buttons"] = [_button(one, values.get(f"{at}buttons.{n}.value", "")) for n, one in enumerate(buttons)]
    return content


def _header(part: Part, parts: Parts, at: str, values: Values) -> Any:
    if part.header_format in FILES:
        return {"type": FILES[part.header_format], "link": values.get(f"{at}header", "")}
    if part.header_format == "LOCATION":
        return {"type": "location", **{key: values.get(f"{at}header.{key}", "") for key, _kind, _label in LOCATION}}
    if names := part.header_variables:
        value = values.get(f"{at}header", "")
        return {"name": names[0], "text": value} if parts.is_named else value
    return None


def _button(button: Button, value: str) -> dict[str, Any]:
    named = {"index": button.place, "type": button.type.lower()}
    return named | ({"value": value} if button.type in VALUED else {})


def problems(template: MessageTemplate, values: Values) -> Iterator[Problem]:
    """What is missing, a file without an address, a place that is none; the rest is seen by the channel's checks."""
    for place in places(template):
        value = values.get(place.path, "")
        if place.kind == "link" and not is_web_address(value):
            yield Problem(place.path, _("This must be an address that begins with https://."))
        elif place.kind == "number" and not _is_number(value, 90 if place.path.endswith("latitude") else 180):
            yield Problem(place.path, _("This must be a place on Earth."))
        elif not value.strip():
            yield Problem(place.path, missing())


def _is_number(value: str, most: int) -> bool:
    try:
        return abs(float(value)) <= most
    except ValueError:
        return False


# --- What the person reads --------------------------------------------------------------------------------------------


def rendered(template: MessageTemplate, values: Values) -> Rendered:
    """See `Filler.rendered`."""
    return Filler(template).rendered(values)


def _rendered(part: Part, at: str, values: Values, cards: tuple[Rendered, ...] = ()) -> Rendered:
    said = {name: values.get(f"{at}body.{number}", "") for number, name in enumerate(part.body_variables)}
    return Rendered(
        body=filled(part.body, said),
        header=_rendered_header(part, at, values),
        footer=part.footer,
        buttons=tuple(_rendered_buttons(part, at, values)),
        cards=cards,
    )


def _rendered_header(part: Part, at: str, values: Values) -> dict[str, str]:
    if part.header_format in FILES:
        return {"type": FILES[part.header_format], "link": values.get(f"{at}header", "")}
    if part.header_format == "LOCATION":
        return {"type": "location", **{key: values.get(f"{at}header.{key}", "") for key, _kind, _label in LOCATION}}
    said = {name: values.get(f"{at}header", "") for name in part.header_variables}
    return {"type": "text", "text": filled(part.header_text, said)} if part.header_text else {}


def _rendered_buttons(part: Part, at: str, values: Values) -> Iterator[dict[str, str]]:
    numbers = {button.place: number for number, button in enumerate(_valued(part))}
    for button in part.buttons:
        value = values.get(f"{at}buttons.{numbers.get(button.place, -1)}.value", "")
        shown = {"type": button.type, "text": button.text}
        if button.type == "URL":
            shown["url"] = filled(button.url, {"1": value})
        elif button.type == "PHONE_NUMBER":
            shown["phone"] = button.phone
        elif value:
            shown["value"] = value
        yield shown
