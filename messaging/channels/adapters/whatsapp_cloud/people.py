"""Who is meant: telephone numbers and business-scoped user ids, either of which may be missing (§11)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from messaging.channels.adapters import reading
from messaging.channels.base import Address

Fields = Mapping[str, Any]
NOBODY = Address()
# Two letters, "ENT" and up to 128 signs (§11), with some room.
LONGEST_ID = 150
NUMBER = re.compile(r"\+?([0-9]{5,20})", re.ASCII)
# "User Ana changed from 15550001111 to 15550002222": the only place of the old address when `from` is left out.
CHANGED = re.compile(r" from (\S+) to (\S+)\Z")


def address(number: str, user_id: str = "", shared: str = "") -> Address:
    """Digits are a telephone number; anything else in their place is a user id. What no id can be is left out."""
    number, user_id, shared = (one if len(one) <= LONGEST_ID else "" for one in (number, user_id, shared))
    if digits := NUMBER.fullmatch(number):
        return Address(f"+{digits[1]}", user_id, shared)
    return Address("", user_id or number, shared)


def sender(item: Fields) -> Address:
    return address(
        reading.text(item, "from"), reading.text(item, "from_user_id"), reading.text(item, "from_parent_user_id")
    )


def recipient(item: Fields) -> Address:
    return address(
        reading.text(item, "recipient_id"),
        reading.text(item, "recipient_user_id"),
        reading.text(item, "recipient_parent_user_id"),
    )


def person(item: Fields) -> Address:
    """As contacts, preferences and system messages name a person."""
    return address(reading.text(item, "wa_id"), reading.text(item, "user_id"), reading.text(item, "parent_user_id"))


def moved(item: Fields) -> tuple[Address, Address]:
    """The person as we knew them, and their new address, of a system message (§8.3)."""
    system = reading.part(item, "system")
    new = person(system)
    if not new.phone and (number := reading.text(system, "new_wa_id")):
        new = address(number, new.user_id, new.shared_user_id)
    old = sender(item)
    if previous := reading.text(system, "previous_user_id"):
        old = replace(old, user_id=previous)
    if not old and (change := CHANGED.search(reading.text(system, "body"))):
        old = address(change[1])
    # Nothing to move from: then the new address is all we know.
    return old or new, new


def contact_of(someone: Address, contacts: Iterable[Fields]) -> Fields:
    """The entry of `contacts` about this person; the list may be missing, longer, or about somebody else."""
    for contact in contacts:
        known = person(contact)
        if (known.phone and known.phone == someone.phone) or (known.user_id and known.user_id == someone.user_id):
            return contact
    return {}


def completed(someone: Address, contact: Fields) -> Address:
    """One payload that shows two addresses of a person ties them together."""
    known = person(contact)
    return Address(
        someone.phone or known.phone,
        someone.user_id or known.user_id,
        someone.shared_user_id or known.shared_user_id,
    )
