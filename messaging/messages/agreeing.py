"""Whether a template that somebody sends by hand may go to this person: nobody without consent, whoever sends it.

Marketing needs their word. What belongs to an order or a sign-in goes to everybody but those who have stopped it. Free
answers are not asked about: there the person wrote first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.contacts.consent.models import Consent, Purpose
from messaging.contacts.consent.services import answer_from
from messaging.contacts.consent.standing import Why
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.message_templates.choosing import category_of
from messaging.messages.models import Message

# Any other category, also one that nobody knows, counts as marketing, as its price does.
OF_SERVICE = {"utility", "authentication"}
# Of a conversation's person, whoever that is by now; as the broadcast's feeder holds them.
HOLD = f"""
SELECT c.id FROM {Contact._meta.db_table} c JOIN {Conversation._meta.db_table} v ON v.contact_id = c.id
WHERE v.id = %s FOR SHARE OF c
"""
# Decisions of one person, by purpose and number.
Decided = Mapping[tuple[str, int | None], Consent]


class Refusal(StrEnum):
    """Why not; also our own codes for what was queued and is not to be sent any more."""

    BLOCKED = "blocked"
    OPTED_OUT = "opted_out"
    NOT_AGREED = "not_agreed"


class NotAgreed(Exception):
    """The person has stopped such messages, or never agreed to them."""

    def __init__(self, refusal: Refusal, purpose: Purpose) -> None:
        super().__init__(words_of(refusal, purpose))
        self.refusal = refusal


def hold(conversation: Conversation) -> Contact:
    """The person, whose decisions stay as they are until the commit. Before all that hangs on people is locked."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [conversation.pk])
        if cursor.fetchone() is None:
            # They became one with somebody else while we waited.
            cursor.execute(HOLD, [conversation.pk])
    return Contact.objects.get(conversations=conversation.pk)


def check(conversation: Conversation, content: Mapping[str, Any]) -> None:
    """Whether this template may go out, in the transaction that writes it. Raises NotAgreed."""
    person = hold(conversation)
    purpose = purpose_of(category_of(conversation.channel, content))
    if refusal := refusal_of(person, conversation.channel_id, purpose, _decided([person.pk])[person.pk]):
        raise NotAgreed(refusal, purpose)


def check_unasked(conversation: Conversation, purpose: Purpose) -> None:
    """Whether they would get a broadcast of this purpose, asked like `check`. Raises NotAgreed."""
    person = hold(conversation)
    rows = _decided([person.pk])[person.pk]
    if refusal := refusal_of(person, conversation.channel_id, purpose, rows, needs_word=True):
        raise NotAgreed(refusal, purpose)


def words_for(conversation: Conversation, categories: Iterable[str]) -> dict[str, str]:
    """For a page: why a template of these categories may not be sent to this person; without those that may."""
    person = conversation.contact
    rows = _decided([person.pk])[person.pk]
    purposes = {category: purpose_of(category) for category in categories}
    return {
        category: words_of(refusal, purpose)
        for category, purpose in purposes.items()
        if (refusal := refusal_of(person, conversation.channel_id, purpose, rows))
    }


def unwanted(messages: Sequence[int]) -> dict[int, str]:
    """Of claimed ones those whose person has decided otherwise since, or whose template became marketing."""
    by_hand = Message.objects.filter(pk__in=messages, type=MessageType.TEMPLATE)
    rows = list(by_hand.select_related("conversation__contact", "conversation__channel"))
    decided = _decided([row.conversation.contact_id for row in rows])
    category = cache(lambda channel, name, language: category_of(channel, {"name": name, "language": language}))
    found = {}
    for row in rows:
        thread = row.conversation
        purpose = purpose_of(category(thread.channel, row.content.get("name"), row.content.get("language")))
        if refusal := refusal_of(thread.contact, row.channel_id, purpose, decided[thread.contact_id]):
            found[row.pk] = refusal.value
    return found


def purpose_of(category: str) -> Purpose:
    return Purpose.SERVICE if category.casefold() in OF_SERVICE else Purpose.MARKETING


def refusal_of(
    person: Contact, channel_id: int, purpose: Purpose, rows: Decided, *, needs_word: bool = False
) -> Refusal | None:
    if person.blocked_at is not None:
        return Refusal.BLOCKED
    why = answer_from({place: row for (of, place), row in rows.items() if of == purpose}, channel_id).why
    if why == Why.OPTED_OUT:
        return Refusal.OPTED_OUT
    needs_word = needs_word or purpose == Purpose.MARKETING
    return Refusal.NOT_AGREED if needs_word and why == Why.NO_CONSENT else None


def words_of(refusal: Refusal, purpose: Purpose) -> str:
    if refusal == Refusal.BLOCKED:
        return _("No template may be sent to this person: a colleague has blocked them.")
    if purpose == Purpose.SERVICE:
        if refusal == Refusal.NOT_AGREED:
            return _("This may not be sent to this person: they have not agreed to notices about orders and services.")
        return _("This may not be sent to this person: they do not want notices about orders and services.")
    if refusal == Refusal.NOT_AGREED:
        return _("A marketing template may not be sent to this person: they have not agreed to news and offers.")
    return _("A marketing template may not be sent to this person: they do not want news and offers.")


def _decided(contacts: Sequence[int]) -> dict[int, dict[tuple[str, int | None], Consent]]:
    found: dict[int, dict[tuple[str, int | None], Consent]] = defaultdict(dict)
    for row in Consent.objects.filter(contact__in=contacts) if contacts else ():
        found[row.contact_id][row.purpose, row.channel_id] = row
    return found
