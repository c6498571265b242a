"""Whom a provider means: the one contact behind a telephone number and the provider's own ids.

A payload may show a number, an id, or both. What it shows together is one person, so two contacts that it ties
together become one. Everything that belongs to a person is done under locks on their addresses: ten messages at once
from somebody new find one contact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from django.db import connection, transaction
from django.db.models import Q

from messaging.channels.base import Address
from messaging.channels.models import ChannelKind
from messaging.contacts.consent import services as consent
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.contacts.numbers import canonical, variants
from tenants.lib.database import database
from tenants.lib.text import plain_name

# Kinds whose addresses are telephone numbers: somebody known by one is known by the other.
PHONE_KINDS = (ChannelKind.WHATSAPP, ChannelKind.SMS)
LONGEST_ADDRESS, LONGEST_NAME, LONGEST_USERNAME = 160, 120, 80
_before_merge: list[Callable[[Contact, Contact], None]] = []


class Followers(Protocol):
    """What lies above contacts and must follow when they change."""

    def merge(self, kept: Contact, gone: Contact) -> None:
        """Move all that is `gone`'s to `kept`."""

    def replace(self, old: ChannelIdentity, new: ChannelIdentity) -> None:
        """Use `new` wherever `old` was used."""


def before_merge(hook: Callable[[Contact, Contact], None]) -> None:
    """Name what else must happen when the second contact becomes the first, in that transaction."""
    _before_merge.append(hook)


@transaction.atomic
def person_behind(
    kind: str, address: Address, *, name: str = "", username: str = "", followers: Followers | None = None
) -> tuple[Contact, ChannelIdentity]:
    """The contact at `address`, made when there is none, and the identity an answer goes to: the number if it is shown.

    Contacts that the address ties together become the oldest of them; without `followers` they stay apart.
    """
    _lock(kind, address)
    found = _rows(kind, address)
    contact = _one_of(found, followers)
    if contact is None:
        contact = Contact.objects.create(name=_name(name, username, address))
    elif name:
        _name_the_nameless(contact, _plain(name)[:LONGEST_NAME])
    rows = {row.external_id: row for row in found if row.kind == kind}
    own = [_row(rows, contact, kind, part) for part in (address.phone, address.user_id, address.shared_user_id) if part]
    _remember_username(own, username)
    return own[0].contact, own[0]


def known(kind: str, address: Address) -> bool:
    """Whether there is a contact at this address already."""
    return bool(_rows(kind, address))


@transaction.atomic
def move(kind: str, old: Address, new: Address, *, followers: Followers) -> tuple[Contact, ChannelIdentity]:
    """The person at `old` is now at `new`, and no longer at `old`, where somebody else may appear one day.

    Where both were known, they are one contact from now on.
    """
    _lock(kind, old, new)
    before, after = _rows(kind, old), _rows(kind, new)
    contact = _one_of([*before, *after], followers)
    if contact is None:
        return person_behind(kind, new)
    taken = {(row.kind, row.external_id): row for row in after}
    for old_part, new_part, same in (
        (old.phone, new.phone, variants(old.phone) - variants(new.phone)),
        (old.user_id, new.user_id, {old.user_id} - {new.user_id}),
    ):
        if old_part and new_part:
            for row in [row for row in before if row.external_id in same]:
                _readdress(row, new_part, taken, followers)
    return person_behind(kind, new, followers=followers)


def _readdress(
    row: ChannelIdentity, address: str, taken: dict[tuple[str, str], ChannelIdentity], followers: Followers
) -> None:
    """Give a row its new address; the row that has it already takes its place."""
    holder = taken.get((row.kind, address))
    if holder is None:
        row.external_id = address
        row.save(update_fields=["external_id"])
        taken[row.kind, address] = row
    else:
        followers.replace(row, holder)
        row.delete()


def _lock(kind: str, *addresses: Address) -> None:
    """One at a time for each address, until the transaction ends; in one order, so that two never wait for each other.

    Advisory locks are the database's, not the schema's, so the schema is part of the key.
    """
    keys = sorted({key for address in addresses for key in _keys(kind, address)})
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{database.schema_name} {key}"])


