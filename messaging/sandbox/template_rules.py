"""What a template must look like to be taken at all (reference §6.1, §6.4)."""

from __future__ import annotations

import itertools
import re
from typing import Any

from messaging.sandbox.errors import GraphError
from messaging.sandbox.model import JSON
from messaging.sandbox.validation.spec import VARIABLE, variables

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = {"MARKETING", "UTILITY", "AUTHENTICATION"}
WORDS_PER_VARIABLE = 2
BUTTON_LIMITS = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "FLOW": 1, "VOICE_CALL": 1, "OTP": 1}
OTHER_BUTTONS = {"CATALOG", "MPM", "SPM", "REQUEST_CONTACT_INFO"}
LENGTH, HEADER, BODY, FOOTER, DENSITY, EDGE = 2388040, 2388047, 2388072, 2388073, 2388293, 2388299
BODIES = {
    "de": "{{1}} ist Ihr Bestätigungscode.",
    "en": "{{1}} is your verification code.",
}
ADVICE = {
    "de": " Geben Sie diesen Code zu Ihrer Sicherheit nicht weiter.",
    "en": " For your security, do not share this code.",
}
EXPIRY = {"de": "Dieser Code läuft in {} Minuten ab.", "en": "This code expires in {} minutes."}
TTL = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}


def refused(details: str, subcode: int = 0, title: str = "Invalid parameter") -> GraphError:
    return GraphError(100, details, subcode=subcode or 2388072, user_title=title)


def check_envelope(body: JSON) -> None:
    if not NAME.fullmatch(str(body.get("name", ""))):
        raise refused("A name has only lowercase letters, digits and underscores.", title="Invalid name")
    if not LANGUAGE.fullmatch(str(body.get("language", ""))):
        raise refused("The language is not supported.", title="Invalid language")
    if str(body.get("category")) not in CATEGORIES:
        raise refused("The category must be MARKETING, UTILITY or AUTHENTICATION.", title="Invalid category")
    check_ttl(body["category"], body.get("message_send_ttl_seconds"))


def check_ttl(category: str, ttl: Any) -> None:
    if ttl is None or (ttl == -1 and category != "MARKETING"):
        return
    least, most = TTL[category]
    if not isinstance(ttl, int) or not least <= ttl <= most:
        raise refused(f"message_send_ttl_seconds must lie between {least} and {most}.", title="Invalid TTL")


def check_components(category: str, components: Any, parameter_format: str, language: str) -> list[JSON]:
    """The components as they are kept. Raises GraphError 100 with the vendor's subcode."""
    if not isinstance(components, list) or not all(isinstance(row, dict) for row in components):
        raise refused("components must be an array.")
    for row in components:
        _check_shape(row)
    found = {str(row.get("type", "")).upper(): row for row in components}
    if len(found) != len(components):
        raise refused("Each component may be there once.")
    if category == "AUTHENTICATION":
        return _authentication(found, language)
    if "BODY" not in found:
        raise refused("A BODY is required.", BODY, "Body is missing")
    named = parameter_format == "NAMED"
    _body(found["BODY"], named=named)
    if "HEADER" in found:
        _header(found["HEADER"], category, named=named)
    if "FOOTER" in found:
        _footer(found["FOOTER"])
    if "BUTTONS" in found:
        _buttons(found["BUTTONS"].get("buttons"))
    return components


def _check_shape(component: JSON) -> None:
    """Samples are arrays within an object, buttons are objects: whatever comes after may rely on it."""
    example = component.get("example")
    if example is not None and not isinstance(example, dict):
        raise refused("example must be an object.")
    for key, values in (example or {}).items():
        if not isinstance(values, list):
            raise refused(f"example.{key} must be an array.")
        if key.endswith("named_params") and not all(isinstance(row, dict) for row in values):
            raise refused(f"example.{key} must hold objects.")
    buttons = component.get("buttons", [])
    if not isinstance(buttons, list) or not all(isinstance(button, dict) for button in buttons):
        raise refused("buttons must be an array of objects.", title="Invalid buttons")


def _body(component: JSON, *, named: bool) -> None:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise refused("The body needs a text.", BODY, "Body is missing")
    if len(text) > 1024:
        raise refused(f"The body has {len(text)} characters; 1024 are allowed.", LENGTH, "Body is too long")
    names = _variables(text, BODY, named=named)
    if not names:
        return
    stripped = text.strip()
    if VARIABLE.match(stripped) or stripped.endswith("}}"):
        raise refused("Variables can't be at the start or end of the template.", EDGE, "Variable at the edge")
    if re.search(r"\}\}\s*\{\{", text):
        raise refused("Two variables must not touch.", DENSITY, "Too many variables")
    words = len(VARIABLE.sub(" ", text).split())
    if words < WORDS_PER_VARIABLE * len(names) + 1:
        raise refused("This template has too many variables for its length.", DENSITY, "Too many variables")
    _examples(component.get("example") or {}, "body_text", names, BODY, named=named)


def _variables(text: str, subcode: int, *, named: bool) -> list[str]:
    names = variables(text)
    if "{{" in VARIABLE.sub("", text) or "}}" in VARIABLE.sub("", text):
        raise refused("A variable is {{1}} or {{lower_snake}}.", subcode, "Invalid variable")
    if named and any(name.isdecimal() for name in names):
        raise refused("Named and positional variables must not be mixed.", subcode, "Invalid variable")
    if not named and names != [str(number) for number in range(1, len(names) + 1)]:
        raise refused("Variables must be numbered from 1 without gaps.", subcode, "Invalid variable")
    return names


