"""The demo companies' readers: invented people with a number, a town, and what they agreed to and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Attribute, AttributeKind, ChannelIdentity, ChannelKind, Contact, ContactList

FIRST = (
    "Ada Anke Anton Arne Beate Bernd Birthe Boris Carla Christa Daniel Doris Eike Elif Emma Erik Eva Fenja Finn"
    " Frauke Frieda Gerd Greta Hanno Heidi Henrik Ida Inga Jan Janne Jette Joris Julia Kai Karla Kerstin Klaas Lasse"
    " Leyla Lina Lotta Maik Maren Marlies Mats Meike Merle Nele Nils Okko Paula Rainer Ronja Sabine Silke Sönke Svea"
    " Tamme Ulf Wiebke"
).split()
LAST = (
    "Ahlers Albers Andresen Bahr Behn Boysen Brandt Carstens Claussen Detlefsen Diercks Ehlers Feddersen Freese"
    " Frerichs Gerdes Goos Harms Hinrichs Ihde Jacobsen Jessen Johannsen Kaiser Ketels Kruse Lassen Lorenzen Lübbe"
    " Martens Matthiesen Momsen Nissen Ohlsen Paulsen Petersen Quast Rickmers Rohwer Schacht Siemens Steffens Stöver"
    " Thiessen Timm Tönnies Uhl Voss Wichmann Wulff"
).split()
TOWNS = ("Hamburg", "Altona", "Wedel", "Pinneberg", "Norderstedt", "Bergedorf", "Stade", "Buxtehude")


@dataclass(frozen=True)
class Crowd:
    """Whom a company gathered. `prefixes` are the beginnings of their numbers, as often as they stand there."""

    size: int
    seed: int
    list_name: str
    prefixes: tuple[str, ...]
    purpose: Purpose
    words: str


PARCELS = Crowd(
    96,
    11,
    "Newsletter",
    ("+491511234", "+491601234", "+491701234", "+491761234", "+45201234"),
    Purpose.MARKETING,
    "Ja, ich möchte Angebote des Paketladens Hansen über WhatsApp. Ich kann jederzeit mit STOP absagen.",
)
AIRLINE = Crowd(
    134,
    23,
    "Reisende NW 412",
    ("+491511235", "+491721235", "+44770090", "+346121235", "+336121235", "+467012", "+3161235"),
    Purpose.SERVICE,
    "Send me changes of my flights over WhatsApp.",
)
CROWDS = {"hansen": PARCELS, "nordwind": AIRLINE}
# Of a hundred people: how their agreement came, and what became of it.
IMPORTED, BY_WORD, ON_PAGE, TOLD_US = 58, 80, 90, 96


def gather(crowd: Crowd, *, since: datetime, now: datetime) -> list[Contact]:
    """Add them with what they agreed to between `since` and now, and put all who may be written to on one list."""
    _facts()
    random = Random(crowd.seed)  # noqa: S311  (the same people at every start)
    people = Contact.objects.bulk_create(_people(crowd, random))
    ChannelIdentity.objects.bulk_create(
        ChannelIdentity(contact=person, kind=ChannelKind.SMS, external_id=_number(crowd, number, random))
        for number, person in enumerate(people)
    )
    known = list(Contact.objects.exclude(pk__in=[person.pk for person in people]).order_by("pk"))
    _decide(crowd, [*known, *people], since, now, random)
    Contact.objects.filter(pk__in=[person.pk for person in people]).update(created_at=since)
    chosen, _ = ContactList.objects.get_or_create(name=crowd.list_name)
    chosen.contacts.add(*people, *known)
    return people


def _facts() -> None:
    for key, name, kind in (
        ("kundennummer", "Kundennummer", AttributeKind.TEXT),
        ("ort", "Ort", AttributeKind.TEXT),
        ("sendungen", "Sendungen im Jahr", AttributeKind.NUMBER),
    ):
        Attribute.objects.get_or_create(key=key, defaults={"name": name, "kind": kind})


def _people(crowd: Crowd, random: Random) -> Iterator[Contact]:
    for number in range(crowd.size):
        facts = {
            "kundennummer": f"{crowd.seed}{number + 1:04}",
            "ort": random.choice(TOWNS),
            "sendungen": str(random.randint(1, 40)),
        }
        prefix = crowd.prefixes[number % len(crowd.prefixes)]
        yield Contact(
            name=f"{FIRST[(number * 7) % len(FIRST)]} {LAST[(number * 11) % len(LAST)]}",
            language="de" if prefix.startswith("+49") else "en",
            attributes=facts,
        )


def _number(crowd: Crowd, number: int, random: Random) -> str:
    prefix = crowd.prefixes[number % len(crowd.prefixes)]
    return f"{prefix}{number:03}{random.randint(0, 9)}"


def _decide(crowd: Crowd, people: list[Contact], since: datetime, now: datetime, random: Random) -> None:
    """Most came from the register on paper, others wrote a word, chose on the page or told a colleague."""
    imported = []
    for number, person in enumerate(people):
        share = random.randrange(100)
        at = since + (now - since) * random.random() * 0.8
        if share < IMPORTED:
            proof = {"file": "Kundenkartei.csv", "row": number + 2}
            imported.append((person, since, f"demo.{crowd.seed}.{number}", proof))
        elif share < TOLD_US:
            source = _source(share)
            words = "START" if source == ConsentSource.KEYWORD else crowd.words
            _agree(person, crowd, source, words, at)
    consent.record_many(
        imported,
        purpose=crowd.purpose,
        state=ConsentState.OPTED_IN,
        source=ConsentSource.IMPORT,
        words=crowd.words,
    )
    for person in people[17::19]:
        _stop(person, crowd.purpose, now - timedelta(days=random.randint(8, 20)))


def _source(share: int) -> ConsentSource:
    if share < BY_WORD:
        return ConsentSource.KEYWORD
    return ConsentSource.PREFERENCES if share < ON_PAGE else ConsentSource.MEMBER


def _agree(person: Contact, crowd: Crowd, source: ConsentSource, words: str, at: datetime) -> None:
    consent.record(
        person, purpose=crowd.purpose, state=ConsentState.OPTED_IN, source=source, words=words, at=at, key=""
    )


def _stop(person: Contact, purpose: str, at: datetime) -> None:
    consent.record(
        person, purpose=purpose, state=ConsentState.OPTED_OUT, source=ConsentSource.KEYWORD, words="STOP", at=at
    )
