"""Decisions that a colleague heard of and writes down."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.consent.services import answer_from, record
from messaging.contacts.models import Contact
from tenants.models import User


class StaysStopped(Exception):
    """What was stopped cannot be started from here; the words say who can."""


@transaction.atomic
def record_agreement(
    contact: Contact, *, purpose: str, channel: Channel | None, words: str, on: date, proof: str, author: User
) -> ConsentEvent | None:
    """They agreed on that day, to these words. Raises StaysStopped where it would change nothing."""
    # The ledger takes the same lock: nobody stops anything between our look and our line.
    Contact.objects.select_for_update().get(pk=contact.pk)
    rows = {row.channel_id: row for row in Consent.objects.filter(contact=contact, purpose=purpose)}
    _refuse_where_stopped(rows, purpose, channel)
    return record(
        contact,
        purpose=purpose,
        state=ConsentState.OPTED_IN,
        source=ConsentSource.MEMBER,
        channel=channel,
        words=words,
        proof={"note": proof} if proof else {},
        author=author,
        at=_moment(on),
    )


def record_refusal(
    contact: Contact, *, purpose: str, channel: Channel | None, reason: str, author: User
) -> ConsentEvent | None:
    """They do not want it; `reason` is what they said or where."""
    return record(
        contact,
        purpose=purpose,
        state=ConsentState.OPTED_OUT,
        source=ConsentSource.MEMBER,
        channel=channel,
        words=reason,
        author=author,
    )


def _refuse_where_stopped(rows: dict[int | None, Consent], purpose: str, channel: Channel | None) -> None:
    everywhere, here = rows.get(None), rows.get(channel.pk) if channel else None
    if channel and answer_from(rows, channel.pk).allowed:
        return
    for stop in (everywhere, here):
        if stop and stop.state == ConsentState.OPTED_OUT and stop.is_by_person:
            raise StaysStopped(_stopped_by_them(purpose))
    if channel and everywhere and everywhere.state == ConsentState.OPTED_OUT:
        raise StaysStopped(_("It is stopped for all numbers. Record for all numbers that they agreed."))


def _stopped_by_them(purpose: str) -> str:
    if purpose == Purpose.MARKETING:
        return _("They stopped this themselves, so only they can start it again: by writing START, or on their page.")
    return _("They stopped this themselves, so only they can start it again: on their page.")


def _moment(on: date) -> datetime:
    """Now for today; of an earlier day the first moment, so that a stop of that day counts as the later word."""
    if on >= timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(on, time.min))
