"""The facts a company keeps of its contacts: named, renamed, removed with all their values."""

from __future__ import annotations

import re
import unicodedata

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from messaging.contacts.models import Attribute, Contact
from tenants.lib.text import plain_name

LONGEST_KEY = 40
# So many contacts lose a value at once, and so many attributes may a company have.
BATCH = 5_000
MOST = 100
LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


class AttributeRefused(Exception):
    """It cannot be named so; the words say why."""


@transaction.atomic
def add(*, name: str, kind: str) -> Attribute:
    """A new attribute with a key made from its name. Raises AttributeRefused."""
    name = plain_name(name)
    _check_name(name)
    if Attribute.objects.count() >= MOST:
        raise AttributeRefused(_("There are 100 attributes already. Delete one that nobody uses first."))
    # Somebody else may take the key in between.
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return Attribute.objects.create(key=_free_key(name), name=name, kind=kind)
        except IntegrityError:
            continue
    raise AttributeRefused(_("Somebody else adds an attribute just now. Try again."))


def rename(attribute: Attribute, name: str) -> None:
    """Another name; the key, by which values and imports know it, stays. Raises AttributeRefused."""
    name = plain_name(name)
    _check_name(name, but=attribute)
    attribute.name = name
    attribute.save(update_fields=["name"])


def people_with(attribute: Attribute) -> int:
    """How many contacts have a value."""
    return Contact.objects.filter(attributes__has_key=attribute.key).count()


def remove(attribute: Attribute) -> None:
    """The attribute and its value at every contact; what was cut off is done by removing an equal one again."""
    while _forget_some(attribute.key):
        pass
    attribute.delete()


def _forget_some(key: str) -> int:
    """In batches, so that no contact is locked for long."""
    table = Contact._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET attributes = attributes - %s"
            f" WHERE id IN (SELECT id FROM {table} WHERE attributes ? %s ORDER BY id LIMIT {BATCH})",
            [key, key],
        )
        return cursor.rowcount


def _check_name(name: str, *, but: Attribute | None = None) -> None:
    if not name:
        raise AttributeRefused(_("Enter a name."))
    others = Attribute.objects.exclude(pk=but.pk) if but else Attribute.objects.all()
    if others.filter(name__iexact=name).exists():
        raise AttributeRefused(_("There is an attribute of this name already."))


def _free_key(name: str) -> str:
    key = key_of(name)
    taken = set(Attribute.objects.filter(key__startswith=key[: LONGEST_KEY - 4]).values_list("key", flat=True))
    for number in range(1, MOST + 2):
        candidate = key if number == 1 else f"{key[: LONGEST_KEY - 4]}_{number}"
        if candidate not in taken:
            return candidate
    raise AttributeRefused(_("There are too many attributes of this name."))


def key_of(name: str) -> str:
    """a to z, digits and underscores: "Größe in cm" is groesse_in_cm."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_KEY].strip("_")
    return key or "attribute"
