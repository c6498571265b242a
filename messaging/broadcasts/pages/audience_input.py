"""The form of an audience: from what is kept to fields, and from what was sent to what is kept.

A condition is three values of one name each, in order; its field never changes, so that what can be compared with it is
known without a script. Which fields there are follows from the company's attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import phonenumbers
from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext as _, gettext_lazy

from messaging.contacts.consent.models import Purpose
from messaging.contacts.models import Attribute, AttributeKind, ContactList, Label
from tenants.lib import countries

Op = tuple[str, Promise | str]
# Label and kind of all that can be asked, by field.
Known = Mapping[str, tuple[Promise | str, str]]
LONGEST = 200
EQUAL: tuple[Op, ...] = (("is", gettext_lazy("is")), ("is_not", gettext_lazy("is not")))
TEXT: tuple[Op, ...] = (*EQUAL, ("contains", gettext_lazy("contains")), ("begins", gettext_lazy("begins with")))
FILLED: tuple[Op, ...] = (("filled", gettext_lazy("is filled in")), ("empty", gettext_lazy("is empty")))
LESS: tuple[Op, ...] = (("below", gettext_lazy("is less than")), ("above", gettext_lazy("is more than")))
BEFORE: tuple[Op, ...] = (("below", gettext_lazy("is before")), ("above", gettext_lazy("is after")))
OPS: Mapping[str, tuple[Op, ...]] = {
    "name": TEXT,
    "language": EQUAL,
    "country": EQUAL,
    AttributeKind.TEXT: (*TEXT, *FILLED),
    AttributeKind.NUMBER: (*EQUAL, *LESS, *FILLED),
    AttributeKind.DATE: (*EQUAL, *BEFORE, *FILLED),
}
FIELDS: Mapping[str, Promise] = {
    "name": gettext_lazy("Name"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country of the number"),
}
WITHOUT_VALUE = {"filled", "empty"}


@dataclass
class Condition:
    """One row. `kind` decides what it can be compared by, `choices` are the values where there is a list of them."""

    field: str
    label: Promise | str
    kind: str
    op: str
    value: str
    error: str = ""

    @property
    def ops(self) -> tuple[Op, ...]:
        return OPS[self.kind]

    @property
    def choices(self) -> Sequence[tuple[str, Promise | str]]:
        if self.kind == "language":
            return settings.LANGUAGES
        return calling_codes(get_language() or "en") if self.kind == "country" else ()

    @property
    def input_type(self) -> str:
        return "date" if self.kind == AttributeKind.DATE else "text"

    def kept(self) -> dict[str, str]:
        return {"field": self.field, "op": self.op, "value": self.value}


@dataclass
class AudienceInput:
    """The whole form. `errors` says what keeps it from being right, by field."""

    purpose: str
    everyone: bool
    lists: Sequence[str]
    labels: Sequence[str]
    without: Sequence[str]
    conditions: list[Condition]
    errors: dict[str, str] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """The audience as audience.py reads it."""
        found: dict[str, Any] = {"conditions": [one.kept() for one in self.conditions], "without": [*self.without]}
        if self.everyone:
            return {**found, "everyone": True}
        return {**found, "lists": [*self.lists], "labels": [*self.labels]}

    def check(self) -> bool:
        """Whether it says all it must; a half of a condition reaches nobody, so it may be kept meanwhile."""
        if not self.everyone and not (self.lists or self.labels):
            self.errors["who"] = _("Choose at least one list or label, or everyone.")
        for one in self.conditions:
            if one.op not in WITHOUT_VALUE and not one.value:
                one.error = _("Say what it is compared with.")
        return not self.errors and not any(one.error for one in self.conditions)


class UnknownCondition(ValueError):
    """A field or a comparison nobody knows: the page was not ours, or an attribute has gone."""


def fields() -> Known:
    """All that can be asked, with the company's own attributes."""
    found: dict[str, tuple[Promise | str, str]] = {name: (label, name) for name, label in FIELDS.items()}
    for one in Attribute.objects.order_by("name"):
        found[f"attributes.{one.key}"] = (one.name, one.kind)
    return found


def from_kept(audience: Mapping[str, Any], purpose: str, known: Known) -> AudienceInput:
    return AudienceInput(
        purpose=purpose,
        everyone=bool(audience.get("everyone")),
        lists=audience.get("lists") or [],
        labels=audience.get("labels") or [],
        without=audience.get("without") or [],
        conditions=[_kept_condition(one, known) for one in audience.get("conditions") or []],
    )


def from_post(data: QueryDict, known: Known) -> AudienceInput:
    """What was sent. `remove` names a condition that is left out. Raises UnknownCondition."""
    rows = [*zip(data.getlist("field"), data.getlist("op"), data.getlist("value"), strict=False)]
    removed = data.get("remove", "")
    conditions = [_condition(*row, known) for place, row in enumerate(rows) if str(place) != removed]
    return AudienceInput(
        purpose=next((one for one in Purpose.values if one == data.get("purpose")), Purpose.MARKETING),
        everyone=data.get("who") == "everyone",
        lists=_known(ContactList, data.getlist("lists")),
        labels=_known(Label, data.getlist("labels")),
        without=_known(ContactList, data.getlist("without")),
        conditions=conditions,
    )


def new_condition(name: str, known: Known) -> Condition | None:
    """An empty row for a field; None when there is no such field."""
    if name not in known:
        return None
    label, kind = known[name]
    first = {"language": get_language() or "", "country": "49"}.get(name, "")
    return Condition(name, label, kind, OPS[kind][0][0], first)


def _condition(name: str, op: str, value: str, known: Known) -> Condition:
    label, kind = known.get(name, ("", ""))
    if op not in dict(OPS.get(kind, ())):
        raise UnknownCondition
    return Condition(name, label, kind, op, value.strip()[:LONGEST])


def _kept_condition(one: Mapping[str, str], known: Known) -> Condition:
    """An attribute that has gone keeps its row, which holds for nobody until it is removed."""
    label, kind = known.get(one["field"], ("", AttributeKind.TEXT))
    error = "" if label else _("This attribute is gone. Remove the condition.")
    return Condition(
        one["field"], label or one["field"].removeprefix("attributes."), kind, one["op"], one["value"], error
    )


def _known(model: type[ContactList] | type[Label], wanted: Sequence[str]) -> list[str]:
    return list(model.objects.filter(public_id__in=wanted).order_by("name").values_list("public_id", flat=True))


@lru_cache(maxsize=8)
def calling_codes(language: str) -> Sequence[tuple[str, str]]:
    """Calling codes with the country each is known by, in the order of the countries' names."""
    names = countries.names(language)
    regions = {
        code: names[found[0]] for code, found in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if found[0] in names
    }
    order = {name: place for place, name in enumerate(names.values())}
    return [(str(code), f"{name} (+{code})") for code, name in sorted(regions.items(), key=lambda one: order[one[1]])]
