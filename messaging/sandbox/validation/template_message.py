"""A message from a template: found, complete, of the right kind, not too long (reference §2.3)."""

from __future__ import annotations

import re
from typing import Any

from messaging.sandbox.errors import GraphError, invalid, missing
from messaging.sandbox.model import JSON, Account, Number, Template
from messaging.sandbox.validation.content import media_source
from messaging.sandbox.validation.spec import VARIABLE, Spec, filled, kept_spec, spec_of
from messaging.sandbox.validation.values import rows, section, text
from messaging.sandbox.world import World

FORBIDDEN = re.compile(r"[\n\t]| {5,}")
LONGEST_BODY, LONGEST_CODE, LONGEST_PAYLOAD = 1024, 15, 128
HEADER_KINDS = {
    "IMAGE": {"image", "gif"},
    "VIDEO": {"video", "gif"},
    "DOCUMENT": {"document"},
    "LOCATION": {"location"},
    "TEXT": {"text"},
    "PRODUCT": {"product"},
}


def find(world: World, account: Account, content: JSON) -> Template:
    name = text(content, "name", "template.", 512)
    language = section(content, "language", "template.")
    code = text(language, "code", "template.language.", 16)
    found = world.template(account.id, name, code)
    if found is not None and found.status == "PAUSED":
        raise GraphError(132015, f"The template {name} is paused due to low quality.")
    if found is not None and found.status == "DISABLED":
        raise GraphError(132016, f"The template {name} is disabled.")
    if found is None or found.status != "APPROVED":
        raise GraphError(132001, f"template name ({name}) does not exist in {code}")
    return found


def check(world: World, number: Number, template: Template, content: JSON) -> tuple[JSON, int]:
    """What the person will see, and the code it will fail with later or 0."""
    return _checked(world, number, kept_spec(template), template.category, content)


def _checked(world: World, number: Number, spec: Spec, category: str, content: JSON) -> tuple[JSON, int]:
    components = rows(content, "components", "template.", 0, 50) if content.get("components") is not None else []
    given: dict[str, JSON] = {}
    buttons: dict[int, tuple[str, list[JSON]]] = {}
    for index, component in enumerate(components):
        kind = text(component, "type", f"template.components[{index}].", 32).lower()
        if kind == "button":
            buttons[_index(component, index)] = (str(component.get("sub_type", "")).lower(), _parameters(component))
        else:
            given[kind] = component
    header, code = _header(world, number, spec, given.get("header"))
    values = _texts(spec.body_variables, spec.named, given.get("body"), "body")
    body = filled(spec.body, values)
    if len(body) > LONGEST_BODY:
        raise GraphError(132005, f"The body with its values has {len(body)} characters; {LONGEST_BODY} are allowed.")
    if category == "AUTHENTICATION" and any(len(value) > LONGEST_CODE for value in values.values()):
        raise GraphError(132012, f"A code has at most {LONGEST_CODE} characters.")
    shown = {"header": header, "body": body, "footer": spec.footer, "buttons": _buttons(spec, buttons)}
    if spec.cards or "carousel" in given:
        shown["cards"] = _cards(world, number, spec, given.get("carousel"))
    return shown, code


def _parameters(component: JSON | None) -> list[JSON]:
    if component is None or component.get("parameters") is None:
        return []
    return rows(component, "parameters", "template.components.", 0, 100)


def _index(component: JSON, place: int) -> int:
    try:
        return int(component["index"])
    except KeyError:
        raise missing(f"template.components[{place}].index is required for a button.") from None
    except (TypeError, ValueError):
        raise invalid(f"template.components[{place}].index must be a number.") from None


def _header(world: World, number: Number, spec: Spec, component: JSON | None) -> tuple[JSON, int]:
    parameters = _parameters(component)
    if spec.header_format in {"", "TEXT"}:
        values = _texts(spec.header_variables, spec.named, component, "header")
        shown = {"type": "text", "text": filled(spec.header_text, values)} if spec.header_text else {}
        return shown, 0
    if len(parameters) != 1:
        raise GraphError(132012, f"header: a parameter of type {spec.header_format.lower()} is expected.")
    kind = str(parameters[0].get("type"))
    if kind not in HEADER_KINDS.get(spec.header_format, set()):
        raise GraphError(132012, f"header: {spec.header_format.lower()} is expected, not {kind}.")
    value = section(parameters[0], kind, "template.header.")
    if kind in {"image", "video", "document"}:
        return {"type": kind, kind: value}, media_source(world, number, str(kind), value, f"template.header.{kind}.")
    return {"type": kind, str(kind): value}, 0


