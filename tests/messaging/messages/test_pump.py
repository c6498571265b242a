"""The pump: what leaves, in which order, how often, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.channels.base import Accepted, NoAnswer, NotSent, OutboundMessage
from messaging.channels.models import Channel, ChannelState, SendingLane
from messaging.conversations.models import Conversation
from messaging.live.models import LiveEvent
from messaging.message_templates.models import MessageTemplate
from messaging.messages import claiming, lanes, pump
from messaging.messages.decisions import put_back
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.waiting import disconnect
from tenants.models import Company, DueWork
from tenants.services.audit import Actor
from tests.messaging.messages.conftest import Provider, later, make_channel, make_conversation, queue, refusing

Run = Callable[..., Any]


def raising(error: Exception) -> Callable[[OutboundMessage], Accepted]:
    def behave(message: OutboundMessage) -> Accepted:
        raise error

    return behave


def test_what_is_queued_is_sent_and_keeps_the_provider_s_id(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    assert run().sent == 1
    sent = later(message)
    assert (sent.state, sent.external_id, sent.attempts) == ("sent", f"wamid.{message.public_id}", 1)
    assert sent.sent_at is not None
    assert provider.asked[0].to.phone == conversation.identity.external_id


def test_open_browsers_hear_of_an_answer_that_left(conversation: Conversation, provider: Provider, run: Run) -> None:
    message = queue(conversation)
    run()
    told = LiveEvent.objects.get(kind="messages").payload["messages"]
    assert told == [{"message": message.public_id, "conversation": conversation.public_id, "state": "sent"}]


def test_messages_to_one_person_leave_one_at_a_time_and_in_order(
    channel: Channel, provider: Provider, run: Run
) -> None:
    people = [make_conversation(channel, number) for number in range(3)]
    expected = {person.identity.external_id: [queue(person).public_id for _ in range(5)] for person in people}
    run()
    got: dict[str, list[str]] = {phone: [] for phone in expected}
    for asked in provider.asked:
        got[asked.to.phone].append(asked.reference)
    assert got == expected
    assert provider.most_at_once == 1


def test_a_later_message_waits_for_an_earlier_one_that_is_put_off(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    queue(conversation, due_at=timezone.now() + timedelta(minutes=1))
    second = queue(conversation)
    run()
    assert provider.asked == []
    assert later(second).state == "queued"


def test_an_answer_overtakes_a_broadcast_to_the_same_person(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    queue(conversation, Lane.BULK)
    answer = queue(conversation)
    run()
    assert provider.references == [answer.public_id]


def test_a_person_s_lanes_are_never_in_flight_at_once(conversation: Conversation) -> None:
    queue(conversation, Lane.BULK)
    queue(conversation)
    now = timezone.now()
    assert len(claiming.claim(conversation.channel, Lane.BULK, now, 10)) == 1
    assert claiming.claim(conversation.channel, Lane.REPLIES, now, 10) == []
    assert claiming.is_held_up(conversation.channel, Lane.REPLIES, now)


@pytest.mark.parametrize("state", [ChannelState.PAUSED, ChannelState.RECONNECT, ChannelState.DISCONNECTED])
def test_a_channel_that_does_not_send_keeps_its_queue(
    conversation: Conversation, provider: Provider, run: Run, state: str
) -> None:
    message = queue(conversation)
    Channel.objects.update(state=state)
    assert not run().again
    assert (provider.asked, later(message).state) == ([], "queued")


def test_a_refused_token_stops_the_channel_and_keeps_the_queue(channel: Channel, provider: Provider, run: Run) -> None:
    messages = [queue(make_conversation(channel, number)) for number in range(3)]
    provider.behave = refusing("190", http_status=401)
    assert not run().again
    channel.refresh_from_db()
    assert channel.state == ChannelState.RECONNECT
    assert "190" in channel.state_reason
    assert {(later(message).state, later(message).attempts) for message in messages} == {("queued", 0)}
    Channel.objects.update(state=ChannelState.CONNECTED)
    provider.behave = None
    run()
    assert {later(message).state for message in messages} == {"sent"}


def test_a_damaged_token_asks_for_a_new_connection(conversation: Conversation, provider: Provider, run: Run) -> None:
    message = queue(conversation)
    Channel.objects.update(token="damaged")
    assert not run().again
    conversation.channel.refresh_from_db()
    assert (conversation.channel.state, later(message).state) == (ChannelState.RECONNECT, "queued")


def test_a_message_without_an_address_fails(conversation: Conversation, run: Run) -> None:
    message = queue(conversation, identity_id=None)
    run()
    assert (later(message).state, later(message).error_code) == ("failed", "no_address")


def test_an_error_that_pauses_the_number_pauses_the_channel(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    provider.behave = refusing("131048")
    run()
    conversation.channel.refresh_from_db()
    assert (conversation.channel.state, later(message).state) == (ChannelState.PAUSED, "queued")


def test_a_permanent_refusal_fails_the_message_with_its_code(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    provider.behave = refusing("131026")
    run()
    failed = later(message)
    assert (failed.state, failed.error_code, failed.error_details) == ("failed", "131026", "No: not now")
    assert failed.failed_at is not None


def test_the_pair_limit_delays_only_that_person(channel: Channel, provider: Provider, run: Run) -> None:
    first, other = queue(make_conversation(channel, 1)), queue(make_conversation(channel, 2))
    provider.behave = refusing("131056", times=1, retry_after=7)
    before = timezone.now()
    run()
    assert later(first).state == "queued"
    assert later(first).due_at >= before + timedelta(seconds=7)
    assert later(other).state == "sent"


def test_the_number_s_limit_rests_the_channel_and_fails_nothing(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    provider.behave = refusing("130429", retry_after=5)
    run()
    conversation.channel.refresh_from_db()
    assert conversation.channel.resting_until > timezone.now()
    assert (later(message).state, later(message).attempts) == ("queued", 0)


def test_a_passing_fault_is_tried_again_until_its_tries_are_over(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    provider.behave = refusing("131016", http_status=503)
    states = []
    for _ in range(6):
        Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        Channel.objects.update(resting_until=None)
        run()
        states.append(later(message).state)
    assert states == ["queued"] * 5 + ["failed"]


def test_without_a_connection_nothing_was_sent_and_no_try_is_lost(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation)
    provider.behave = raising(NotSent("refused"))
    run()
    assert (later(message).state, later(message).attempts) == ("queued", 0)


@pytest.mark.parametrize("error", [NoAnswer("time-out"), RuntimeError("a fault of our own")])
def test_an_outcome_nobody_knows_waits_for_its_report(
    conversation: Conversation, provider: Provider, run: Run, error: Exception
) -> None:
    message = queue(conversation)
    provider.behave = raising(error)
    run()
    unknown = later(message)
    assert unknown.state == "unknown"
    assert unknown.lease_until > timezone.now() + timedelta(seconds=80)
    assert DueWork.objects.get(kind="deliver-replies").due_at == unknown.lease_until


def test_a_silent_answer_asks_a_person_and_is_never_sent_again_by_itself(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation, state="unknown", lease_until=timezone.now())
    run()
    assert later(message).asks_a_person()
    run(clock=lambda: timezone.now() + timedelta(days=1))
    assert provider.asked == []


@pytest.mark.parametrize(("category", "state"), [("UTILITY", "sent"), ("MARKETING", "unknown")])
def test_a_silent_broadcast_row_goes_again_only_when_it_is_useful(
    conversation: Conversation, provider: Provider, run: Run, category: str, state: str
) -> None:
    MessageTemplate.objects.create(
        account_external_id="waba", name="order", language="de", category=category, status="approved"
    )
    message = queue(
        conversation,
        Lane.BULK,
        type="template",
        content={"name": "order", "language": "de"},
        state="unknown",
        attempts=1,
        lease_until=timezone.now(),
    )
    run(Lane.BULK)
    assert later(message).state == state
    assert provider.references == ([f"{message.public_id}.2"] if state == "sent" else [])


def test_an_attempt_whose_worker_died_is_unknown_and_not_sent_again(
    conversation: Conversation, provider: Provider, run: Run
) -> None:
    message = queue(conversation, state="sending", attempts=1, attempt_token="dead", lease_until=timezone.now())
    run()
    assert (later(message).state, later(message).lost_attempts, provider.asked) == ("unknown", 1, [])


def test_a_message_that_kills_three_workers_is_parked(conversation: Conversation, provider: Provider, run: Run) -> None:
    message = queue(conversation, state="sending", lost_attempts=2, attempt_token="dead", lease_until=timezone.now())
    run()
    assert (later(message).state, later(message).error_code) == ("failed", claiming.POISONED)
    assert provider.asked == []


def test_a_late_outcome_of_another_attempt_changes_nothing(conversation: Conversation) -> None:
    message = queue(conversation)
    now = timezone.now()
    (first,) = claiming.claim(conversation.channel, Lane.REPLIES, now, 1)
    Message.objects.update(state="queued", attempt_token="")
    (second,) = claiming.claim(conversation.channel, Lane.REPLIES, now, 1)
    assert claiming.record([claiming.Change(first, MessageState.FAILED, code="x")], now) == []
    assert later(message).state == "sending"
    assert claiming.record([claiming.Change(second, MessageState.SENT, external_id="wamid.2")], now)
    assert later(message).external_id == "wamid.2"


def test_one_id_for_two_messages_costs_neither_its_outcome(channel: Channel, provider: Provider, run: Run) -> None:
    messages = [queue(make_conversation(channel, number)) for number in range(3)]
    provider.behave = lambda message: Accepted(external_id="wamid.same")
    run()
    assert {later(message).state for message in messages} == {"sent"}
    assert sorted(later(message).external_id for message in messages) == ["", "", "wamid.same"]


def test_a_pump_that_lost_its_lane_claims_nothing(channel: Channel, conversation: Conversation) -> None:
    queue(conversation)
    now = timezone.now()
    hold, _ = lanes.take(Lane.REPLIES, now)
    assert hold
    SendingLane.objects.update(holder="another")
    assert lanes.renew(hold, now) is None


def test_a_lane_is_taken_over_only_when_its_lease_is_over(conversation: Conversation) -> None:
    queue(conversation)
    now = timezone.now()
    assert lanes.take(Lane.REPLIES, now)[0]
    assert lanes.take(Lane.REPLIES, now + lanes.LEASE / 2)[0] is None
    assert lanes.take(Lane.REPLIES, now + lanes.LEASE)[0]


def test_a_company_holds_at_most_half_of_the_workers(inside: Company, channel: Channel, settings: Any) -> None:
    settings.SENDING_WORKERS = 4
    for number in range(4):
        queue(make_conversation(make_channel(inside, external_id=f"other-{number}")))
    now = timezone.now()
    taken = [lanes.take(Lane.REPLIES, now) for _ in range(4)]
    assert [hold is not None for hold, _ in taken] == [True, True, False, False]
    assert [others for _, others in taken] == [1, 0, 0, 0]


def test_after_many_faults_the_channel_rests_and_one_call_ends_it(
    channel: Channel, provider: Provider, run: Run
) -> None:
    for number in range(30):
        queue(make_conversation(channel, number))
    provider.behave = refusing("131016", times=30, http_status=503)
    run()
    channel.refresh_from_db()
    assert channel.resting_until > timezone.now() + timedelta(seconds=25)
    asked = len(provider.asked)
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    run()
    assert len(provider.asked) == asked, "nothing is tried while it rests"
    Channel.objects.update(resting_until=timezone.now())
    provider.behave = refusing("131016", times=1, http_status=503)
    run()
    assert len(provider.asked) == asked + 1, "one call, and it failed"
    Channel.objects.update(resting_until=timezone.now())
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    run()
    channel.refresh_from_db()
    assert channel.resting_until is None
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_the_worker_is_handed_back_after_its_turn(channel: Channel, provider: Provider, run: Run) -> None:
    for number in range(20):
        queue(make_conversation(channel, number))
    Channel.objects.update(messages_per_second=5)
    start = timezone.now()
    ticks = iter(range(10**6))
    delivered = run(Lane.REPLIES, clock=lambda: start + timedelta(seconds=next(ticks)))
    assert delivered.again
    assert 0 < delivered.sent < 20
    assert SendingLane.objects.get(lane=Lane.REPLIES).holder == ""


def queue_many(channel: Channel, many: int) -> None:
    Message.objects.bulk_create(
        Message(
            conversation=(person := make_conversation(channel, number)),
            channel=channel,
            identity=person.identity,
            direction="outbound",
            content={"body": "Hello"},
            state="queued",
            lane=Lane.BULK,
            due_at=timezone.now() - timedelta(seconds=1),
        )
        for number in range(many)
    )


def test_a_queue_that_grew_since_the_planner_looked_is_not_compared_row_by_row(channel: Channel) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {claiming.MESSAGE}")
        queue_many(channel, 400)
        now = timezone.now()
        cursor.execute(f"EXPLAIN {claiming.CLAIM}", [channel.pk, Lane.BULK, now, 500, "token", now])
        claim = " ".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN {claiming.EXPIRE}", {"now": now, "bulk": now, "replies": now})
        expire = " ".join(row[0] for row in cursor.fetchall())
    assert "Anti Join" not in claim
    assert "(identity_id = m" in claim
    assert "message_in_order" not in expire


def test_bulk_needs_few_round_trips(channel: Channel, provider: Provider, run: Run) -> None:
    queue_many(channel, 400)
    with CaptureQueriesContext(connection) as queries:
        assert run(Lane.BULK).sent == 400
    assert len(queries) / 400 < 0.1


def test_what_comes_back_from_a_disconnected_channel_is_not_kept_for_it(
    conversation: Conversation, channel: Channel
) -> None:
    message = queue(conversation)
    now = timezone.now()
    (claimed,) = claiming.claim(channel, Lane.REPLIES, now, 1)
    disconnect(channel, actor=Actor())
    (changed,) = claiming.record([put_back(claimed, now)], now)
    failed = later(message)
    assert (changed.state, failed.state, failed.error_code) == ("failed", "failed", claiming.CHANNEL_GONE)
    assert failed.failed_at == now


def test_a_silent_row_is_not_kept_for_a_disconnected_channel(
    conversation: Conversation, channel: Channel, run: Run
) -> None:
    template = {"name": "order", "language": "de"}
    MessageTemplate.objects.create(account_external_id="waba", category="utility", status="approved", **template)
    silent = {"type": "template", "content": template, "state": "unknown", "lease_until": timezone.now()}
    message = queue(conversation, Lane.BULK, **silent)
    disconnect(channel, actor=Actor())
    run(Lane.BULK)
    assert later(message).asks_a_person()


def test_disconnecting_waits_for_the_pumps_that_are_at_it(channel: Channel) -> None:
    with CaptureQueriesContext(connection) as queries:
        disconnect(channel, actor=Actor())
    statements = [query["sql"] for query in queries]
    waits = next(place for place, sql in enumerate(statements) if "sendinglane" in sql and "FOR UPDATE" in sql)
    assert waits < next(place for place, sql in enumerate(statements) if 'UPDATE "messaging_message"' in sql)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[OperationalError]]:
    """Let the database be away when a function is called, twice; what is left of that."""

    def away(place: Any, name: str) -> list[OperationalError]:
        real, faults = getattr(place, name), [OperationalError("it went away"), OperationalError("it is starting")]

        def broken(what: Any, *rest: Any) -> Any:
            if what and faults:
                raise faults.pop()
            return real(what, *rest)

        monkeypatch.setattr(place, name, broken)
        monkeypatch.setattr(pump.connection, "close", lambda: None)
        return faults

    return away


Away = Callable[[Any, str], list[OperationalError]]


def test_outcomes_are_kept_while_the_database_is_away_for_moments(
    conversation: Conversation, provider: Provider, run: Run, away: Away
) -> None:
    message = queue(conversation)
    faults = away(claiming, "record")
    run()
    assert faults == []
    assert (later(message).state, len(provider.asked)) == ("sent", 1)


def test_a_rest_costs_no_outcome_when_the_database_is_away(
    channel: Channel, conversation: Conversation, provider: Provider, run: Run, away: Away
) -> None:
    message = queue(conversation)
    provider.behave = refusing("130429", retry_after=60)
    faults = away(lanes, "rest")
    run()
    channel.refresh_from_db()
    assert faults == []
    assert (later(message).state, later(message).error_code) == ("queued", "130429")
    assert channel.resting_until


def test_a_refused_token_stops_the_channel_when_the_database_is_away(
    channel: Channel, conversation: Conversation, provider: Provider, run: Run, away: Away
) -> None:
    queue(conversation)
    provider.behave = refusing("190")
    faults = away(pump, "stop_for_errors")
    run()
    channel.refresh_from_db()
    assert (faults, channel.state) == ([], ChannelState.RECONNECT)


def test_what_a_pause_finds_unstarted_is_put_back_when_the_database_is_away(
    channel: Channel, provider: Provider, run: Run, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    Channel.objects.update(messages_per_second=50)
    for number in range(6):
        queue(make_conversation(channel, number))
    real = lanes.renew

    def renew(hold: Any, now: Any) -> Any:
        if provider.asked:
            Channel.objects.update(state=ChannelState.PAUSED)
        return real(hold, now)

    monkeypatch.setattr(lanes, "renew", renew)
    faults = away(claiming, "record")
    run()
    left = len(provider.asked)
    assert faults == []
    assert 0 < left < 6
    assert list(Message.objects.order_by("state").values_list("state", "attempts").annotate(count=Count("pk"))) == [
        ("queued", 0, 6 - left),
        ("sent", 1, left),
    ]