def lock_numbers(phones: Iterable[str]) -> None:
    """The same lock for many numbers in one statement, taken in the same order."""
    keys = sorted({f"{database.schema_name} phone {canonical(phone)}" for phone in phones})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_advisory_xact_lock(hashtextextended(k, 0))) FROM unnest(%s::text[]) k", [keys])


def _keys(kind: str, address: Address) -> Iterable[str]:
    if address.phone:
        yield f"phone {canonical(address.phone)}"
    for part in (address.user_id, address.shared_user_id):
        if part:
            yield f"{kind} {part}"


def _rows(kind: str, address: Address) -> list[ChannelIdentity]:
    """All rows an address may mean, those of this kind first."""
    match = Q(kind=kind, external_id__in=[part for part in (address.user_id, address.shared_user_id) if part])
    if address.phone:
        kinds = {kind, *PHONE_KINDS} if kind in PHONE_KINDS else {kind}
        match |= Q(kind__in=kinds, external_id__in=variants(address.phone))
    found = ChannelIdentity.objects.filter(match).select_related("contact").order_by("pk")
    return sorted(found, key=lambda row: row.kind != kind)


def _one_of(rows: list[ChannelIdentity], followers: Followers | None) -> Contact | None:
    """The contact of these rows; several become the oldest."""
    contacts = {row.contact.pk: row.contact for row in rows}
    if not contacts:
        return None
    if followers is None:
        return rows[0].contact
    if len(contacts) > 1:
        # People before all that hangs on them, as everybody locks them.
        contacts = {one.pk: one for one in Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk")}
    kept, *others = (contacts[pk] for pk in sorted(contacts))
    for gone in others:
        _merge(kept, gone, followers)
    for row in rows:
        row.contact = kept
    return kept


def _merge(kept: Contact, gone: Contact, followers: Followers) -> None:
    # People before their conversations, and in one order.
    list(Contact.objects.select_for_update().filter(pk__in=[kept.pk, gone.pk]).order_by("pk"))
    followers.merge(kept, gone)
    consent.merge(kept, gone)
    for hook in _before_merge:
        hook(kept, gone)
    gone.identities.update(contact=kept)
    kept.labels.add(*gone.labels.all())
    kept.lists.add(*gone.lists.all())
    kept.note = "\n".join(filter(None, [kept.note, gone.note]))[:2000]
    kept.attributes = {**gone.attributes, **kept.attributes}
    kept.blocked_at = kept.blocked_at or gone.blocked_at
    kept.save(update_fields=["note", "attributes", "blocked_at"])
    _name_the_nameless(kept, gone.name)
    gone.delete()


def _row(rows: dict[str, ChannelIdentity], contact: Contact, kind: str, external_id: str) -> ChannelIdentity:
    external_id = external_id[:LONGEST_ADDRESS]
    if external_id not in rows:
        rows[external_id] = ChannelIdentity.objects.create(contact=contact, kind=kind, external_id=external_id)
        consent.recall(contact, [external_id])
    return rows[external_id]


def _remember_username(rows: list[ChannelIdentity], username: str) -> None:
    """It can change without anything else changing."""
    username = _plain(username)[:LONGEST_USERNAME]
    for row in rows:
        if username and row.username != username:
            row.username = username
            row.save(update_fields=["username"])


def _name(name: str, username: str, address: Address) -> str:
    told = _plain(name) or _plain(username)
    return (told or ChannelIdentity(external_id=address.phone or address.user_id).as_written)[:LONGEST_NAME]


def _plain(name: str) -> str:
    """Without signs that turn or hide; a line's end parts words."""
    return plain_name(" ".join(name.split()))


def _name_the_nameless(contact: Contact, name: str) -> None:
    """A contact that is called by its address gets a name; what a colleague wrote stays."""
    if not name or contact.name == name:
        return
    addresses = [spelling for row in contact.identities.all() for spelling in (row.external_id, row.as_written)]
    if contact.name in addresses:
        contact.name = name
        contact.save(update_fields=["name"])
