"""What an approved template asks of a message that uses it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from messaging.sandbox.model import JSON, Template

VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")


@dataclass(slots=True)
class Spec:
    named: bool = False
    header_format: str = ""
    header_text: str = ""
    header_variables: list[str] = field(default_factory=list)
    body: str = ""
    body_variables: list[str] = field(default_factory=list)
    footer: str = ""
    buttons: list[JSON] = field(default_factory=list)
    cards: list[JSON] = field(default_factory=list)

    @property
    def needed_buttons(self) -> dict[int, str]:
        """Place and sub_type of the buttons that must get a value."""
        needed = {}
        for index, button in enumerate(self.buttons):
            kind = button.get("type")
            if (kind == "URL" and VARIABLE.search(button.get("url", ""))) or kind == "OTP":
                needed[index] = "url"
            elif kind == "COPY_CODE":
                needed[index] = "copy_code"
        return needed


def variables(text: str) -> list[str]:
    """In order, each once."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def spec_of(components: list[JSON], *, named: bool) -> Spec:
    spec = Spec(named=named)
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER":
            spec.header_format = str(component.get("format", "TEXT")).upper()
            spec.header_text = component.get("text", "")
            spec.header_variables = variables(spec.header_text)
        elif kind == "BODY":
            spec.body = component.get("text", "")
            spec.body_variables = variables(spec.body)
        elif kind == "FOOTER":
            spec.footer = component.get("text", "")
        elif kind == "BUTTONS":
            spec.buttons = component.get("buttons", [])
        elif kind == "CAROUSEL":
            spec.cards = component.get("cards", [])
    return spec


_specs: dict[str, tuple[list[JSON], Spec]] = {}


def kept_spec(template: Template) -> Spec:
    """Read once: `components` is replaced as a whole when a template is edited."""
    found = _specs.get(template.id)
    if found is None or found[0] is not template.components:
        spec = spec_of(template.components, named=template.parameter_format == "NAMED")
        found = _specs[template.id] = (template.components, spec)
    return found[1]


def filled(text: str, values: dict[str, str]) -> str:
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), text) if values else text
