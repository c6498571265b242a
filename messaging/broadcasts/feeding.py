"""Rows become messages as the pace allows; whether each person may be written to is asked again in that transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction

from messaging.broadcasts import costs, gates, limits
from messaging.broadcasts.audience import CONSENT_PART
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason, SkipReason
from messaging.broadcasts.texts import as_started
from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.live.events import tell
from messaging.message_templates.filling import content_for, rendered
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from messaging.messages.nudging import announce
from messaging.messages.pacing import lane_rate
from messaging.messages.wording import preview_of
from tenants.lib.ids import new_public_id

CONTACT, CONSENT, RECIPIENT = Contact._meta.db_table, Consent._meta.db_table, BroadcastRecipient._meta.db_table
BATCH = 500
# So much of a channel's rate waits in its lane: enough that the pump is never idle, little to take back at a pause.
AHEAD = timedelta(seconds=30)
FEWEST = 200
LOOK_AGAIN = timedelta(seconds=5)

MAY_STILL = f"""
    SELECT c.id, CASE WHEN c.blocked_at IS NOT NULL THEN '{SkipReason.BLOCKED}' ELSE {CONSENT_PART} END
    FROM {CONTACT} c
    LEFT JOIN {CONSENT} everywhere
        ON everywhere.contact_id = c.id AND everywhere.purpose = %(purpose)s AND everywhere.channel_id IS NULL
    LEFT JOIN {CONSENT} here ON here.contact_id = c.id AND here.purpose = %(purpose)s AND here.channel_id = %(channel)s
    WHERE c.id = ANY(%(contacts)s)
