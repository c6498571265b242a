"""Consent as the contact's page shows it: plain values, a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.consent.services import answer_from
from messaging.contacts.consent.standing import Why
from messaging.contacts.identities import PHONE_KINDS
from messaging.contacts.models import Contact
from messaging.messages.models import Message
from tenants.lib.paging import page_by_key
from tenants.templatetags.ui import date_time, short_date

LEDGER_SIZE = 20


def consent_of(contact: Contact, *, before: str = "", after: str = "", sees_imports: bool = False) -> dict[str, Any]:
    """May we write, through which number, and all that was decided."""
    rows = list(Consent.objects.filter(contact=contact).select_related("event"))
    ledger = page_by_key(
        contact.consent_events.select_related("channel"), ("-at", "-pk"), before=before, after=after, size=LEDGER_SIZE
    )
    channels = list(Channel.objects.usable().order_by("kind", "name", "pk"))
    threads = _threads([*(row.event for row in rows), *ledger.rows])
    answers = []
    for purpose in Purpose:
        decided = {row.channel_id: row for row in rows if row.purpose == purpose}
        lines = _lines(contact, decided, channels, threads)
        answers.append({"purpose": purpose, "label": purpose.label, "lines": lines})
    return {
        "answers": answers,
        "ledger": [_entry(event, threads, sees_imports=sees_imports) for event in ledger],
        "page": ledger,
    }


def _lines(
    contact: Contact, rows: Mapping[int | None, Consent], channels: Iterable[Channel], threads: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One answer for each number; without a connected number the one that would hold for all."""
    lines = [
        {"name": channel.name, "kind": channel.get_kind_display(), "address": channel.display_address}
        | _answer(contact, rows, channel, threads)
        for channel in channels
    ]
    return lines or [{"name": _("All numbers")} | _answer(contact, rows, None, threads)]


def _answer(
    contact: Contact, rows: Mapping[int | None, Consent], channel: Channel | None, threads: Mapping[str, str]
) -> dict[str, Any]:
    answer = answer_from(rows, channel.pk if channel else 0)
    event = answer.because.event if answer.because else None
    may = answer.allowed and contact.blocked_at is None and (channel is None or _has_address(contact, channel))
    return {
        "may": may,
        "words": _words(contact, answer.why, channel),
        "how": how(event) if event else "",
        "quote": event.words if event else "",
        "when": _when(event) if event else "",
        "proof_url": threads.get(_message_of(event), "") if event else "",
    }


def _words(contact: Contact, why: Why, channel: Channel | None) -> str:
    if contact.blocked_at is not None:
        return _("No: blocked by a colleague")
    if why == Why.NO_CONSENT:
        return _("No: they have not agreed")
    if why == Why.OPTED_OUT:
        return _("No: they do not want it")
    if channel and not _has_address(contact, channel):
        return _("No: there is no address of theirs")
    return _("Yes: they agreed")


def _has_address(contact: Contact, channel: Channel) -> bool:
    """Somebody known by a number is reached on whatever speaks to numbers."""
    kinds = PHONE_KINDS if channel.kind in PHONE_KINDS else (channel.kind,)
    return any(identity.kind in kinds for identity in contact.identities.all())


def _entry(event: ConsentEvent, threads: Mapping[str, str], *, sees_imports: bool) -> dict[str, Any]:
    """One line of the ledger."""
    return {
        "public_id": event.public_id,
        "agreed": event.state == ConsentState.OPTED_IN,
        "purpose": event.get_purpose_display(),
        "scope": event.channel.name if event.channel else _("all numbers"),
        "how": how(event),
        "quote": event.words,
        "proof": str(event.proof.get("note", "")),
        "when": _when(event),
        "at": event.at,
        "late": event.recorded_at if (event.recorded_at - event.at).days >= 1 else None,
        "proof_url": threads.get(_message_of(event), ""),
        "import_url": _import_of(event) if sees_imports else "",
    }


def how(event: ConsentEvent) -> str:
    """Where a decision came from, in words."""
    facts = {"name": event.author_name, "file": event.proof.get("file", ""), "line": event.proof.get("line", "")}
    if event.source == ConsentSource.MEMBER:
        return _("Recorded by %(name)s") % facts
    if event.source == ConsentSource.IMPORT:
        return _("Imported by %(name)s from %(file)s, line %(line)s") % facts
    if event.proof.get("kept_since"):
        return _("Stopped before this contact was removed and added again")
    return str(event.get_source_display())


def _when(event: ConsentEvent) -> str:
    """The moment, or the day alone where only a day was told."""
    only_a_day = event.source == ConsentSource.IMPORT or (
        event.source == ConsentSource.MEMBER and timezone.localtime(event.at).time() == time.min
    )
    return short_date(event.at) if only_a_day else date_time(event.at)


def _message_of(event: ConsentEvent) -> str:
    return str(event.proof.get("message", ""))


def _import_of(event: ConsentEvent) -> str:
    found = event.proof.get("import")
    return reverse("import", args=[found]) if found else ""


def _threads(events: Iterable[ConsentEvent]) -> dict[str, str]:
    """Where the messages stand that are the proof of something: their key → the address of their conversation."""
    wanted = {key for event in events if (key := _message_of(event))}
    rows = Message.objects.filter(public_id__in=wanted).values_list("public_id", "conversation__public_id")
    return {key: reverse("conversation", args=[conversation]) for key, conversation in rows}
