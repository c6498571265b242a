"""What providers report, in any order and however often, ends in the same row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from messaging.channels.base import ProviderError, Report, StatusReport
from messaging.channels.models import Channel, ChannelState
from messaging.conversations.models import Conversation
from messaging.live.models import LiveEvent
from messaging.messages import claiming
from messaging.messages.claiming import Change
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.services import retry
from messaging.messages.status import record_reports
from tests.messaging.messages.conftest import later, queue

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICING = {"billable": True, "type": "regular", "category": "utility"}


def report(
    what: Report, message: Message | None = None, *, external_id: str = "wamid.1", **fields: Any
) -> StatusReport:
    values: dict[str, Any] = {"at": START, "reference": message.public_id if message else "", **fields}
    if what == Report.FAILED:
        values.setdefault("error", ProviderError("131026", "Undeliverable"))
    return StatusReport(external_id, what, **values)


def sent(conversation: Conversation, **fields: Any) -> Message:
    return queue(conversation, **{"state": "sent", "external_id": "wamid.1", "attempts": 1, **fields})


def test_a_message_moves_forward_and_keeps_every_time(conversation: Conversation) -> None:
    message = sent(conversation)
    reports = [
        report(Report.READ, at=START + timedelta(seconds=9)),
        report(Report.SENT),
        report(Report.DELIVERED, at=START + timedelta(seconds=4), pricing=PRICING),
    ]
    assert record_reports(conversation.channel, reports) == 1
    read = later(message)
    assert (read.state, read.sent_at, read.delivered_at) == ("read", START, START + timedelta(seconds=4))
    assert (read.read_at, read.pricing) == (START + timedelta(seconds=9), PRICING)


def test_a_repeated_or_late_report_moves_nothing(conversation: Conversation) -> None:
    sent(conversation)
    assert record_reports(conversation.channel, [report(Report.READ)]) == 1
    assert record_reports(conversation.channel, [report(Report.READ), report(Report.SENT)]) == 0


def test_a_failure_counts_only_below_delivered_and_delivery_beats_it(conversation: Conversation) -> None:
    message = sent(conversation)
    record_reports(conversation.channel, [report(Report.FAILED)])
    assert (later(message).state, later(message).error_code) == ("failed", "131026")
    record_reports(conversation.channel, [report(Report.DELIVERED)])
    assert later(message).state == "delivered"
    record_reports(conversation.channel, [report(Report.FAILED)])
    assert later(message).state == "delivered"


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_report_before_our_own_commit_finds_its_message_by_reference(conversation: Conversation, state: str) -> None:
    message = queue(conversation)
    (claimed,) = claiming.claim(conversation.channel, Lane.REPLIES, timezone.now(), 1)
    Message.objects.update(state=state)
    assert record_reports(conversation.channel, [report(Report.DELIVERED, message)]) == 1
    assert (later(message).state, later(message).external_id) == ("delivered", "wamid.1")
    late = Change(claimed, MessageState.SENT, external_id="wamid.1")
    assert claiming.record([late], timezone.now()) == []
    assert later(message).state == "delivered"


def test_the_failure_of_an_earlier_attempt_says_nothing_of_the_next(conversation: Conversation) -> None:
    message = queue(conversation, state="sending", attempts=2)
    assert record_reports(conversation.channel, [report(Report.FAILED, message)]) == 0
    assert later(message).state == "sending"
    second = report(Report.FAILED, external_id="wamid.2", reference=f"{message.public_id}.2")
    assert record_reports(conversation.channel, [second]) == 1


def test_an_earlier_attempt_that_arrived_ends_the_wish_to_send_again(conversation: Conversation) -> None:
    message = queue(conversation, attempts=1)
    assert record_reports(conversation.channel, [report(Report.DELIVERED, message)]) == 1
    assert claiming.claim(conversation.channel, Lane.REPLIES, timezone.now(), 1) == []


def refused_and_retried(conversation: Conversation) -> Message:
    """Its first attempt was taken and then refused; somebody asked for another one."""
    message = sent(conversation)
    error = ProviderError("131016", "Not now")
    record_reports(conversation.channel, [report(Report.FAILED, message, error=error, at=START + timedelta(seconds=1))])
    return retry(later(message))


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
def test_what_was_refused_is_not_sent_by_a_late_report_that_it_was(conversation: Conversation, state: str) -> None:
    message = refused_and_retried(conversation)
    Message.objects.update(state=state, attempts=1 if state == "queued" else 2)
    for _ in range(2):
        assert record_reports(conversation.channel, [report(Report.SENT, message, pricing=PRICING)]) == 0
    row = later(message)
    assert (row.state, row.external_id, row.sent_at, row.pricing) == (state, "", None, {})


def test_a_refused_attempt_that_arrived_all_the_same_is_not_sent_again(conversation: Conversation) -> None:
    message = refused_and_retried(conversation)
    both = [report(Report.SENT, message), report(Report.DELIVERED, message, at=START + timedelta(seconds=5))]
    assert record_reports(conversation.channel, both) == 1
    assert later(message).state == "delivered"
    assert claiming.claim(conversation.channel, Lane.REPLIES, timezone.now(), 1) == []


def test_of_an_attempt_nobody_heard_of_the_report_that_it_was_sent_ends_the_next(conversation: Conversation) -> None:
    message = queue(conversation, state="unknown", attempts=1)
    retry(message)
    assert record_reports(conversation.channel, [report(Report.SENT, message)]) == 1
    assert later(message).state == "sent"


def test_the_next_attempt_s_own_reports_count(conversation: Conversation) -> None:
    message = refused_and_retried(conversation)
    (claimed,) = claiming.claim(conversation.channel, Lane.REPLIES, timezone.now(), 1)
    own = report(Report.SENT, message, external_id="wamid.2", reference=claimed.message.reference)
    assert record_reports(conversation.channel, [own]) == 1
    assert (later(message).state, later(message).external_id) == ("sent", "wamid.2")


def test_a_parked_message_that_left_after_all_is_sent(conversation: Conversation) -> None:
    message = queue(conversation, state="failed", error_code=claiming.POISONED, attempts=1)
    record_reports(conversation.channel, [report(Report.SENT, message)])
    assert later(message).state == "sent"


def test_reports_of_another_channel_or_of_strangers_find_nothing(conversation: Conversation) -> None:
    message = sent(conversation)
    other = make_channel_beside(conversation)
    assert record_reports(other, [report(Report.READ), report(Report.READ, message, external_id="x")]) == 0
    assert record_reports(conversation.channel, [report(Report.READ, external_id="x", reference="not.ours")]) == 0
    assert later(message).state == "sent"


def make_channel_beside(conversation: Conversation) -> Channel:
    channel = Channel.objects.get(pk=conversation.channel_id)
    return Channel.objects.create(kind="whatsapp", name="Other", external_id="other", token=channel.token)


def test_one_id_told_of_two_messages_costs_neither(conversation: Conversation) -> None:
    first, second = queue(conversation, state="unknown"), queue(conversation, state="unknown")
    assert record_reports(conversation.channel, [report(Report.SENT, first), report(Report.SENT, second)]) == 2
    assert sorted(later(message).external_id for message in (first, second)) == ["", "wamid.1"]


def test_open_browsers_are_told_once_for_a_batch(conversation: Conversation) -> None:
    for number in range(5):
        sent(conversation, external_id=f"wamid.{number}")
    record_reports(conversation.channel, [report(Report.READ, external_id=f"wamid.{n}") for n in range(5)])
    (event,) = LiveEvent.objects.filter(kind="messages")
    assert len(event.payload["messages"]) == 5


def test_a_reported_error_that_stops_the_number_pauses_the_channel(conversation: Conversation) -> None:
    sent(conversation)
    record_reports(conversation.channel, [report(Report.FAILED, error=ProviderError("131042", "Payment"))])
    conversation.channel.refresh_from_db()
    assert conversation.channel.state == ChannelState.PAUSED


def test_an_error_of_the_old_token_does_not_stop_a_channel_that_was_connected_anew(conversation: Conversation) -> None:
    sent(conversation)
    before = conversation.channel
    Channel.objects.update(token="a new one")
    record_reports(before, [report(Report.FAILED, error=ProviderError("190", "Token"))])
    assert Channel.objects.get(pk=before.pk).state == ChannelState.CONNECTED


@pytest.fixture
def row(conversation: Conversation) -> Message:
    return queue(conversation)


REPORTS = st.builds(
    lambda what, seconds, by_reference: (what, seconds, by_reference),
    st.sampled_from(list(Report)),
    st.integers(0, 5),
    st.booleans(),
)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(REPORTS, min_size=1, max_size=8), data=st.data())
def test_any_order_and_any_repetition_ends_in_the_same_row(row: Message, told: list[Any], data: st.DataObject) -> None:
    state = data.draw(st.sampled_from(["sending", "unknown", "sent"]))
    again = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=4))))
    assert _end(row, state, [told]) == _end(row, state, [[one] for one in again])


def _end(row: Message, state: str, batches: list[list[Any]]) -> dict[str, Any]:
    """The row after these batches, from the same start."""
    cleared = dict.fromkeys(["sent_at", "delivered_at", "read_at", "failed_at", "lease_until"])
    known = "wamid.1" if state == "sent" else ""
    Message.objects.filter(pk=row.pk).update(
        state=state, external_id=known, error_code="", error_details="", attempts=1, pricing={}, **cleared
    )
    for batch in batches:
        record_reports(
            row.channel,
            [
                report(what, row if by_reference or not known else None, at=START + timedelta(seconds=seconds))
                for what, seconds, by_reference in batch
            ],
        )
    return Message.objects.filter(pk=row.pk).values().get()
