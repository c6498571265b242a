"""A file of contacts: taken in, checked without writing, imported in batches that may be cut off anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.models import ChannelKind
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import Consent, ConsentSource, ConsentState
from messaging.contacts.identities import lock_numbers
from messaging.contacts.imports.models import ContactImport, ImportState
from messaging.contacts.imports.reading import Form, Line, form_of, lines
from messaging.contacts.imports.rows import PHONE, Person, Problem, person_in
from messaging.contacts.models import Attribute, ChannelIdentity, Contact
from messaging.contacts.numbers import canonical, variants
from tenants.context import current_company
from tenants.lib.text import plain_name
from tenants.models import User
from tenants.services import due

KIND = "contact-imports"
BATCH = 500
MOST_PROBLEMS = 10_000
# A worker is handed back after so long, so that every company gets its turn.
TURN = 15.0
PHONES = (ChannelKind.WHATSAPP, ChannelKind.SMS)
BUSY = (ImportState.CHECKING, ImportState.RUNNING)


class ImportRefused(Exception):
    """It cannot go on like this; the words say what is missing."""


def take_in(filename: str, content: bytes, *, by: User) -> ContactImport:
    """Keep a file and what it looks like. Raises FileRefused."""
    form = form_of(content)
    company = current_company()
    return ContactImport.objects.create(
        filename=plain_name(filename.replace("\\", "/").rpartition("/")[2])[-255:] or "contacts.csv",
        content=content,
        encoding=form.encoding,
        delimiter=form.delimiter,
        columns=form.columns,
        country=company.country,
        author_id=by.pk,
        author_name=by.name,
    )


@transaction.atomic
def check(found: ContactImport, *, mapping: Sequence[str], **choices: Any) -> None:
    """Begin a check with what was chosen; nothing is written. Raises ImportRefused."""
    if PHONE not in mapping:
        raise ImportRefused(_("Say which column holds the phone number."))
    _move(
        found,
        (ImportState.UPLOADED, ImportState.CHECKED),
        ImportState.CHECKING,
        mapping=list(mapping),
        **choices,
        **_from_the_start(),
    )


@transaction.atomic
def run(found: ContactImport) -> None:
    """Import what was checked. Raises ImportRefused, also when it was begun already."""
    _move(found, (ImportState.CHECKED,), ImportState.RUNNING, **_from_the_start())


@transaction.atomic
def cancel(found: ContactImport) -> None:
    """Stop; contacts that are in already stay, and are counted. Raises ImportRefused."""
    ended: dict[str, Any] = {"finished_at": timezone.now(), "content": b"", "seen": b""}
    nothing_written = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED)
    rows = ContactImport.objects.filter(pk=found.pk, state__in=nothing_written)
    if rows.update(state=ImportState.CANCELLED, **{**_from_the_start(), **ended}):
        found.refresh_from_db()
    else:
        _move(found, (ImportState.RUNNING,), ImportState.CANCELLED, **ended)


def go_on(*, turn: float = TURN) -> bool:
    """Work on what is being checked or imported, for a while; whether something is left."""
    ends = time.monotonic() + turn
    for key in ContactImport.objects.filter(state__in=BUSY).order_by("pk").values_list("pk", flat=True):
        course = Course(key)
        while time.monotonic() < ends:
            if not _batch(course):
                break
        else:
            course.remember()
            return True
    return False


# --- A batch ----------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept_out: int = 0
    problems: list[Problem] = field(default_factory=list)


class Course:
    """A file that is read on through several batches, with the numbers that stood in it so far."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.position = -1
        self.seen: set[bytes] = set()
        self.lines: Iterator[Line] = iter(())

    def next_lines(self, found: ContactImport) -> list[Line]:
        """From where the row says, which is where we are unless another worker went on in between."""
        if found.position != self.position:
            whole = ContactImport.objects.get(pk=self.key)
            form = Form(whole.encoding, whole.delimiter, whole.columns)
            self.lines = lines(bytes(whole.content), form, after=found.position)
            self.seen = _in_eights(bytes(whole.seen)) if found.position else set()
        part = list(islice(self.lines, BATCH))
        self.position = found.position + len(part)
        return part

    def is_new(self, phone: str) -> bool:
        mark = blake2b(phone.encode(), digest_size=8).digest()
        if mark in self.seen:
            return False
        self.seen.add(mark)
        return True

    def remember(self) -> None:
        """For the next worker. One that dies before this only forgets to tell of a repeated number.

        A worker whose turn was over before it came to this file knows nothing of it.
        """
        if self.position >= 0:
            ContactImport.objects.filter(pk=self.key, state__in=BUSY).update(seen=b"".join(self.seen))


