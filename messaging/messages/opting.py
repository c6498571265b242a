"""People who stop or start news by what they write, by the switch in their app, or by a refusal that tells of it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from messaging.channels.base import MessageType, StatusReport
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.models import Channel
from messaging.contacts.consent import keywords, services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message
from messaging.messages.references import read_reference

# Written by hand, or the answer to a button that says the same.
SAID = {MessageType.TEXT, MessageType.ANSWER}
VALUES = {ConsentState.OPTED_OUT: "stop", ConsentState.OPTED_IN: "resume"}


def is_decision(type: str, text: str) -> bool:
    return type in SAID and keywords.decision_in(text) is not None


def heed_words(message: Message, conversation: Conversation) -> bool:
    """Take a message that is nothing but STOP or START at its word, for all numbers; whether it was one."""
    decision = keywords.decision_in(message.text) if message.type in SAID else None
    if decision is None:
        return False
    consent.record(
        conversation.contact,
        purpose=Purpose.MARKETING,
        state=decision,
        source=ConsentSource.KEYWORD,
        words=message.text,
        proof={"message": message.public_id},
        at=message.at,
        key=f"message.{message.public_id}",
    )
    Message.objects.create(
        conversation=conversation,
        channel_id=conversation.channel_id,
        identity_id=conversation.identity_id,
        direction=Direction.EVENT,
        type="preference",
        content={"category": "marketing_messages", "value": VALUES[decision], "source": ConsentSource.KEYWORD},
        at=message.at,
    )
    return True


def is_opt_out(kind: str, code: str) -> bool:
    """Whether a refusal says that the person has switched off news."""
    return bool(code) and rule_for(kind, code).means == ErrorClass.OPTED_OUT


@transaction.atomic
def heed_refusals(channel: Channel, messages: Iterable[Message]) -> None:
    """What the provider refused because the person has switched off news of this number; told twice it counts once."""
    for message in messages:
        consent.record(
            message.conversation.contact,
            purpose=Purpose.MARKETING,
            state=ConsentState.OPTED_OUT,
            source=ConsentSource.PROVIDER,
            channel=channel,
            proof={"message": message.public_id},
            at=message.failed_at,
            key=f"refused.{message.public_id}",
        )


def refused_by(channel: Channel, reports: Iterable[StatusReport]) -> list[Message]:
    """The messages of reports that tell of such a refusal."""
    told = [report for report in reports if report.error and is_opt_out(channel.kind, report.error.code)]
    if not told:
        return []
    public_ids = [read_reference(report.reference)[0] for report in told]
    ours = Message.objects.filter(channel=channel).select_related("conversation__contact")
    by_id = ours.filter(external_id__in=[report.external_id for report in told if report.external_id])
    return list(by_id | ours.filter(public_id__in=[one for one in public_ids if one]))
