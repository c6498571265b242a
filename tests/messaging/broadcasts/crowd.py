"""Many people who agreed to news, made in bulk: for tests of crashes and for the benchmarks."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import ChannelIdentity, Contact

LONG_AGO = timedelta(days=30)
BATCH = 5000


def make_crowd(wanted: int, *, prefix: str = "+49151") -> None:
    """So many contacts of the open company, each with a number and an agreement of a month ago."""
    for start in range(0, wanted, BATCH):
        numbers = range(start, min(start + BATCH, wanted))
        people = Contact.objects.bulk_create(Contact(name=f"Person {number}") for number in numbers)
        ChannelIdentity.objects.bulk_create(
            ChannelIdentity(contact=person, kind="whatsapp", external_id=f"{prefix}{number:08}")
            for person, number in zip(people, numbers, strict=True)
        )
        at = timezone.now() - LONG_AGO
        consent.record_many(
            [(person, at, f"crowd.{person.pk}", {}) for person in people],
            purpose=Purpose.MARKETING,
            state=ConsentState.OPTED_IN,
            source=ConsentSource.IMPORT,
        )
