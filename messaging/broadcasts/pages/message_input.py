"""Where each value of a template comes from: one row a place, with what stands in when somebody lacks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from messaging.broadcasts.texts import FIELDS
from messaging.channels.checks import is_web_address
from messaging.contacts.models import Attribute
from messaging.inbox.template_forms import FIRST_NAMES, FULL_NAMES
from messaging.message_templates.filling import Place, places
from messaging.message_templates.models import MessageTemplate

FIXED = "text"
LONGEST = 500
# What a place wants that only a fixed value can be.
ONLY_FIXED = {"link", "number"}


@dataclass
class Binding:
    """One place: `source` is a field, "text" for a fixed value, or "" as long as nobody has said."""

    place: Place
    source: str
    text: str
    fallback: str
    error: str = ""

    @property
    def is_fixed_only(self) -> bool:
        return self.place.kind in ONLY_FIXED

    @property
    def hint(self) -> str:
        return "https://" if self.place.kind == "link" else ""

    @property
    def key(self) -> str:
        """Names its fields, and is fit for an id."""
        return self.place.path.replace(".", "-")

    def kept(self) -> dict[str, str]:
        if self.source == FIXED:
            return {"text": self.text} if self.text else {}
        found = {"field": self.source} if self.source else {}
        return {**found, "fallback": self.fallback} if self.fallback else found

    def check(self) -> None:
        if self.source == FIXED and not self.text:
            self.error = _("Write the value.")
        elif self.source == FIXED and self.place.kind == "link" and not is_web_address(self.text):
            self.error = _("This must be an address that begins with https://.")
        elif not self.kept():
            self.error = _("Say where this value comes from.")


def sources() -> dict[str, Promise | str]:
    """Where a value may come from beside a fixed text."""
    attributes = {f"attributes.{one.key}": one.name for one in Attribute.objects.order_by("name")}
    return {**FIELDS, **attributes}


def from_kept(template: MessageTemplate, bindings: Mapping[str, Any]) -> list[Binding]:
    return [_kept(place, bindings.get(place.path) or {}) for place in places(template)]


def from_post(template: MessageTemplate, data: QueryDict, known: Mapping[str, Any]) -> list[Binding]:
    """What was sent; a source nobody knows is none."""
    found = []
    for place in places(template):
        said = {part: data.get(f"{part}.{place.path}", "").strip()[:LONGEST] for part in ("source", "text", "fallback")}
        if place.kind in ONLY_FIXED:
            said["source"] = FIXED
        elif said["source"] not in known and said["source"] != FIXED:
            said["source"] = ""
        found.append(Binding(place, **said))
    return found


def begun(template: MessageTemplate) -> dict[str, dict[str, str]]:
    """What a variable's own name says of its source, for a template that was just chosen."""
    found: dict[str, dict[str, str]] = {}
    for place in places(template):
        if place.name.lower() in FIRST_NAMES:
            found[place.path] = {"field": "first_name"}
        elif place.name.lower() in FULL_NAMES:
            found[place.path] = {"field": "name"}
    return found


def _kept(place: Place, source: Mapping[str, str]) -> Binding:
    is_fixed = "text" in source or place.kind in ONLY_FIXED
    chosen = FIXED if is_fixed else source.get("field", "")
    return Binding(place, chosen, source.get("text", ""), source.get("fallback", ""))
