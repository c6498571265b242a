"""A company with many conversations of believable sizes, to look at its pages under load. Rows only."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from config.demo.people import COMPANIES
from config.demo.story import weeks_of
from messaging.channels.models import Channel, ChannelKind, ChannelState
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.messages.models import Direction, Message, MessageState
from messaging.messages.wording import preview_of
from tenants.lib.ids import new_public_id

DAYS = 180
# Most conversations were resolved long ago.
STATES = [ConversationState.RESOLVED] * 85 + [ConversationState.OPEN] * 13 + [ConversationState.SNOOZED] * 2
Row = dict[str, Any]


@dataclass
class Size:
    """How many messages a conversation has, and when they were written."""

    messages: int
    last_at: datetime


@transaction.atomic
def make_conversations(conversations: int, messages: int, *, assignees: list[int], seed: int = 1) -> None:
    """Add so many to the current company; about a third of them with each assignee and a third with nobody."""
    chance = random.Random(seed)  # noqa: S311  the same at every run
    made = _Maker(chance, _texts(), _channel(), assignees)
    made.fill(conversations, messages)
    with connection.cursor() as cursor:
        for model in (Contact, ChannelIdentity, Conversation, Message):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def _texts() -> list[str]:
    """What people say in the demo."""
    now = timezone.now()
    told = [story for company in COMPANIES for story in weeks_of(company.address_name, now).stories]
    return [entry.text for story in told for entry in story.entries if entry.is_message and entry.text]


def _channel() -> Channel:
    """The company's number; without one a number that is not connected."""
    known = Channel.objects.filter(kind=ChannelKind.WHATSAPP).order_by("pk").first()
    return known or Channel.objects.create(
        kind=ChannelKind.WHATSAPP, name="Bench", external_id="bench", token="", state=ChannelState.DISCONNECTED
    )


@dataclass
class _Maker:
    chance: random.Random
    texts: list[str]
    channel: Channel
    assignees: list[int]

    def fill(self, conversations: int, messages: int) -> None:
        sizes = self.sizes(conversations, messages)
        contacts, identities, keys = (_keys(model, conversations) for model in (Contact, ChannelIdentity, Conversation))
        names = [f"{first} {last}" for first in FIRST for last in LAST]
        copy(Contact, ({"id": key, "name": self.chance.choice(names)} for key in contacts))
        copy(ChannelIdentity, self.identities(identities, contacts))
        # Taken before: while rows are written the connection can ask for nothing.
        message_keys = iter(_keys(Message, messages))
        last: dict[int, Row] = {}

        def written() -> Iterator[Row]:
            for key, identity, size in zip(keys, identities, sizes, strict=True):
                for row in self.messages(key, identity, size):
                    last[key] = row
                    yield {"id": next(message_keys), **row}

        # The messages first: what the list shows follows from the last one. References are checked at the end.
        copy(Message, written())
        copy(Conversation, map(self.conversation, keys, contacts, identities, (last[key] for key in keys)))

    def sizes(self, conversations: int, messages: int) -> list[Size]:
        """Few long ones, many short ones, that make up all messages."""
        weights = [self.chance.paretovariate(1.3) for _ in range(conversations)]
        scale = (messages - conversations) / sum(weights)
        counts = [1 + int(weight * scale) for weight in weights]
        for place in range(messages - sum(counts)):
            counts[place % conversations] += 1
        now = timezone.now()
        return [Size(count, now - timedelta(days=self.chance.random() ** 2 * DAYS)) for count in counts]

    def identities(self, keys: list[int], contacts: list[int]) -> Iterator[Row]:
        for key, contact in zip(keys, contacts, strict=True):
            number = f"+4915{key:09}"
            yield {"id": key, "contact_id": contact, "kind": ChannelKind.WHATSAPP, "external_id": number}

    def messages(self, conversation: int, identity: int, size: Size) -> Iterator[Row]:
        at = size.last_at - timedelta(minutes=7 * size.messages)
        for number in range(size.messages):
            at += timedelta(minutes=7)
            inbound = self.chance.random() < 0.5 or not number
            text = self.chance.choice(self.texts)
            yield {
                "conversation_id": conversation,
                "channel_id": self.channel.pk,
                "identity_id": identity,
                "direction": Direction.INBOUND if inbound else Direction.OUTBOUND,
                "state": MessageState.RECEIVED if inbound else MessageState.READ,
                "text": text,
                "content": {"body": text},
                "external_id": f"wamid.{new_public_id()}",
                "author_name": "" if inbound else "Bench",
                "at": at,
                "created_at": at,
            }

    def conversation(self, key: int, contact: int, identity: int, last: Row) -> Row:
        state = self.chance.choice(STATES)
        at, inbound = last["at"], last["direction"] == Direction.INBOUND
        waits = inbound and state == ConversationState.OPEN
        return {
            "id": key,
            "channel_id": self.channel.pk,
            "contact_id": contact,
            "identity_id": identity,
            "state": state,
            "assignee_id": self.chance.choice([None, *self.assignees]),
            "snoozed_until": timezone.now() + timedelta(days=3) if state == ConversationState.SNOOZED else None,
            "resolved_at": at if state == ConversationState.RESOLVED else None,
            "last_inbound_at": at,
            "last_message_at": at,
            "preview": preview_of("text", last["text"]),
            "preview_direction": last["direction"],
            "unread_count": int(waits),
            "waiting_since": at if waits else None,
            "created_at": at,
        }


FIRST = "Anna Ben Clara Deniz Elif Finn Greta Hanna Ida Jan Kemal Lea Mia Noah Olga Paul Quynh Rosa Sami Tuğba".split()
LAST = "Albers Becker Çelik Dahl Ebert Fuchs Groth Haddad Ihle Jansen Koch Lange Meyer Nguyen Otto Petersen".split()


def _keys(model: type[models.Model], count: int) -> list[int]:
    """Keys of rows to come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def copy(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Write rows as PostgreSQL reads them fastest; what a row does not say is the model's default."""
    columns = [one.column for one in model._meta.concrete_fields]
    defaults = [_default(one) for one in model._meta.concrete_fields]
    quoted = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({quoted}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(
                [
                    _written(row[name]) if name in row else default() if callable(default) else default
                    for name, default in zip(columns, defaults, strict=True)
                ]
            )


def _default(field: Any) -> Any:
    """A value, or what makes one for each row."""
    if getattr(field, "auto_now_add", False):
        return timezone.now()
    if isinstance(field, models.JSONField):
        return json.dumps(field.get_default())
    return field.default if field.has_default() and callable(field.default) else field.get_default()


def _written(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value
