"""What the contact's phone is told of us: read and typing, once; a provider that is away is let be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from django.utils import timezone

from messaging.channels import registry
from messaging.channels.adapters.whatsapp_cloud.adapter import WhatsAppCloud
from messaging.channels.base import Credentials, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.models import Channel, ChannelState
from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation
from messaging.messages import receipts, tasks
from messaging.messages.models import Direction, Message
from tenants.models import Company, DueWork

NOW = timezone.now()


@dataclass
class Phone(WhatsAppCloud):
    """Remembers what it was told, and answers as it is asked to."""

    media_hosts: frozenset[str] = frozenset()
    told: list[tuple[str, bool]] = field(default_factory=list)
    answer: Callable[[], None] = lambda: None

    async def mark_read(
        self, session: ClientSession, credentials: Credentials, external_id: str, *, typing: bool = False
    ) -> None:
        self.told.append((external_id, typing))
        self.answer()


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    played = Phone()
    monkeypatch.setitem(registry.ADAPTERS, "whatsapp", played)
    return played


@pytest.fixture
def unread(conversation: Conversation) -> Conversation:
    """Two messages nobody has seen."""
    for number in (1, 2):
        _write(conversation, f"wamid.{number}", minutes=number)
    conversation.refresh_from_db()
    return conversation


def _write(conversation: Conversation, external_id: str, *, minutes: float = 0, **fields: Any) -> None:
    at = fields.pop("at", NOW - timedelta(hours=1) + timedelta(minutes=minutes))
    Message.objects.create(
        conversation=conversation,
        channel=conversation.channel,
        direction=Direction.INBOUND,
        external_id=external_id,
        at=at,
    )
    conversations.record_inbound(conversation, preview="x", at=at)


def fail(problem: Exception) -> Callable[[], None]:
    def answer() -> None:
        raise problem

    return answer


def due_at(conversation: Conversation) -> Any:
    return Conversation.objects.get(pk=conversation.pk).receipt_due_at


def test_opening_tells_the_newest_message_once(unread: Conversation, phone: Phone, inside: Company) -> None:
    assert receipts.read(unread)
    assert phone.told == [], "nothing speaks to a provider inside a request"
    tasks.send_receipts(inside.schema_name)
    tasks.send_receipts(inside.schema_name)
    assert phone.told == [("wamid.2", False)]
    assert due_at(unread) is None


def test_what_was_read_already_is_not_told_again(unread: Conversation, phone: Phone) -> None:
    receipts.read(unread)
    receipts.send_due()
    conversations.mark_unread(unread)
    unread.refresh_from_db()
    assert receipts.read(unread)
    assert receipts.send_due() == 0


def test_two_agents_who_open_it_at_once_tell_once(unread: Conversation, phone: Phone) -> None:
    same = Conversation.objects.get(pk=unread.pk)
    assert [receipts.read(unread), receipts.read(same)] == [True, False]
    assert receipts.send_due() == 1


def test_a_newer_message_that_is_read_meanwhile_is_told_too(unread: Conversation, phone: Phone) -> None:
    receipts.read(unread)
    claimed = receipts._claim(timezone.now())
    _write(unread, "wamid.3", minutes=3)
    unread.refresh_from_db()
    receipts.read(unread)
    receipts._settle(claimed[0], None, timezone.now())
    assert receipts.send_due() == 1
    assert phone.told == [("wamid.3", False)]


@pytest.mark.parametrize("problem", [NotSent("no line"), NoAnswer("silence")])
def test_a_provider_that_is_away_is_asked_a_few_times_and_then_let_be(
    unread: Conversation, phone: Phone, problem: Exception
) -> None:
    phone.answer = fail(problem)
    receipts.read(unread)
    now = timezone.now()
    for _ in range(10):
        receipts.send_due(now)
        now += timedelta(minutes=30)
    assert len(phone.told) == receipts.MOST_ATTEMPTS
    assert due_at(unread) is None


def test_a_provider_that_comes_back_is_told(unread: Conversation, phone: Phone) -> None:
    phone.answer = fail(NotSent("no line"))
    receipts.read(unread)
    receipts.send_due()
    phone.answer = lambda: None
    assert receipts.send_due(timezone.now() + timedelta(minutes=1)) == 1
    assert due_at(unread) is None


def test_a_refusal_is_final(unread: Conversation, phone: Phone) -> None:
    phone.answer = fail(SendFailed(ProviderError("131009", "No")))
    receipts.read(unread)
    receipts.send_due()
    assert (len(phone.told), due_at(unread)) == (1, None)


def test_what_a_dead_worker_left_is_told_after_its_lease(unread: Conversation, phone: Phone) -> None:
    receipts.read(unread)
    now = timezone.now()
    receipts._claim(now)
    assert receipts.send_due(now + timedelta(seconds=30)) == 0
    assert receipts.send_due(now + receipts.LEASE + timedelta(seconds=1)) == 1


def test_what_kills_every_worker_is_let_be(unread: Conversation, phone: Phone) -> None:
    receipts.read(unread)
    now = timezone.now()
    for _ in range(receipts.MOST_ATTEMPTS):
        assert receipts._claim(now)
        now += receipts.LEASE + timedelta(seconds=1)
    assert receipts._claim(now) == []
    assert due_at(unread) is None


@pytest.mark.parametrize("state", [ChannelState.PAUSED, ChannelState.DISCONNECTED, ChannelState.RECONNECT])
def test_a_channel_that_does_not_send_tells_nothing(unread: Conversation, phone: Phone, state: str) -> None:
    Channel.objects.update(state=state)
    receipts.read(unread)
    assert receipts.send_due() == 0
    assert phone.told == []


def test_a_damaged_secret_stops_nobody_else(unread: Conversation, phone: Phone) -> None:
    Channel.objects.update(token="damaged")
    receipts.read(unread)
    assert receipts.send_due() == 0
    assert due_at(unread) is None


def test_resolving_and_messages_older_than_the_provider_knows_tell_nothing(
    conversation: Conversation, phone: Phone
) -> None:
    _write(conversation, "wamid.old", at=NOW - timedelta(days=31))
    conversation.refresh_from_db()
    assert receipts.read(conversation)
    _write(conversation, "wamid.new")
    conversations.resolve(conversation)
    assert receipts.send_due() == 0


def test_typing_is_told_at_most_every_twenty_seconds(unread: Conversation, phone: Phone) -> None:
    moments = [0, 5, 19, 20, 41]
    wished = [receipts.show_typing(unread, NOW + timedelta(seconds=second)) for second in moments]
    assert wished == [True, False, False, True, True]
    receipts.send_due(NOW + timedelta(seconds=42))
    assert phone.told == [("wamid.2", True)]


def test_a_late_typing_sign_is_left_out(unread: Conversation, phone: Phone) -> None:
    receipts.show_typing(unread, NOW)
    receipts.send_due(NOW + timedelta(seconds=25))
    assert phone.told == [("wamid.2", False)]


def test_nobody_types_into_a_closed_window(unread: Conversation, phone: Phone) -> None:
    unread.last_inbound_at = NOW - timedelta(hours=25)
    assert not receipts.show_typing(unread, NOW)


def test_the_wish_is_announced_and_the_row_of_due_work_outlives_it(
    inside: Company, unread: Conversation, phone: Phone
) -> None:
    receipts.read(unread)
    assert DueWork.objects.get(kind=receipts.RECEIPTS, company=inside).due_at <= timezone.now()
    tasks.send_receipts(inside.schema_name)
    assert DueWork.objects.get(kind=receipts.RECEIPTS, company=inside).due_at > timezone.now() + timedelta(hours=1)
