"""What a row says of a person, checked cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.contacts.attributes.values import date_of, value_of
from messaging.contacts.models import AttributeKind
from messaging.contacts.services import InvalidNumber, e164
from tenants.lib.text import plain_name

# What a column may be, beside "attributes.<key>".
NAME, FIRST_NAME, LAST_NAME, PHONE, LANGUAGE, NOTE, AGREED_ON = (
    "name",
    "first_name",
    "last_name",
    "phone",
    "language",
    "note",
    "agreed_on",
)
FIELDS: Mapping[str, Promise] = {
    PHONE: _("Phone number"),
    NAME: _("Name"),
    FIRST_NAME: _("First name"),
    LAST_NAME: _("Last name"),
    LANGUAGE: _("Language"),
    NOTE: _("Note"),
    AGREED_ON: _("Agreed on (date)"),
}
REASONS: Mapping[str, Promise] = {
    "unreadable": _("The line cannot be read."),
    "encoding": _("The line holds signs that are spoiled."),
    "columns": _("The line has more cells than the first line has columns."),
    "long": _("A cell is too long."),
    "no_phone": _("There is no phone number."),
    "phone": _("This is no phone number."),
    "repeated": _("The same number stands in an earlier line."),
    "language": _("This language is not known here: use de or en."),
    "number": _("This is no number."),
    "date": _("This is no date: write it as 2026-11-25 or 25.11.2026."),
    "future": _("This date lies in the future."),
}
LANGUAGES = {code for code, _label in settings.LANGUAGES} | {"deutsch", "german", "englisch", "english"}
LONGEST_NAME, LONGEST_NOTE = 120, 2000


@dataclass(frozen=True)
class Person:
    """A row that may be taken. Empty values say nothing and change nothing."""

    line: int
    phone: str
    name: str = ""
    language: str = ""
    note: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    agreed_on: date | None = None


@dataclass(frozen=True)
class Problem:
    """`reason` is a key of REASONS."""

    line: int
    field: str
    reason: str


def person_in(
    line: int, cells: Sequence[str], mapping: Sequence[str], kinds: Mapping[str, str], country: str
) -> Person | Problem:
    """What the cells say; `kinds` are the kinds of the company's attributes by key."""
    said: dict[str, str] = {}
    for name, cell in zip(mapping, cells, strict=False):
        if name and (text := cell.strip()):
            said.setdefault(name, text)
    attributes: dict[str, str] = {}
    for name, text in said.items():
        if name.startswith("attributes."):
            key = name.removeprefix("attributes.")
            value = value_of(text, kinds.get(key, AttributeKind.TEXT))
            if value is None:
                return Problem(line, name, "date" if kinds.get(key) == AttributeKind.DATE else "number")
            attributes[key] = value
    try:
        phone = _phone(said.get(PHONE, ""), country)
        return Person(
            line,
            phone,
            name=_name(said),
            language=_language(said.get(LANGUAGE, "")),
            note=said.get(NOTE, "")[:LONGEST_NOTE],
            attributes=attributes,
            agreed_on=_agreed(said.get(AGREED_ON, "")),
        )
    except _Refused as refused:
        return Problem(line, refused.field, refused.reason)


class _Refused(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _phone(text: str, country: str) -> str:
    if not text:
        raise _Refused(PHONE, "no_phone")
    # What a sheet made of a number: an apostrophe before it, or 4.915112E+12, which has lost its digits.
    written = text.lstrip("'").removesuffix(".0")
    try:
        return e164(written if not written.startswith("00") else f"+{written[2:]}", country=country)
    except InvalidNumber:
        raise _Refused(PHONE, "phone") from None


def _name(said: Mapping[str, str]) -> str:
    parts = [said.get(NAME, "")] if said.get(NAME) else [said.get(FIRST_NAME, ""), said.get(LAST_NAME, "")]
    return plain_name(" ".join(" ".join(parts).split()))[:LONGEST_NAME]


def _language(text: str) -> str:
    if not text:
        return ""
    word = text.casefold()
    if word not in LANGUAGES and word[:2] not in LANGUAGES:
        raise _Refused(LANGUAGE, "language")
    return {"deutsch": "de", "german": "de", "ge": "de"}.get(word, word[:2])


def _agreed(text: str) -> date | None:
    if not text:
        return None
    found = date_of(text)
    if found is None:
        raise _Refused(AGREED_ON, "date")
    if found > timezone.localdate():
        raise _Refused(AGREED_ON, "future")
    return found