def _in_eights(marks: bytes) -> set[bytes]:
    return {marks[start : start + 8] for start in range(0, len(marks), 8)}


@transaction.atomic
def _batch(course: Course) -> bool:
    """The next rows of a file, with the place where they end; False when there are none."""
    rows = ContactImport.objects.select_for_update(skip_locked=True).defer("content", "seen")
    found = rows.filter(pk=course.key, state__in=BUSY).first()
    if found is None:
        return False
    part = course.next_lines(found)
    if not part:
        _end(found)
        return False
    outcome = Outcome()
    people = _people(found, part, course, outcome)
    if found.state == ImportState.RUNNING:
        _write(found, people, outcome)
    else:
        _foresee(found, people, outcome)
    found.position += len(part)
    found.created_count += outcome.created
    found.updated_count += outcome.updated
    found.unchanged_count += outcome.unchanged
    found.kept_out_count += outcome.kept_out
    found.refused_count += len(outcome.problems)
    room = MOST_PROBLEMS - len(found.problems)
    found.problems += [[one.line, one.field, one.reason] for one in outcome.problems[:room]]
    found.save(update_fields=[*COUNTED])
    return True


COUNTED = ("position created_count updated_count unchanged_count kept_out_count refused_count problems").split()


def _people(found: ContactImport, part: Iterable[Line], course: Course, outcome: Outcome) -> list[Person]:
    """Those of the rows that may be taken, each number once in the whole file."""
    kinds = dict(Attribute.objects.values_list("key", "kind"))
    people: list[Person] = []
    for line in part:
        if line.spoiled:
            outcome.problems.append(Problem(line.number, "", line.spoiled))
            continue
        read = person_in(line.number, line.cells, found.mapping, kinds, found.country)
        if isinstance(read, Person) and not course.is_new(canonical(read.phone)):
            read = Problem(line.number, PHONE, "repeated")
        if isinstance(read, Problem):
            outcome.problems.append(read)
        else:
            people.append(read)
    return people


def _known(people: Sequence[Person], *, lock: bool) -> dict[str, Contact]:
    """The contacts of these numbers, in whichever form they are known."""
    spelled = {spelling: person.phone for person in people for spelling in variants(person.phone)}
    rows = ChannelIdentity.objects.filter(kind__in=PHONES, external_id__in=spelled)
    keys = dict(rows.values_list("external_id", "contact_id"))
    contacts = Contact.objects.filter(pk__in=set(keys.values())).order_by("pk")
    by_key = {contact.pk: contact for contact in (contacts.select_for_update() if lock else contacts)}
    return {spelled[address]: by_key[key] for address, key in keys.items() if key in by_key}


def _foresee(found: ContactImport, people: Sequence[Person], outcome: Outcome) -> None:
    known = _known(people, lock=False)
    for person in people:
        contact = known.get(person.phone)
        if contact is None:
            outcome.created += 1
        elif found.updates_known and _changes(contact, person):
            outcome.updated += 1
        else:
            outcome.unchanged += 1
    if purposes := found.consent.get("purposes"):
        outcome.kept_out += _stopped(known.values(), purposes)


def _stopped(contacts: Iterable[Contact], purposes: Sequence[str]) -> int:
    rows = Consent.objects.filter(
        contact__in=[contact.pk for contact in contacts],
        purpose__in=purposes,
        channel=None,
        state=ConsentState.OPTED_OUT,
        is_by_person=True,
    )
    return rows.values("contact").distinct().count()


