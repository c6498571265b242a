"""Money put aside for messages, given back for those that will not arrive.

Call it late in a transaction: after conversations' and messages' rows are locked and usage is told of, before pumps are
asked for and live events told.
"""

from __future__ import annotations

from collections.abc import Iterable

from billing.plans.entitlements import release_many
from billing.usage.metering import key_of
from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import current_company


def let_go(messages: Iterable[str]) -> int:
    """By public ids; those that nothing was put aside for do no harm. How many there were."""
    wanted = list(messages)
    if not wanted:
        return 0
    company = current_company()
    return release_many(company, [key_of(company, message) for message in wanted])


def forget_person(contact: Contact) -> None:
    """Somebody is removed with all that was written: what still waits for them will cost nothing."""
    # All that goes with them is locked first: who writes an answer, or records an outcome, asks for the money after it.
    list(Conversation.objects.select_for_update().filter(contact=contact).order_by("pk").values_list("pk"))
    sent = Message.objects.filter(conversation__contact=contact, direction=Direction.OUTBOUND).order_by("pk")
    states = sent.select_for_update(of=("self",)).values_list("public_id", "state")
    let_go([public_id for public_id, state in states if state == MessageState.QUEUED])


contacts.before_removal(forget_person)
