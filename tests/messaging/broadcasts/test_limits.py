"""The provider's limit of different people within 24 hours: a broadcast stops before it and goes on by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.broadcasts import feeding, freezing, limits, running
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.totals import totals_of
from messaging.channels.capabilities import WHATSAPP
from messaging.channels.models import Channel
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.messages.models import Lane, Message
from tenants.models import Company
from tests.messaging.broadcasts.conftest import Provider, Run, make_person, started
from tests.messaging.messages.conftest import make_channel, make_conversation, queue

TEMPLATE: dict[str, Any] = {"type": "template", "content": {"name": "sale", "language": "de"}, "state": "sent"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, channel: Channel) -> None:
    """The channel may write to ten people a day, nine of them by broadcasts."""
    monkeypatch.setitem(WHATSAPP.daily_people, "TIER_250", 10)  # type: ignore[arg-type]
    Channel.objects.filter(pk=channel.pk).update(health={"daily_limit": "TIER_250"})
    channel.refresh_from_db()


def written_to(channel: Channel, number: int, *, hours_ago: float = 1, **fields: Any) -> Conversation:
    """A person who got a template of an agent, and wrote long before."""
    conversation = make_conversation(channel, number)
    Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=None)
    queue(conversation, Lane.REPLIES, at=timezone.now() - timedelta(hours=hours_ago), **{**TEMPLATE, **fields})
    return conversation


def count(channel: Channel) -> int:
    people = limits.people_of(channel, timezone.now())
    assert people is not None
    return people.written_to


def test_a_broadcast_stops_before_the_limit_and_goes_on_a_day_later(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run
) -> None:
    for number in range(10, 22):
        make_person(number)
    started(broadcast)
    run()
    assert len(provider.asked) == 9
    assert (totals_of(broadcast).waiting, Broadcast.objects.get().state) == (6, BroadcastState.SENDING)
    again = running.run().again_at
    first = Message.objects.order_by("at")[0].at
    assert again == first + timedelta(hours=24)
    running.run(clock=lambda: again + timedelta(seconds=1))
    assert totals_of(broadcast).waiting == 0


def test_people_are_counted_once_and_for_all_numbers_of_the_account(channel: Channel, inside: Company) -> None:
    other = make_channel(inside, external_id="2", account_external_id=channel.account_external_id)
    foreign = make_channel(inside, external_id="3", account_external_id="another")
    twice = written_to(channel, 1)
    queue(twice, Lane.REPLIES, **TEMPLATE)
    written_to(other, 2)
    written_to(foreign, 3)
    assert count(channel) == 2


@pytest.mark.parametrize(
    "fields", [{"state": "failed"}, {"hours_ago": 25}, {"type": "text"}], ids=["failed", "long ago", "text"]
)
def test_what_did_not_begin_a_conversation_today_does_not_count(channel: Channel, fields: dict[str, Any]) -> None:
    written_to(channel, 1, **fields)
    assert count(channel) == 0


def test_a_template_in_an_open_window_does_not_count_and_one_answered_later_does(channel: Channel) -> None:
    inside_window, answered = written_to(channel, 1), written_to(channel, 2)
    now = timezone.now()
    Conversation.objects.filter(pk=inside_window.pk).update(last_inbound_at=now - timedelta(hours=3))
    Conversation.objects.filter(pk=answered.pk).update(last_inbound_at=now)
    assert count(channel) == 1


@pytest.mark.parametrize("word", ["", "UNTIERED", "TIER_UNLIMITED"])
def test_without_a_known_limit_nobody_counts(channel: Channel, word: str) -> None:
    channel.health = {"daily_limit": word}
    with CaptureQueriesContext(connection) as queries:
        assert limits.people_of(channel, timezone.now()) is None
    assert not queries


def test_a_full_day_does_not_keep_a_broadcast_from_its_end(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run
) -> None:
    Contact.objects.all().delete()
    for number in range(9):
        make_person(number)
    freezing.freeze(started(broadcast), {})
    run()
    assert not feeding.feed(broadcast.pk, timezone.now()).again_at
    assert Broadcast.objects.get().state == BroadcastState.COMPLETED