def _write(found: ContactImport, people: Sequence[Person], outcome: Outcome) -> None:
    # Nobody else makes a contact for one of these numbers until the commit.
    lock_numbers(person.phone for person in people)
    known = _known(people, lock=True)
    new = [person for person in people if person.phone not in known]
    for person in people:
        if (contact := known.get(person.phone)) is not None:
            changed = found.updates_known and _changes(contact, person)
            outcome.updated += bool(changed)
            outcome.unchanged += not changed
            if changed:
                for name, value in changed.items():
                    setattr(contact, name, value)
                contact.save(update_fields=list(changed))
    made = _make(new)
    outcome.created += len(made)
    contacts = {**known, **made}
    _agree(found, people, contacts, outcome)
    if found.contact_list_id:
        rows = [
            Contact.lists.through(contact_id=contact.pk, contactlist_id=found.contact_list_id)
            for contact in contacts.values()
        ]
        Contact.lists.through.objects.bulk_create(rows, ignore_conflicts=True)


def _make(people: Sequence[Person]) -> dict[str, Contact]:
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                name=person.name or ChannelIdentity(external_id=person.phone).as_written,
                language=person.language or "de",
                note=person.note,
                attributes=dict(person.attributes),
            )
            for person in people
        ]
    )
    made = {person.phone: contact for person, contact in zip(people, contacts, strict=True)}
    ChannelIdentity.objects.bulk_create(
        [ChannelIdentity(contact=contact, kind=ChannelKind.SMS, external_id=phone) for phone, contact in made.items()]
    )
    consent.recall_many(made)
    return made


def _agree(found: ContactImport, people: Sequence[Person], contacts: Mapping[str, Contact], outcome: Outcome) -> None:
    purposes = found.consent.get("purposes") or []
    if purposes:
        outcome.kept_out += _stopped(contacts.values(), purposes)
    given, lies = found.consent.get("date"), found.consent.get("proof")
    note = {"note": lies} if lies else {}
    day = datetime.fromisoformat(given) if given else found.created_at
    for purpose in purposes:
        consent.record_many(
            [
                (
                    contacts[person.phone],
                    datetime.combine(person.agreed_on, datetime.min.time(), UTC) if person.agreed_on else _aware(day),
                    f"import.{found.public_id}.{purpose}.{contacts[person.phone].pk}",
                    {"import": found.public_id, "file": found.filename, "line": person.line, **note},
                )
                for person in people
            ],
            purpose=purpose,
            state=ConsentState.OPTED_IN,
            source=ConsentSource.IMPORT,
            words=str(found.consent.get("words", "")),
            author_id=found.author_id,
            author_name=found.author_name,
        )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _changes(contact: Contact, person: Person) -> dict[str, Any]:
    """What the row says that we did not know."""
    said = {"name": person.name, "language": person.language, "note": person.note}
    changed: dict[str, Any] = {name: value for name, value in said.items() if value and getattr(contact, name) != value}
    attributes = {**contact.attributes, **person.attributes}
    return changed | ({"attributes": attributes} if attributes != contact.attributes else {})


# --- Steps ------------------------------------------------------------------------------------------------------------


def _from_the_start() -> dict[str, Any]:
    return {
        "position": 0,
        "created_count": 0,
        "updated_count": 0,
        "unchanged_count": 0,
        "refused_count": 0,
        "kept_out_count": 0,
        "problems": [],
        "seen": b"",
    }


def _end(found: ContactImport) -> None:
    if found.state == ImportState.CHECKING:
        ContactImport.objects.filter(pk=found.pk).update(state=ImportState.CHECKED, row_count=found.position)
        return
    # The file has done its work: what it said stands with the contacts, its problems here.
    ContactImport.objects.filter(pk=found.pk).update(state=ImportState.DONE, finished_at=timezone.now(), seen=b"")


def _move(found: ContactImport, before: Sequence[str], state: ImportState, **values: Any) -> None:
    if not ContactImport.objects.filter(pk=found.pk, state__in=before).update(state=state, **values):
        raise ImportRefused(_("This import has moved on meanwhile. Look at it again."))
    found.refresh_from_db()
    if state in BUSY:
        due.announce(KIND, current_company())