def _examples(example: JSON, key: str, names: list[str], subcode: int, *, named: bool) -> None:
    if named:
        given = {str(row.get("param_name")) for row in example.get(f"{key}_named_params") or () if row.get("example")}
        complete = given == set(names)
    else:
        rows = example.get(key) or [[]]
        row = rows[0] if rows and isinstance(rows[0], list) else rows
        complete = len([value for value in row if value]) == len(names)
    if not complete:
        raise refused("Every variable needs a sample.", subcode, "Sample is missing")


def _header(component: JSON, category: str, *, named: bool) -> None:
    kind = str(component.get("format", "")).upper()
    if kind == "TEXT":
        text = component.get("text")
        if not isinstance(text, str) or not 0 < len(text) <= 60:
            raise refused("A header has 1 to 60 characters.", HEADER, "Invalid header")
        if any(mark in text for mark in "*_~`\n"):
            raise refused("A header takes no formatting and no line breaks.", HEADER, "Invalid header")
        names = _variables(text, HEADER, named=named)
        if len(names) > 1:
            raise refused("A header takes one variable at most.", HEADER, "Invalid header")
        if names:
            _examples(component.get("example") or {}, "header_text", names, HEADER, named=named)
    elif kind in {"IMAGE", "VIDEO", "DOCUMENT"}:
        if not (component.get("example") or {}).get("header_handle"):
            raise refused("A header with a file needs a sample handle.", HEADER, "Sample is missing")
    elif kind != "LOCATION":
        raise refused(f"The header format {kind or '(none)'} is not known.", HEADER, "Invalid header")


def _footer(component: JSON) -> None:
    text = component.get("text")
    if not isinstance(text, str) or not 0 < len(text) <= 60:
        raise refused("A footer has 1 to 60 characters.", FOOTER, "Invalid footer")
    if "{{" in text:
        raise refused("A footer takes no variables.", FOOTER, "Invalid footer")


def _buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 0 < len(buttons) <= 10:
        raise refused("1 to 10 buttons are allowed.", title="Invalid buttons")
    kinds = [str(button.get("type", "")) for button in buttons]
    for kind in set(kinds):
        if kind not in BUTTON_LIMITS and kind not in OTHER_BUTTONS:
            raise refused(f"The button type {kind or '(none)'} is not known.", title="Invalid buttons")
        if kinds.count(kind) > BUTTON_LIMITS.get(kind, 1):
            raise refused(f"At most {BUTTON_LIMITS.get(kind, 1)} buttons of type {kind}.", title="Invalid buttons")
    quick = [kind == "QUICK_REPLY" for kind in kinds]
    if sum(a != b for a, b in itertools.pairwise(quick)) > 1:
        raise refused("Quick replies must stand together.", title="Invalid buttons")
    for button in buttons:
        _button(button)


def _button(button: JSON) -> None:
    kind, label = button["type"], button.get("text", "")
    if kind not in {"COPY_CODE", "REQUEST_CONTACT_INFO"} and not 0 < len(str(label)) <= 25:
        raise refused("A label has 1 to 25 characters.", LENGTH, "Invalid buttons")
    if kind == "URL":
        url = str(button.get("url", ""))
        names = variables(url)
        if not url.startswith(("https://", "http://")) or len(url) > 2000 or len(names) > 1:
            raise refused("An address has at most 2000 characters and one variable.", title="Invalid buttons")
        if names and (not url.endswith("}}") or not button.get("example")):
            raise refused("The variable stands at the end of the address and needs a sample.", title="Invalid buttons")
    if kind == "PHONE_NUMBER" and not re.fullmatch(r"\+?\d{1,20}", str(button.get("phone_number", ""))):
        raise refused("A phone number has at most 20 digits.", title="Invalid buttons")
    if kind == "COPY_CODE" and not 0 < len(str(button.get("example") or "")) <= 15:
        raise refused("A code needs a sample of at most 15 characters.", title="Invalid buttons")


def _authentication(found: dict[str, JSON], language: str) -> list[JSON]:
    """The vendor writes the text itself."""
    if "HEADER" in found:
        raise refused("Authentication templates take no header.", HEADER, "Invalid header")
    body = found.get("BODY", {})
    words = language.partition("_")[0] if language.partition("_")[0] in BODIES else "en"
    text = BODIES[words] + (ADVICE[words] if body.get("add_security_recommendation") else "")
    kept: list[JSON] = [{**body, "type": "BODY", "text": text}]
    if "FOOTER" in found:
        minutes = found["FOOTER"].get("code_expiration_minutes")
        if not isinstance(minutes, int) or not 1 <= minutes <= 90:
            raise refused("code_expiration_minutes must lie between 1 and 90.", FOOTER, "Invalid footer")
        kept.append({**found["FOOTER"], "type": "FOOTER", "text": EXPIRY[words].format(minutes)})
    buttons = found.get("BUTTONS", {}).get("buttons") or []
    if len(buttons) != 1 or buttons[0].get("type") != "OTP":
        raise refused("An authentication template has exactly one OTP button.", title="Invalid buttons")
    if str(buttons[0].get("otp_type")) not in {"COPY_CODE", "ONE_TAP", "ZERO_TAP"}:
        raise refused("otp_type must be COPY_CODE, ONE_TAP or ZERO_TAP.", title="Invalid buttons")
    kept.append(
        {"type": "BUTTONS", "buttons": [{"text": "Code kopieren" if words == "de" else "Copy code", **buttons[0]}]}
    )
    return kept
