"""An import as its page shows it: plain values for the partials."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from messaging.contacts.imports.models import ContactImport, ImportState
from messaging.contacts.imports.rows import FIELDS, REASONS
from messaging.contacts.models import Attribute
from tenants.templatetags.ui import number

PROBLEMS = 50
TONES = {
    ImportState.CHECKED: "warn",
    ImportState.DONE: "good",
    ImportState.CHECKING: "ink",
    ImportState.RUNNING: "ink",
}


def tiles(found: ContactImport) -> list[dict[str, Any]]:
    """What becomes of the lines; the parts add up to all of them."""
    done = found.state == ImportState.DONE
    parts = (
        (_("New"), found.created_count, ""),
        (_("Updated") if done else _("To update"), found.updated_count, ""),
        (_("Unchanged"), found.unchanged_count, _("known as they are")),
        (_("Refused"), found.refused_count, ""),
    )
    return [
        {"label": label, "value": number(value), "sign": "+" if place else "", "help": help}
        for place, (label, value, help) in enumerate(parts)
    ] + [{"label": _("Lines"), "value": number(found.looked_at), "sign": "=", "sum": True}]


def problems(found: ContactImport) -> list[dict[str, Any]]:
    """The first of them, in words."""
    names = {f"attributes.{key}": name for key, name in Attribute.objects.values_list("key", "name")} | dict(FIELDS)
    columns = dict(zip(found.mapping, found.columns, strict=False))
    return [
        {"line": line, "column": columns.get(field, "") or names.get(field, ""), "words": REASONS[reason]}
        for line, field, reason in found.problems[:PROBLEMS]
    ]


def steps(found: ContactImport | None) -> list[dict[str, Any]]:
    """Where one is on the way."""
    labels = (_("File"), _("Columns and consent"), _("Check"), _("Import"))
    at = {
        None: 0,
        ImportState.UPLOADED: 1,
        ImportState.CHECKING: 2,
        ImportState.CHECKED: 2,
        ImportState.RUNNING: 3,
        ImportState.DONE: 4,
    }[ImportState(found.state) if found else None]
    return [
        {"label": label, "state": "done" if place < at else "current" if place == at else ""}
        for place, label in enumerate(labels)
    ]
