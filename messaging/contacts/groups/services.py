"""What puts contacts together: lists to write to, and labels."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messaging.contacts.models import Contact, ContactList, Label
from tenants.lib.text import plain_name


class NameTaken(Exception):
    """There is one of this name already; the words say so."""


def add_list(name: str) -> ContactList:
    """Raises NameTaken."""
    _check_free(name)
    try:
        with transaction.atomic():
            return ContactList.objects.create(name=name)
    except IntegrityError:
        raise _taken() from None


def rename_list(found: ContactList, name: str) -> None:
    """Raises NameTaken."""
    _check_free(name, but=found)
    found.name = name
    try:
        with transaction.atomic():
            found.save(update_fields=["name"])
    except IntegrityError:
        raise _taken() from None


@transaction.atomic
def put(found: ContactList, people: Iterable[Contact]) -> int:
    """Put people on a list; how many were not on it before."""
    through = Contact.lists.through
    before = through.objects.filter(contactlist=found).count()
    rows = [through(contact_id=contact.pk, contactlist_id=found.pk) for contact in people]
    through.objects.bulk_create(rows, ignore_conflicts=True)
    return through.objects.filter(contactlist=found).count() - before


def list_named(name: str) -> ContactList:
    """The list of this name, made when there is none."""
    found = ContactList.objects.filter(name__iexact=name).first()
    return found or ContactList.objects.get_or_create(name=name)[0]


def label_named(name: str) -> Label:
    """The label of this name, made when there is none."""
    found = Label.objects.filter(name__iexact=name).first()
    return found or Label.objects.get_or_create(name=name)[0]


def _check_free(name: str, *, but: ContactList | None = None) -> None:
    others = ContactList.objects.exclude(pk=but.pk) if but else ContactList.objects.all()
    if others.filter(name__iexact=plain_name(name)).exists():
        raise _taken()


def _taken() -> NameTaken:
    return NameTaken(_("There is a list of this name already."))