"""


@dataclass(frozen=True)
class Made:
    """How many rows were looked at, and what is wrong when the budget covers no more of them."""

    looked_at: int = 0
    shortage: str = ""


class Paid(NamedTuple):
    """A row whose price is put aside under the key of its message to be."""

    row: BroadcastRecipient
    key: str
    price: Decimal | None


@dataclass(frozen=True)
class Fed:
    """`made` rows got their message; `again_at` is when to look again, None when it is over."""

    made: int = 0
    again_at: datetime | None = None
    has_room: bool = False


@transaction.atomic
def feed(broadcast_id: int, now: datetime) -> Fed:
    """Make the next messages of a broadcast. Two workers never feed the same one at once."""
    broadcast = (
        Broadcast.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel", "template")
        .filter(pk=broadcast_id, state=BroadcastState.SENDING)
        .first()
    )
    if broadcast is None or broadcast.channel is None:
        return Fed()
    if gates.stop(broadcast, now):
        return Fed()
    if until := gates.closed_until(broadcast, now):
        return Fed(again_at=until)
    return _feed(broadcast, broadcast.channel, now)


def _feed(broadcast: Broadcast, channel: Channel, now: datetime) -> Fed:
    people = limits.people_of(channel, now)
    if (until := limits.full_until(people, now)) and _waits(broadcast):
        return Fed(again_at=until)
    room = _room(broadcast, channel, now)
    most = min(room, BATCH, people.left if people else BATCH)
    template = as_started(broadcast)
    made = _make(broadcast, channel, template, most, now) if room > 0 and template else None
    if made is not None:
        Broadcast.objects.filter(pk=broadcast.pk).update(fed_at=now, currency=broadcast.currency)
    if made and made.shortage:
        # What the budget covers goes out: it is paid for.
        gates.pause_for(broadcast, PauseReason.BUDGET, made.shortage, takes_back=False)
        return Fed(made.looked_at)
    if made is None or made.looked_at:
        return Fed(made.looked_at if made else 0, now + LOOK_AGAIN, has_room=bool(made) and room > BATCH)
    return Fed(again_at=None if _complete(broadcast, now) else now + LOOK_AGAIN)


def _waits(broadcast: Broadcast) -> bool:
    return BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").exists()


def _room(broadcast: Broadcast, channel: Channel, now: datetime) -> int:
    """How many messages may be added to the lane."""
    waiting = Message.objects.filter(channel=channel, lane=Lane.BULK, state=MessageState.QUEUED).count()
    wanted = max(FEWEST, int(lane_rate(channel.messages_per_second, Lane.BULK) * AHEAD.total_seconds()))
    room = wanted - waiting
    if broadcast.per_minute:
        since = (now - broadcast.fed_at).total_seconds() if broadcast.fed_at else LOOK_AGAIN.total_seconds()
        room = min(room, int(broadcast.per_minute * min(since, 60.0) // 60))
    return room


def _make(broadcast: Broadcast, channel: Channel, template: MessageTemplate, most: int, now: datetime) -> Made:
    """The next rows with their messages; none looked at when no row waits."""
    waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="").order_by("id")
    next_ones = list(waiting.values_list("pk", "contact_id")[:most])
    if not next_ones:
        return Made()
    contacts = sorted(contact for _pk, contact in next_ones if contact)
    # People before rows, as everybody locks them. From here on nobody's decision changes until the commit.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {CONTACT} WHERE id = ANY(%s) ORDER BY id FOR SHARE", [contacts])
        cursor.execute(MAY_STILL, {"purpose": broadcast.purpose, "channel": channel.pk, "contacts": contacts})
        no = {contact: reason for contact, reason in cursor.fetchall() if reason}
    rows = list(waiting.select_for_update(of=("self",)).filter(pk__in=[pk for pk, _contact in next_ones]))
    for row in rows:
        row.skipped = SkipReason.REMOVED if row.contact_id is None else no.get(row.contact_id, "")
    refused = [row for row in rows if row.skipped]
    BroadcastRecipient.objects.bulk_update(refused, ["skipped"])
    allowed = [row for row in rows if not row.skipped]
    shortage = _pay_and_write(broadcast, channel, template, allowed, now) if allowed else ""
    tell("broadcast", id=broadcast.public_id)
    return Made(len(next_ones), shortage)


def _pay_and_write(
    broadcast: Broadcast,
    channel: Channel,
    template: MessageTemplate,
    rows: Sequence[BroadcastRecipient],
    now: datetime,
) -> str:
    """Put the price of each message aside and make it; what the budget does not cover stays a row, and is told of."""
    expected = costs.expected_prices(broadcast, rows, now)
    broadcast.currency = expected.currency
    keys = [new_public_id() for _row in rows]
    reserved = costs.put_aside(keys, expected, now)
    paid = [Paid(*one) for one in zip(rows, keys, expected.prices, strict=True)][: reserved.count]
    if paid:
        _write(broadcast, channel, template, paid, now)
        announce(Lane.BULK)
    return costs.shortage_words(broadcast, reserved, now) if reserved.count < len(rows) else ""


def _write(
    broadcast: Broadcast,
    channel: Channel,
    template: MessageTemplate,
    paid: Sequence[Paid],
    now: datetime,
) -> None:
    texts = [rendered(template, one.row.values).text for one in paid]
    threads = _conversations(channel, [one.row for one in paid], texts, now)
    messages = []
    for (row, key, _price), text in zip(paid, texts, strict=True):
        conversation_id, identity_id = threads[row.contact_id or 0]
        messages.append(
            Message(
                public_id=key,
                conversation_id=conversation_id,
                channel=channel,
                identity_id=identity_id,
                direction=Direction.OUTBOUND,
                type="template",
                text=text,
                content={**content_for(template, row.values), "broadcast": broadcast.public_id},
                author_id=broadcast.author_id,
                author_name=broadcast.author_name,
                state=MessageState.QUEUED,
                lane=Lane.BULK,
                due_at=now,
                at=now,
            )
        )
    made = iter(Message.objects.bulk_create(messages))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {RECIPIENT} r SET message_id = p.message, price = p.price"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS p (id, message, price) WHERE r.id = p.id",
            [
                [one.row.pk for one in paid],
                [message.pk for message in islice(made, len(paid))],
                [one.price for one in paid],
            ],
        )


def _conversations(
    channel: Channel, rows: Sequence[BroadcastRecipient], texts: Sequence[str], now: datetime
) -> dict[int, tuple[int, int]]:
    """Conversation and identity by contact. A new conversation is resolved: it waits for nobody until they answer."""
    identities = _identities(channel, rows)
    found = _known(channel, rows)
    new = [(row, text) for row, text in zip(rows, texts, strict=True) if row.contact_id not in found]
    if new:
        # Somebody may write at this very moment: then theirs stands.
        Conversation.objects.bulk_create(
            [_new_conversation(channel, row, identities[row.address], text, now) for row, text in new],
            ignore_conflicts=True,
        )
        found |= _known(channel, [row for row, _text in new])
    return {row.contact_id: (found[row.contact_id], identities[row.address]) for row in rows if row.contact_id}


def _known(channel: Channel, rows: Sequence[BroadcastRecipient]) -> dict[int, int]:
    theirs: Any = Conversation.objects.filter(channel=channel, contact__in=[row.contact_id for row in rows])
    return dict(theirs.values_list("contact_id", "pk"))


def _new_conversation(
    channel: Channel, row: BroadcastRecipient, identity_id: int, text: str, now: datetime
) -> Conversation:
    return Conversation(
        channel=channel,
        contact_id=row.contact_id or 0,
        identity_id=identity_id,
        state=ConversationState.RESOLVED,
        resolved_at=now,
        last_message_at=now,
        preview=preview_of("template", text),
        preview_direction=Direction.OUTBOUND,
    )


def _identities(channel: Channel, rows: Sequence[BroadcastRecipient]) -> dict[str, int]:
    """Who is known on this kind of channel, by address; a number known from text messages becomes one."""
    ours = ChannelIdentity.objects.filter(kind=channel.kind)
    found = dict(ours.filter(external_id__in=[row.address for row in rows]).values_list("external_id", "pk"))
    new = [row for row in rows if row.address not in found]
    if new:
        ChannelIdentity.objects.bulk_create(
            [
                ChannelIdentity(contact_id=row.contact_id or 0, kind=channel.kind, external_id=row.address)
                for row in new
            ],
            ignore_conflicts=True,
        )
        found |= dict(ours.filter(external_id__in=[row.address for row in new]).values_list("external_id", "pk"))
    return found


def _complete(broadcast: Broadcast, now: datetime) -> bool:
    """Whether everything has come to an end; an outcome nobody can know any more is one."""
    under_way = BroadcastRecipient.objects.filter(broadcast=broadcast, message__state__in=["queued", "sending"])
    unknown = BroadcastRecipient.objects.filter(
        broadcast=broadcast, message__state="unknown", message__lease_until__isnull=False
    )
    if under_way.exists() or unknown.exists():
        return False
    Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.SENDING).update(
        state=BroadcastState.COMPLETED, finished_at=now
    )
    tell("broadcast", id=broadcast.public_id)
    return True
