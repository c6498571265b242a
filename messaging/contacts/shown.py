"""A contact as its page shows it: plain values for the partials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from messaging.contacts.attributes.values import date_of, value_of
from messaging.contacts.models import Attribute, AttributeKind, Contact
from tenants.templatetags.ui import number, short_date


class Group(Protocol):
    """A list or a label."""

    pk: Any
    public_id: str
    name: str


def attributes_of(contact: Contact) -> list[dict[str, str]]:
    """All the company keeps, with this contact's value as people write it."""
    rows = Attribute.objects.order_by("name", "pk")
    return [{"name": row.name, "value": _written(contact.attributes.get(row.key, ""), row.kind)} for row in rows]


def groups_of(own: Iterable[Group], every: Iterable[Group]) -> dict[str, list[Group]]:
    """Those a contact has, and those it may still get."""
    mine = sorted(own, key=lambda group: group.name.casefold())
    keys = {group.pk for group in mine}
    return {"own": mine, "others": [group for group in every if group.pk not in keys]}


def _written(value: str, kind: str) -> str:
    if value and kind == AttributeKind.NUMBER and value_of(value, kind):
        return number(value_of(value, kind))
    day = date_of(value) if value and kind == AttributeKind.DATE else None
    return short_date(day) if day else value
