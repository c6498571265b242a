"""What people choose for themselves, on a page that opens with a signed link and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.signing import BadSignature
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent, ConsentSource, ConsentState, Purpose
from messaging.contacts.consent.services import answer_from, record
from messaging.contacts.models import Contact
from tenants.lib import signing

PAGE = "preferences"
# What they agree to, in words that need no explanation; the ledger keeps them as they were shown.
MEANING: Mapping[str, Promise] = {
    Purpose.MARKETING: _("Offers, events and what is new with us."),
    Purpose.SERVICE: _("What you need to know about your orders, appointments and deliveries. No advertising."),
}
ANSWERS: Mapping[str, Promise] = {
    ConsentState.OPTED_IN: _("Yes, write to me"),
    ConsentState.OPTED_OUT: _("No, do not write to me"),
}


@dataclass(frozen=True)
class Choice:
    """How it stands for a purpose; `state` is empty while nothing was decided.

    `stopped_in_app` names the numbers that the person has switched off at the provider, where only they can switch.
    """

    purpose: Purpose
    state: str
    stopped_in_app: tuple[str, ...] = ()


def token_of(contact: Contact, schema_name: str) -> str:
    return signing.dumps(contact.public_id, purpose=PAGE, schema_name=schema_name)


def contact_behind(token: str, schema_name: str) -> Contact | None:
    """Whose link it is; None for one that is not of this company, or whose contact is gone."""
    try:
        public_id = signing.loads(token, purpose=PAGE, schema_name=schema_name)
    except BadSignature:
        return None
    return Contact.objects.filter(public_id=public_id).first()


def choices_of(contact: Contact) -> list[Choice]:
    """What holds for each purpose now: yes as soon as one of the numbers may write."""
    channels = list(Channel.objects.usable().order_by("pk"))
    decided = Consent.objects.filter(contact=contact).select_related("event")
    found = []
    for purpose in Purpose:
        rows = {row.channel_id: row for row in decided if row.purpose == purpose}
        may = any(answer_from(rows, channel.pk).allowed for channel in channels) or (
            not channels and answer_from(rows, 0).allowed
        )
        state = ConsentState.OPTED_IN if may else ConsentState.OPTED_OUT if rows else ""
        off = (channel.name for channel in channels if _is_off_in_app(rows.get(channel.pk)))
        found.append(Choice(purpose, state, tuple(off)))
    return found


@transaction.atomic
def choose(contact: Contact, wishes: Mapping[str, tuple[str, str]]) -> int:
    """Write down the wishes, each purpose → (state, words shown), that differ from what holds; how many there were.

    An answer that stood there already when the page was opened is nobody's new decision.
    """
    Contact.objects.select_for_update().get(pk=contact.pk)
    changed = 0
    for choice in choices_of(contact):
        state, words = wishes.get(choice.purpose, ("", ""))
        if not state or state == choice.state:
            continue
        changed += 1
        for channel in [None, *_stopped_by_others(contact, choice.purpose, state)]:
            record(
                contact,
                purpose=choice.purpose,
                state=state,
                source=ConsentSource.PREFERENCES,
                channel=channel,
                words=words,
            )
    return changed


def _stopped_by_others(contact: Contact, purpose: str, state: str) -> list[Channel]:
    """Numbers for which a yes must be told by itself, since a colleague stopped them one by one."""
    if state != ConsentState.OPTED_IN:
        return []
    rows = Consent.objects.filter(
        contact=contact, purpose=purpose, channel__isnull=False, state=ConsentState.OPTED_OUT
    ).select_related("channel", "event")
    return [row.channel for row in rows if row.channel and not _is_off_in_app(row)]


def _is_off_in_app(row: Consent | None) -> bool:
    return bool(row and row.state == ConsentState.OPTED_OUT and row.event.source == ConsentSource.PROVIDER)