def _texts(wanted: list[str], named: bool, component: JSON | None, where: str) -> dict[str, str]:  # noqa: FBT001
    """The value of each variable."""
    parameters = _parameters(component)
    if len(parameters) != len(wanted):
        raise GraphError(
            132000, f"{where}: number of localizable_params ({len(parameters)}) does not match the expected number "
            f"of params ({len(wanted)})",
        )  # fmt: skip
    values = {}
    for place, parameter in enumerate(parameters):
        name = parameter.get("parameter_name")
        if named != (name is not None) or (named and name not in wanted) or name in values:
            raise GraphError(132000, f"{where}: the parameters do not match the variables {', '.join(wanted)}")
        values[str(name) if named else wanted[place]] = _text(parameter, where)
    return values


def _text(parameter: JSON, where: str) -> str:
    kind = str(parameter.get("type"))
    if kind == "text":
        found = parameter.get("text")
    elif kind in {"currency", "date_time"} and isinstance(parameter.get(kind), dict):
        found = parameter[kind].get("fallback_value")
    else:
        raise GraphError(132012, f"{where}: a parameter of type text is expected, not {kind}.")
    if not isinstance(found, str) or not found:
        raise GraphError(132012, f"{where}: the value of a parameter is missing or no text.")
    if FORBIDDEN.search(found):
        raise GraphError(132018, f"{where}: no line breaks, tabs or more than four spaces in a row.")
    return found


def _buttons(spec: Spec, given: dict[int, tuple[str, list[JSON]]]) -> list[JSON]:
    for index, sub_type in spec.needed_buttons.items():
        if index not in given:
            raise GraphError(132000, f"button at index {index} of type {sub_type} requires a parameter")
    shown = []
    for index in given:
        if index >= len(spec.buttons):
            raise GraphError(132000, f"button: the template has no button at index {index}")
    for index, button in enumerate(spec.buttons):
        sub_type, parameters = given.get(index, ("", []))
        shown.append(_button(index, button, sub_type, parameters))
    return shown


def _button(index: int, button: JSON, sub_type: str, parameters: list[JSON]) -> JSON:
    kind = button.get("type")
    found: JSON = {"type": kind, "text": button.get("text", "")}
    first = parameters[0] if parameters else {}
    if kind == "URL":
        value = _text(first, f"button {index}") if parameters else ""
        found["url"] = VARIABLE.sub(lambda _: value, button.get("url", ""))
    elif kind == "OTP":
        found["code"] = _text(first, f"button {index}")
        if len(found["code"]) > LONGEST_CODE:
            raise GraphError(132012, f"A code has at most {LONGEST_CODE} characters.")
    elif kind == "QUICK_REPLY":
        payload: Any = first.get("payload", button.get("text", ""))
        if parameters and (first.get("type") != "payload" or not isinstance(payload, str)):
            raise GraphError(132012, f"button {index}: a parameter of type payload is expected.")
        if len(payload) > LONGEST_PAYLOAD:
            raise GraphError(132012, f"button {index}: a payload has at most {LONGEST_PAYLOAD} characters.")
        found["payload"] = payload
    elif kind == "COPY_CODE":
        code = first.get("coupon_code")
        if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE:
            raise GraphError(132012, f"button {index}: a coupon_code of 1 to {LONGEST_CODE} characters is expected.")
        found["code"] = code
    elif kind == "PHONE_NUMBER":
        found["phone_number"] = button.get("phone_number", "")
    if sub_type and kind and sub_type not in SUB_TYPES.get(kind, {sub_type}):
        raise GraphError(132012, f"button {index} is of type {kind}, not {sub_type}.")
    return found


SUB_TYPES = {"URL": {"url"}, "OTP": {"url"}, "QUICK_REPLY": {"quick_reply"}, "COPY_CODE": {"copy_code"}}


def _cards(world: World, number: Number, spec: Spec, component: JSON | None) -> list[JSON]:
    given = rows(component or {}, "cards", "template.carousel.", 1, 10)
    if len(given) != len(spec.cards):
        raise GraphError(132000, f"carousel: {len(spec.cards)} cards are expected, not {len(given)}")
    shown = []
    for wanted, card in zip(spec.cards, given, strict=True):
        inner = spec_of(wanted.get("components", []), named=spec.named)
        shown.append(_checked(world, number, inner, "MARKETING", {"components": card.get("components", [])})[0])
    return shown
