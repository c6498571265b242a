"""The ledger of who agreed to what: written to from everywhere, asked before anything is sent unasked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.contacts.consent.models import (
    Consent,
    ConsentEvent,
    ConsentSource,
    ConsentState,
    Purpose,
    Suppression,
)
from messaging.contacts.consent.standing import Standing, Why, decide, standing
from messaging.contacts.models import Contact
from messaging.contacts.numbers import canonical
from tenants.lib.database import database
from tenants.models import User

# Called in the transaction of a decision after which somebody has opted out: contact, purpose, number or all.
Heed = Callable[[Contact, str, Channel | None], None]
_heeds: list[Heed] = []
# Where two decisions bear the same time, the stop is the later one.
IN_TIME = ("at", "state", "pk")


@dataclass(frozen=True)
class Answer:
    """Whether somebody may be written to, and by which decision; `because` is None when they never made one."""

    why: Why
    because: Consent | None

    @property
    def allowed(self) -> bool:
        return self.why == Why.OPTED_IN


@transaction.atomic
def record(
    contact: Contact,
    *,
    purpose: str,
    state: str,
    source: str,
    channel: Channel | None = None,
    words: str = "",
    proof: Mapping[str, Any] | None = None,
    author: User | None = None,
    at: datetime | None = None,
    key: str = "",
) -> ConsentEvent | None:
    """Add a decision to the ledger and bring what it adds up to in step; None when `key` was told before.

    A decision may come late: it stands where its time puts it.
    """
    # One at a time for each contact.
    Contact.objects.select_for_update().get(pk=contact.pk)
    event = ConsentEvent(
        contact=contact,
        channel=channel,
        purpose=purpose,
        state=state,
        source=source,
        words=words,
        proof=dict(proof or {}),
        author_id=author.pk if author else None,
        author_name=author.name if author else "",
        at=at or timezone.now(),
        key=key,
    )
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        if key and ConsentEvent.objects.filter(key=key).exists():
            return None
        raise
    _bring_in_step(contact, channel, purpose)
    return event


@transaction.atomic
def record_many(
    decisions: Sequence[tuple[Contact, datetime, str, Mapping[str, Any]]],
    *,
    purpose: str,
    state: str,
    source: str,
    words: str = "",
    author_id: int | None = None,
    author_name: str = "",
) -> None:
    """Decisions of many people for all numbers, each (contact, time, key, proof).

    Those whose key was told before, also among these, are left out. The caller holds the contacts' rows.
    """
    keys = [key for _contact, _at, key, _proof in decisions]
    told = set(ConsentEvent.objects.filter(key__in=keys).values_list("key", flat=True))
    fresh = {one[2]: one for one in reversed(decisions) if one[2] not in told}
    events = ConsentEvent.objects.bulk_create(
        [
            ConsentEvent(
                contact=contact,
                purpose=purpose,
                state=state,
                source=source,
                words=words,
                proof=dict(proof),
                author_id=author_id,
                author_name=author_name,
                at=at,
                key=key,
            )
            for contact, at, key, proof in fresh.values()
        ]
    )
    _bring_in_step_many(events, purpose)


def _bring_in_step_many(events: Sequence[ConsentEvent], purpose: str) -> None:
    """For all numbers: who had decided nothing stands by their event, the others by all they ever said."""
    contacts = [event.contact_id for event in events]
    decided = Consent.objects.filter(contact__in=contacts, purpose=purpose, channel=None)
    before = set(decided.values_list("contact_id", flat=True))
    Consent.objects.bulk_create(
        [
            Consent(
                contact_id=event.contact_id or 0,
                purpose=purpose,
                state=event.state,
                is_by_person=event.is_by_person,
                since=event.at,
                event=event,
            )
            for event in events
            if event.contact_id not in before
        ]
    )
    for contact_id in before:
        _stand(contact_id, None, purpose)


def on_stop(heed: Heed) -> None:
    """Name who takes back what still waits for somebody who opts out."""
    _heeds.append(heed)


def may_message(contact: Contact, channel: Channel, purpose: str) -> Answer:
    """Whether this person may be written to unasked through this number, and why."""
    rows = Consent.objects.filter(contact=contact, purpose=purpose).select_related("event")
    return answer_from({row.channel_id: row for row in rows}, channel.pk)


def answer_from(rows: Mapping[int | None, Consent], channel_id: int) -> Answer:
    """The same from rows that are at hand: those of one contact and purpose, by channel."""
    everywhere, here = rows.get(None), rows.get(channel_id)
    why = decide(_standing_of(everywhere), _standing_of(here))
    of_this_kind = [row for row in (here, everywhere) if row and row.state == why.value]
    return Answer(why, of_this_kind[0] if of_this_kind else None)


# --- People who become one, leave, and come back ----------------------------------------------------------------------


@transaction.atomic
def merge(kept: Contact, gone: Contact) -> None:
    """Two contacts are one person: what either decided holds for them, also for what waits to be sent to the other."""
    scopes = {(row.channel, row.purpose) for one in (kept, gone) for row in one.consents.select_related("channel")}
    gone.consent_events.update(contact=kept)
    gone.consents.all().delete()
    for channel, purpose in scopes:
        _bring_in_step(kept, channel, purpose)


@transaction.atomic
def suppress(contact: Contact) -> None:
    """Keep what a contact has stopped, by a hash of each address, before they are removed."""
    stopped = contact.consents.filter(state=ConsentState.OPTED_OUT).select_related("event")
    addresses = [identity.external_id for identity in contact.identities.all()]
    Suppression.objects.bulk_create(
        [
            Suppression(
                address_hash=hash_of(address),
                channel_id=row.channel_id,
                purpose=row.purpose,
                source=row.event.source,
                since=row.since,
            )
            for row in stopped
            for address in addresses
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def recall(contact: Contact, addresses: Iterable[str]) -> None:
    """Somebody has an address from now on: what was stopped there before they were known still is."""
    hashes = {hash_of(address) for address in addresses}
    for row in Suppression.objects.filter(address_hash__in=hashes).select_related("channel"):
        record(
            contact,
            purpose=row.purpose,
            state=ConsentState.OPTED_OUT,
            source=row.source,
            channel=row.channel,
            proof={"kept_since": row.since.isoformat()},
            at=row.since,
            key=f"suppression.{row.pk}.{contact.pk}",
        )


def recall_many(contacts: Mapping[str, Contact]) -> None:
    """The same for many, by address."""
    hashes = {hash_of(address): contact for address, contact in contacts.items()}
    stopped = Suppression.objects.filter(address_hash__in=hashes)
    for found in {row.address_hash for row in stopped}:
        address = next(address for address in contacts if hash_of(address) == found)
        recall(contacts[address], [address])


def hash_of(address: str) -> str:
    """The same for all ways of writing a number, another in every company."""
    return hashlib.sha256(f"{database.schema_name} {canonical(address)}".encode()).hexdigest()


# --- What decisions add up to -----------------------------------------------------------------------------------------


def _bring_in_step(contact: Contact, channel: Channel | None, purpose: str) -> None:
    if _stand(contact.pk, channel.pk if channel else None, purpose) == ConsentState.OPTED_OUT:
        for heed in _heeds:
            heed(contact, purpose, channel)


def _stand(contact_id: int, channel_id: int | None, purpose: str) -> str:
    """Work out one scope anew from its decisions, so that their order of arrival does not matter; how it stands."""
    scope: dict[str, Any] = {"contact_id": contact_id, "channel_id": channel_id, "purpose": purpose}
    found = standing(ConsentEvent.objects.filter(**scope).order_by(*IN_TIME))
    if found is None:
        return ""
    stands, event = found
    Consent.objects.update_or_create(
        **scope,
        defaults={
            "state": stands.state,
            "is_by_person": stands.is_by_person,
            "since": stands.since,
            "event": event,
        },
    )
    return stands.state


def _standing_of(row: Consent | None) -> Standing | None:
    return Standing(row.state, row.is_by_person, row.since) if row else None


__all__ = ["Answer", "ConsentSource", "ConsentState", "Purpose", "may_message", "merge", "recall", "record", "suppress"]
