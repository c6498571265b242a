"""The people a company talks to: added, changed, removed; one person per address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.contacts.consent import services as consent
from messaging.contacts.identities import PHONE_KINDS, lock_numbers
from messaging.contacts.models import ChannelIdentity, ChannelKind, Contact
from messaging.contacts.numbers import variants

SHORTEST = len("+4912345")
_before_removal: list[Callable[[Contact], None]] = []
_on_block: list[Callable[[Contact], None]] = []


class InvalidNumber(ValueError):
    """Not a telephone number of any country."""


class AddressTaken(Exception):
    """Another contact has this address already."""

    def __init__(self, contact: Contact) -> None:
        super().__init__(_("%(name)s has this number already.") % {"name": contact.name})
        self.contact = contact


def e164(number: str, *, country: str) -> str:
    """The number in the form +491511234567; a number without country code is one of `country` (ISO code)."""
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        raise InvalidNumber(number) from None
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    # Short numbers such as 110 are possible in some countries, but nobody can be written to at one.
    if not phonenumbers.is_possible_number(parsed) or len(written) < SHORTEST:
        raise InvalidNumber(number)
    return written


def count() -> int:
    return Contact.objects.count()


@transaction.atomic
def add(
    *,
    name: str,
    phone_number: str = "",
    language: str = "de",
    note: str = "",
    attributes: Mapping[str, str] | None = None,
) -> Contact:
    """A new contact; `phone_number` in E.164. AddressTaken when another contact has it."""
    _lock(phone_number)
    kept = {key: value for key, value in (attributes or {}).items() if value}
    contact = Contact.objects.create(name=name, language=language, note=note, attributes=kept)
    _set_phone(contact, phone_number)
    return contact


def find_or_add(*, name: str, phone_number: str, **details: Any) -> Contact:
    """The contact with this number, or a new one; two callers at once make one."""
    try:
        return add(name=name, phone_number=phone_number, **details)
    except AddressTaken as taken:
        return taken.contact


@transaction.atomic
def change(
    contact: Contact, *, phone_number: str, attributes: Mapping[str, str] | None = None, **details: Any
) -> Contact:
    """Change a contact's details and number. AddressTaken when another contact has the number.

    Of `attributes` an empty value removes one; those that are not named stay.
    """
    _lock(phone_number)
    # An import may write other attributes meanwhile.
    stored = Contact.objects.select_for_update().values_list("attributes", flat=True).get(pk=contact.pk)
    known = {**stored, **(attributes or {})}
    details["attributes"] = {key: value for key, value in known.items() if value}
    for name, value in details.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(details))
    _set_phone(contact, phone_number)
    return contact


def before_removal(hook: Callable[[Contact], None]) -> None:
    """Name what must happen first, in the transaction that removes a contact with all that hangs on it."""
    _before_removal.append(hook)


def on_block(hook: Callable[[Contact], None]) -> None:
    """Name who takes back what still waits for somebody who is blocked."""
    _on_block.append(hook)


@transaction.atomic
def block(contact: Contact) -> bool:
    """Send this person nothing unasked any more; False when that was so."""
    if not Contact.objects.filter(pk=contact.pk, blocked_at=None).update(blocked_at=timezone.now()):
        return False
    for hook in _on_block:
        hook(contact)
    return True


def unblock(contact: Contact) -> bool:
    return bool(Contact.objects.filter(pk=contact.pk, blocked_at__isnull=False).update(blocked_at=None))


@transaction.atomic
def remove(contact: Contact) -> None:
    """The person and all that was written with them; what they have stopped is remembered by a hash."""
    # People before all that hangs on them, as everybody locks them.
    Contact.objects.select_for_update().get(pk=contact.pk)
    consent.suppress(contact)
    for hook in _before_removal:
        hook(contact)
    contact.delete()


def _lock(phone_number: str) -> None:
    """Before any row, as whoever hears from a number takes it."""
    if phone_number:
        lock_numbers([phone_number])


def _set_phone(contact: Contact, phone_number: str) -> None:
    identities = ChannelIdentity.objects.filter(contact=contact, kind=ChannelKind.SMS)
    if not phone_number:
        identities.delete()
        return
    if identities.filter(external_id=phone_number).exists():
        return
    # Also one who wrote from it: what they decided holds for the number, and one of two contacts would not know of it.
    same = ChannelIdentity.objects.filter(kind__in=PHONE_KINDS, external_id__in=variants(phone_number))
    if other := same.exclude(contact=contact).select_related("contact").order_by("pk").first():
        raise AddressTaken(other.contact)
    identities.delete()
    ChannelIdentity.objects.create(contact=contact, kind=ChannelKind.SMS, external_id=phone_number)
    consent.recall(contact, [phone_number])
