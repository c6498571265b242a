"""From what was chosen on the page to a check: what is new is made in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import BinaryField
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from messaging.contacts.attributes import services as attributes
from messaging.contacts.groups import services as groups
from messaging.contacts.imports import services
from messaging.contacts.imports.models import ContactImport
from messaging.contacts.imports.reading import Form, legible, lines
from messaging.contacts.imports.services import ImportRefused
from messaging.contacts.models import ContactList

# A column that becomes an attribute of its own name: this before its kind.
NEW = "new."
SAMPLES, BYTES_OF_SAMPLES = 3, 64 * 1024


@transaction.atomic
def begin_check(
    found: ContactImport,
    *,
    mapping: Sequence[str],
    country: str,
    updates_known: bool,
    contact_list: ContactList | None,
    new_list: str,
    consent: Mapping[str, Any],
) -> None:
    """Check with these choices. Raises ImportRefused, and then nothing was made."""
    fields = [
        _new_attribute(column, field.removeprefix(NEW)) if field.startswith(NEW) else field
        for column, field in zip(found.columns, mapping, strict=True)
    ]
    services.check(
        found,
        mapping=fields,
        country=country,
        updates_known=updates_known,
        contact_list=groups.list_named(new_list) if new_list else contact_list,
        consent=dict(consent),
    )


def _new_attribute(column: str, kind: str) -> str:
    name = column[:60]
    if not name:
        raise ImportRefused(_("A column without a name cannot become an attribute: leave it out."))
    try:
        return f"attributes.{attributes.add(name=name, kind=kind).key}"
    except attributes.AttributeRefused as refused:
        raise ImportRefused(f"{name}: {refused}") from None


def samples_of(found: ContactImport) -> list[list[str]]:
    """The first rows, read from the beginning of the file alone."""
    head = ContactImport.objects.annotate(head=Substr("content", 1, BYTES_OF_SAMPLES, output_field=BinaryField()))
    content = bytes(head.values_list("head", flat=True).get(pk=found.pk))
    rows = lines(content, Form(found.encoding, found.delimiter, found.columns))
    return [[legible(cell[:120]) for cell in line.cells] for line, _place in zip(rows, range(SAMPLES), strict=False)]
