"""From a provider's reports to usage: whatever order they come in, a delivered message is counted once, as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from billing.usage.models import UsageRecord
from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Message
from messaging.messages.status import record_reports
from tests.messaging.messages.conftest import queue

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
REGULAR = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
ARRIVED = {Report.DELIVERED, Report.READ}
EARLY = {**REGULAR, "category": "marketing"}


def told(what: Report, message: Message, **fields: Any) -> StatusReport:
    return StatusReport(message.external_id, what, **{"at": START, **fields})


def sent(conversation: Conversation, number: int = 1, **fields: Any) -> Message:
    return queue(conversation, **{"state": "sent", "external_id": f"wamid.{number}", "attempts": 1, **fields})


def standing() -> list[UsageRecord]:
    return list(UsageRecord.objects.standing().in_order())


def test_a_delivered_message_is_counted_in_the_transaction_that_moves_it(conversation: Conversation) -> None:
    message = sent(conversation, author_id=7)
    with transaction.atomic():
        record_reports(conversation.channel, [told(Report.DELIVERED, message, pricing=REGULAR)])
        assert len(standing()) == 1
        transaction.set_rollback(True)
    assert standing() == []
    record_reports(conversation.channel, [told(Report.DELIVERED, message, pricing=REGULAR)])
    (record,) = standing()
    assert (record.category, record.pricing_type, record.verified) == ("utility", "regular", True)
    assert (record.market, record.origin, record.author_id) == ("Germany", "reply", 7)
    assert (record.number, record.account_external_id) == ("106540352242922", "waba")
    assert (record.message_public_id, record.conversation_public_id) == (message.public_id, conversation.public_id)
    assert record.occurred_at == START


@pytest.mark.parametrize("what", [Report.SENT, Report.FAILED])
def test_what_did_not_arrive_is_not_counted(conversation: Conversation, what: Report) -> None:
    record_reports(conversation.channel, [told(what, sent(conversation), pricing=REGULAR)])
    assert standing() == []


def test_read_counts_where_delivered_is_skipped(conversation: Conversation) -> None:
    record_reports(conversation.channel, [told(Report.READ, sent(conversation), pricing=REGULAR)])
    assert len(standing()) == 1


def test_a_failure_after_delivery_takes_nothing_back(conversation: Conversation) -> None:
    message = sent(conversation)
    record_reports(conversation.channel, [told(Report.DELIVERED, message, pricing=REGULAR)])
    record_reports(conversation.channel, [told(Report.FAILED, message)])
    assert UsageRecord.objects.count() == 1


def test_the_price_of_the_delivery_beats_that_of_the_sending(conversation: Conversation) -> None:
    message = sent(conversation)
    record_reports(
        conversation.channel,
        [told(Report.SENT, message, pricing=EARLY), told(Report.DELIVERED, message, pricing=REGULAR)],
    )
    assert [record.category for record in standing()] == ["utility"]


@pytest.mark.parametrize("order", [(0, 1, 0), (1, 0, 1), (1, 0, 0)], ids=str)
def test_of_two_prices_after_the_sending_the_newest_stays_whatever_is_told_again(
    conversation: Conversation, order: tuple[int, ...]
) -> None:
    message = sent(conversation)
    reports = [
        told(Report.DELIVERED, message, pricing=EARLY),
        told(Report.READ, message, at=START + timedelta(seconds=5), pricing=REGULAR),
    ]
    for place in order:
        record_reports(conversation.channel, [reports[place]])
    assert [record.category for record in standing()] == ["utility"]
    before = UsageRecord.objects.count()
    record_reports(conversation.channel, reports)
    record_reports(conversation.channel, reports[:1])
    assert (UsageRecord.objects.count(), [one.category for one in standing()]) == (before, ["utility"])


def test_two_prices_of_one_second_end_alike_in_any_order(conversation: Conversation) -> None:
    ends = set()
    for number, order in enumerate([(EARLY, REGULAR), (REGULAR, EARLY), (EARLY, REGULAR, EARLY)]):
        message = sent(conversation, number)
        for pricing in order:
            record_reports(conversation.channel, [told(Report.DELIVERED, message, pricing=pricing)])
        ends.add(Message.objects.get(pk=message.pk).pricing["category"])
    assert len(ends) == 1


def test_a_price_of_the_delivery_that_comes_after_an_unpriced_reading_counts(conversation: Conversation) -> None:
    message = sent(conversation)
    record_reports(conversation.channel, [told(Report.SENT, message, pricing=EARLY)])
    record_reports(conversation.channel, [told(Report.READ, message, at=START + timedelta(seconds=5))])
    record_reports(conversation.channel, [told(Report.DELIVERED, message, pricing=REGULAR)])
    assert [record.category for record in standing()] == ["utility"]


def test_without_a_price_at_delivery_that_of_the_sending_counts(conversation: Conversation) -> None:
    message = sent(conversation)
    record_reports(conversation.channel, [told(Report.SENT, message, pricing=EARLY)])
    record_reports(conversation.channel, [told(Report.DELIVERED, message)])
    assert [(record.category, record.verified) for record in standing()] == [("marketing", True)]


def test_without_any_price_our_own_guess_counts_until_the_provider_tells(conversation: Conversation) -> None:
    account = conversation.channel.account_external_id
    MessageTemplate.objects.create(
        account_external_id=account, external_id="1", name="code", language="de", category="AUTHENTICATION", status="x"
    )
    template = {"type": "template", "content": {"name": "code", "language": "de"}}
    known, unknown = sent(conversation, 1, **template), sent(conversation, 2, **{**template, "content": {"name": "x"}})
    text = sent(conversation, 3)
    record_reports(conversation.channel, [told(Report.DELIVERED, one) for one in (known, unknown, text)])
    guessed = {record.message_public_id: (record.category, record.verified) for record in standing()}
    assert guessed == {
        known.public_id: ("authentication", False),
        unknown.public_id: ("marketing", False),
        text.public_id: ("service", False),
    }
    record_reports(conversation.channel, [told(Report.READ, text, pricing=REGULAR)])
    assert UsageRecord.objects.standing().get(message_public_id=text.public_id).category == "utility"


def test_a_person_known_by_a_user_id_alone_has_a_market(conversation: Conversation) -> None:
    ChannelIdentity.objects.filter(pk=conversation.identity_id).update(external_id="BR.4711")
    record_reports(conversation.channel, [told(Report.DELIVERED, sent(conversation, identity_id=None))])
    (record,) = standing()
    assert (record.market, record.market_found_by) == ("Brazil", "user_id")


def test_a_channel_without_a_rate_card_is_not_counted(conversation: Conversation) -> None:
    Channel.objects.update(kind="messenger")
    channel = Channel.objects.get(pk=conversation.channel_id)
    assert record_reports(channel, [told(Report.DELIVERED, sent(conversation))]) == 1
    assert standing() == []


def test_counting_costs_one_statement_and_reading_none(conversation: Conversation) -> None:
    first, second = sent(conversation, 1), sent(conversation, 2)
    record_reports(conversation.channel, [told(Report.DELIVERED, first, pricing=REGULAR)])
    delivered = _asked(lambda: record_reports(conversation.channel, [told(Report.DELIVERED, second, pricing=REGULAR)]))
    read = _asked(lambda: record_reports(conversation.channel, [told(Report.READ, second)]))
    assert delivered - read == 1


def _asked(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


# A message is priced twice: when it is sent, and when it is delivered or, where that is skipped, when it is read.
Reports = list[tuple[int, Report, int, bool]]
TOLD = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(list(Report)), st.integers(0, 40), st.booleans()),
    min_size=1,
    max_size=10,
)


@pytest.fixture
def messages(conversation: Conversation) -> list[Message]:
    return [sent(conversation, number) for number in range(3)]


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=TOLD, data=st.data())
def test_any_order_of_reports_leaves_the_usage_a_slow_count_would(
    messages: list[Message], reports: Reports, data: st.DataObject
) -> None:
    """I-01: repeated, late and disordered reports, in batches of any size, against a look at all of them together."""
    again = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=5))))
    size = data.draw(st.integers(1, 6))
    with transaction.atomic():
        for start in range(0, len(again), size):
            record_reports(
                messages[0].channel, [_report(messages, reports, *one) for one in again[start : start + size]]
            )
        found = {
            record.message_public_id: (record.occurred_at, record.category, record.verified) for record in standing()
        }
        assert found == _oracle(messages, reports)
        transaction.set_rollback(True)


def _report(
    messages: list[Message],
    reports: Reports,
    number: int,
    what: Report,
    hours: int,
    _: bool,
) -> StatusReport:
    pricing = _pricing(reports, number, what)
    return told(what, messages[number], at=START + timedelta(hours=hours), pricing=pricing)


def _pricing(reports: Reports, number: int, what: Report) -> dict[str, Any]:
    """Whether this kind of report is priced is the same however often it comes."""
    priced = any(flag for one, kind, _, flag in reports if (one, kind) == (number, what))
    carries = {Report.SENT: EARLY, Report.DELIVERED: REGULAR, Report.READ: REGULAR}
    return carries.get(what, {}) if priced else {}


def _oracle(messages: list[Message], reports: Reports) -> dict[str, Any]:
    expected = {}
    for number, message in enumerate(messages):
        arrived = [
            hours for one, what, hours, _ in reports if one == number and what in {Report.DELIVERED, Report.READ}
        ]
        if not arrived:
            continue
        told_of = {what for one, what, _, _ in reports if one == number}
        priced = {what: pricing for what in told_of if (pricing := _pricing(reports, number, what))}
        late = Report.DELIVERED in priced or Report.READ in priced
        category = "utility" if late else "marketing" if Report.SENT in priced else "service"
        at = START + timedelta(hours=min(arrived))
        expected[message.public_id] = (at, category, bool(priced))
    return expected
