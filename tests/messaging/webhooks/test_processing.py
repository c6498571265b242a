"""From a stored body to threads, ticks and channels: each element for itself, once, in any order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.channels.base import StatusReport
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import set_state
from messaging.contacts.consent.models import ConsentEvent
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import receiving, status
from messaging.messages.models import Direction, Message, MessageState
from messaging.webhooks import processing, storing
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.tasks import process_webhooks
from tenants.context import company_context
from tenants.models import Company, CompanyState, DueWork, ParkedTask
from tests.conftest import Browser
from tests.messaging.channels.payloads import payload
from tests.messaging.webhooks import meta

Work = Callable[..., None]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[StatusReport]]]:
    """What was handed to the recording of status reports, call by call."""
    calls: list[tuple[str, list[StatusReport]]] = []

    def record(channel: Channel, reports: Sequence[StatusReport]) -> None:
        calls.append((channel.external_id, list(reports)))

    monkeypatch.setattr(status, "record_reports", record)
    return calls


def texts(company: Company) -> list[str]:
    with company_context(company):
        return list(Message.objects.order_by("at", "id").values_list("text", flat=True))


def problems(company: Company) -> list[dict[str, Any]]:
    with company_context(company):
        return [problem for event in WebhookEvent.objects.order_by("id") for problem in event.problems]


# --- Messages ---------------------------------------------------------------------------------------------------------


def test_what_a_person_writes_is_in_their_thread(work: Work, acme: Company) -> None:
    work(meta.said(meta.text(body="Wo ist mein Paket?"), contacts=(meta.person(),)))
    with company_context(acme):
        message = Message.objects.get()
        assert (message.text, message.conversation.contact.name) == ("Wo ist mein Paket?", "Ana")
        assert message.conversation.unread_count == 1
        assert Channel.objects.get().last_inbound_at == message.at


def test_every_entry_and_every_change_counts(work: Work, acme: Company) -> None:
    changes = [meta.change(meta.text(f"wamid.{number}", str(number))) for number in range(6)]
    work(meta.body(meta.entry(*changes[:3]), meta.entry(*changes[3:])))
    assert texts(acme) == ["0", "1", "2", "3", "4", "5"]


def test_the_same_body_and_the_same_message_ten_times_are_one(work: Work, acme: Company) -> None:
    work(*[meta.said(meta.text())] * 10)
    work(*[meta.said(meta.text(), contacts=(meta.person(name=f"Ana {number}"),)) for number in range(10)])
    assert texts(acme) == ["Hi"]
    with company_context(acme):
        assert Conversation.objects.get().unread_count == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_ends_in_the_same_thread(work: Work, acme: Company, order: tuple[int, ...]) -> None:
    bodies = [meta.said(meta.text(f"wamid.{number}", str(number), at=1749416383 + number)) for number in range(3)]
    work(*[bodies[number] for number in order])
    assert texts(acme) == ["0", "1", "2"]
    with company_context(acme):
        conversation = Conversation.objects.get()
        assert (conversation.preview, conversation.unread_count) == ("2", 3)
        assert conversation.last_inbound_at == datetime.fromtimestamp(1749416385, UTC)


def test_what_comes_seven_days_late_keeps_the_provider_s_time(work: Work, acme: Company) -> None:
    written = timezone.now().replace(microsecond=0) - timedelta(days=7)
    work(meta.said(meta.text(at=int(written.timestamp()))))
    with company_context(acme):
        assert Message.objects.get().at == written
        assert not Conversation.objects.get().window_is_open()


def test_messages_for_a_channel_we_do_not_have_are_kept_aside(work: Work, acme: Company) -> None:
    work(meta.body(meta.entry(meta.change(meta.text("wamid.1"), number="999"), meta.change(meta.text("wamid.2")))))
    assert texts(acme) == ["Hi"]
    assert [problem["raw"]["id"] for problem in problems(acme)] == ["wamid.1"]


def test_a_company_s_signature_reaches_nobody_else_s_channel(
    work: Work, acme: Company, globex: Company, globex_channel: Channel
) -> None:
    work(meta.said(meta.text(), number=meta.OTHER_NUMBER))
    assert (texts(acme), texts(globex)) == ([], [])


# --- Broken and unknown -----------------------------------------------------------------------------------------------


def test_good_elements_are_not_lost_for_broken_neighbours(
    work: Work, acme: Company, reported: list[tuple[str, list[StatusReport]]]
) -> None:
    work(payload("batch_with_broken_elements"))
    assert texts(acme) == ["one", "three"]
    assert [report.report for _channel, reports in reported for report in reports] == ["delivered", "sent"]
    # A text without its body, a status that is no object, and a message of a number that is not connected.
    assert len(problems(acme)) == 3
    with company_context(acme):
        assert WebhookEvent.objects.get().processed_at is not None


@pytest.mark.parametrize(
    "broken", [None, 1, "text", [], {}, {"id": "x"}, meta.text("x" * 300), meta.text("wamid.0") | {"from": ""}]
)
def test_a_broken_message_is_kept_with_its_reason(work: Work, acme: Company, broken: Any) -> None:
    work(meta.said(meta.text("wamid.1", "before"), broken, meta.text("wamid.2", "after")))
    assert texts(acme) == ["before", "after"]
    [problem] = problems(acme)
    assert problem["reason"]
    assert problem["raw"] == broken


def test_an_element_that_fails_in_our_own_code_is_kept_aside(
    work: Work, acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = receiving.receive

    def receive(channel: Channel, inbound: Any) -> Message | None:
        if inbound.external_id == "wamid.1":
            raise KeyError("a mistake of ours")
        return real(channel, inbound)

    monkeypatch.setattr(receiving, "receive", receive)
    work(meta.said(meta.text("wamid.1"), meta.text("wamid.2", "fine")))
    assert texts(acme) == ["fine"]
    assert problems(acme)[0]["reason"] == "KeyError: 'a mistake of ours'"


def test_an_unknown_type_is_a_labelled_placeholder(work: Work, acme: Company) -> None:
    work(payload("unknown_type"), payload("unsupported_poll"))
    with company_context(acme):
        kinds = Message.objects.values_list("type", "content__label", "direction")
        assert {kind for kind, _label, _direction in kinds} == {"unsupported"}
        assert all(label and direction == Direction.INBOUND for _kind, label, direction in kinds)


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% load x %}",
    "\u202eexe.gpj",
    "a\u200bb\u2066c\ufeff",
    "👨‍👩‍👧‍👦 می\u200cخواهم",
    "x" * 4096,
    "\\u0000' OR 1=1 --",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_stay_as_they_were_written(work: Work, acme: Company, hostile: str) -> None:
    work(meta.said(meta.text(body=hostile)))
    assert texts(acme) == [hostile]
    with company_context(acme):
        preview = Conversation.objects.get().preview
        assert len(preview) <= 160
        assert not set(preview) & set("\u202e\u2066\u200b\ufeff")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_hold_no_signs_that_turn_or_hide(work: Work, acme: Company, hostile: str) -> None:
    work(meta.said(meta.text(), contacts=(meta.person(name=hostile),)))
    with company_context(acme):
        name = Conversation.objects.get().contact.name
        assert 0 < len(name) <= 120
        assert not set(name) & set("\u202e\u2066\u200b\ufeff")


def test_what_postgresql_cannot_store_is_replaced(work: Work, acme: Company) -> None:
    work(meta.said(meta.text(body="a\0b\ud800c"), contacts=(meta.person(name="\0"),)))
    assert texts(acme) == ["a\ufffdb\ufffdc"]


def test_a_body_the_adapter_cannot_read_is_parked(work: Work, acme: Company) -> None:
    work(b'{"entry": NaN}', meta.said(meta.text()))
    assert texts(acme) == ["Hi"]
    assert [problem["parked"] for problem in problems(acme)] == [True]


# --- Statuses ---------------------------------------------------------------------------------------------------------


def test_status_reports_of_all_bodies_are_recorded_at_once(
    work: Work, reported: list[tuple[str, list[StatusReport]]]
) -> None:
    work(
        *[meta.said(statuses=(meta.status(f"wamid.{number}"), meta.status(f"wamid.{number}b"))) for number in range(9)]
    )
    assert [(channel, len(reports)) for channel, reports in reported] == [(meta.NUMBER, 18)]


def test_ticks_of_our_message_go_forward_in_any_order(work: Work, acme: Company) -> None:
    work(meta.said(meta.text()))
    with company_context(acme):
        ours = Message.objects.create(
            conversation=Conversation.objects.get(),
            channel=Channel.objects.get(),
            direction=Direction.OUTBOUND,
            state=MessageState.SENT,
            external_id="wamid.OUT",
        )
    for said in ("read", "delivered", "sent", "read"):
        work(meta.said(statuses=(meta.status(said=said),)))
    with company_context(acme):
        ours.refresh_from_db()
        assert ours.state == MessageState.READ


def test_one_bad_report_does_not_cost_the_others(work: Work, acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[str] = []

    def record(channel: Channel, reports: Sequence[StatusReport]) -> None:
        if any(report.external_id == "wamid.bad" for report in reports):
            raise ValueError("not this one")
        recorded.extend(report.external_id for report in reports)

    monkeypatch.setattr(status, "record_reports", record)
    work(meta.said(statuses=(meta.status("wamid.1"), meta.status("wamid.bad"), meta.status("wamid.2"))))
    assert recorded == ["wamid.1", "wamid.2"]
    assert [problem["raw"]["id"] for problem in problems(acme)] == ["wamid.bad"]


# --- Claims -----------------------------------------------------------------------------------------------------------


def test_nothing_is_due_when_all_is_done(work: Work, acme: Company) -> None:
    work(meta.said(meta.text()))
    assert not DueWork.objects.filter(kind="webhooks").exists()


def test_the_attempt_is_counted_before_the_work(inside: Company, channel: Channel) -> None:
    storing.store(inside, meta.said(meta.text()), channel=channel)
    [event] = processing.claim(timezone.now())
    assert event.attempts == 1
    assert processing.claim(timezone.now()) == []


def test_a_body_whose_worker_died_is_tried_again_alone(inside: Company, channel: Channel) -> None:
    for number in range(3):
        storing.store(inside, meta.said(meta.text(f"wamid.{number}")), channel=channel)
    assert len(processing.claim(timezone.now())) == 3
    later = timezone.now() + processing.LEASE
    assert [len(processing.claim(later)) for _ in range(4)] == [1, 1, 1, 0]


def test_a_body_no_worker_survives_is_parked_with_its_reason(inside: Company, channel: Channel) -> None:
    storing.store(inside, meta.said(meta.text()), channel=channel)
    now = timezone.now()
    for attempt in range(processing.MOST_ATTEMPTS):
        assert len(processing.claim(now + attempt * processing.LEASE)) == 1
    assert processing.claim(now + processing.MOST_ATTEMPTS * processing.LEASE) == []
    event = WebhookEvent.objects.get()
    assert event.processed_at is not None
    assert event.problems[0]["parked"]


# --- What comes before what it is about -------------------------------------------------------------------------------


def waiting_of(company: Company) -> list[timedelta]:
    """How long each body that is not done waits from now on."""
    with company_context(company):
        leases = WebhookEvent.objects.filter(processed_at=None).values_list("lease_until", flat=True)
        return [lease - timezone.now() for lease in leases if lease]


def after_waiting(company: Company, work: Work) -> None:
    with company_context(company):
        WebhookEvent.objects.filter(processed_at=None).update(lease_until=timezone.now())
    work()


def test_a_reaction_that_comes_before_its_message_waits_for_it(work: Work, acme: Company) -> None:
    work(meta.said(meta.text("wamid.OTHER", "Hallo"), meta.reaction("wamid.IN")))
    assert (texts(acme), problems(acme)) == (["Hallo"], [])
    [wait] = waiting_of(acme)
    assert timedelta(seconds=4) < wait <= processing.SOONEST
    with company_context(acme):
        assert DueWork.objects.get(kind="webhooks").due_at <= timezone.now() + processing.SOONEST
    work(meta.said(meta.text("wamid.IN")))
    after_waiting(acme, work)
    assert (len(texts(acme)), problems(acme), waiting_of(acme)) == (2, [], [])
    with company_context(acme):
        assert Message.objects.get(external_id="wamid.IN").reaction_in == "👍"


def test_a_reaction_before_its_message_in_one_batch_does_not_wait(work: Work, acme: Company) -> None:
    work(meta.said(meta.reaction("wamid.IN")), meta.said(meta.text("wamid.IN")))
    assert waiting_of(acme) == []
    with company_context(acme):
        assert Message.objects.get().reaction_in == "👍"


def test_who_reacts_to_nothing_is_waited_for_longer_and_longer_and_told_of_after_a_day(
    work: Work, acme: Company
) -> None:
    work(meta.said(meta.reaction("wamid.NEVER")))
    for ago, expected in ((timedelta(minutes=9), timedelta(minutes=9)), (timedelta(hours=20), processing.LATEST)):
        with company_context(acme):
            WebhookEvent.objects.update(received_at=timezone.now() - ago)
        after_waiting(acme, work)
        [wait] = waiting_of(acme)
        assert abs(wait - expected) < timedelta(seconds=30)
    with company_context(acme):
        WebhookEvent.objects.update(received_at=timezone.now() - processing.EARLY_FOR)
    after_waiting(acme, work)
    [problem] = problems(acme)
    assert problem["raw"]["id"] == "wamid.REACTION"
    assert waiting_of(acme) == []


def test_bodies_of_another_worker_are_due_when_its_lease_is_over(inside: Company, channel: Channel) -> None:
    storing.store(inside, meta.said(meta.text()), channel=channel)
    [event] = processing.claim(timezone.now())
    processing.process(inside)
    assert DueWork.objects.get(kind="webhooks").due_at == event.lease_until


def test_a_database_that_goes_away_costs_nothing(
    inside: Company, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    storing.store(inside, meta.said(meta.text()), channel=channel)

    def gone(channel: Channel, inbound: Any) -> None:
        raise OperationalError("the connection was closed")

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "receive", gone)
        with pytest.raises(OperationalError):
            processing.process(inside)
    assert WebhookEvent.objects.get().processed_at is None
    assert DueWork.objects.filter(kind="webhooks").exists()
    processing.work_on(processing.claim(timezone.now() + processing.LEASE))
    assert Message.objects.count() == 1


def test_large_bodies_are_taken_few_at_a_time(
    inside: Company, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "MOST_BYTES", 1000)
    for number in range(3):
        storing.store(inside, meta.said(meta.text(f"wamid.{number}", "x" * 600)), channel=channel)
    assert [len(processing.claim(timezone.now())) for _ in range(4)] == [1, 1, 1, 0]


def test_a_turn_ends_and_asks_for_another(inside: Company, channel: Channel) -> None:
    storing.store(inside, meta.said(meta.text()), channel=channel)
    assert processing.process(inside, turn=0) == 0
    assert DueWork.objects.get(kind="webhooks").due_at <= timezone.now()


def test_what_is_stored_while_a_worker_ends_its_round_is_worked_on_by_it(
    inside: Company, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, stored = processing._next_due_at, iter([meta.said(meta.text("wamid.late", "late"))])

    def next_due_at() -> datetime | None:
        for content in stored:
            storing.store(inside, content, channel=channel)
        return real()

    monkeypatch.setattr(processing, "_next_due_at", next_due_at)
    storing.store(inside, meta.said(meta.text()), channel=channel)
    assert processing.process(inside) == 2
    assert not DueWork.objects.filter(kind="webhooks").exists()


def test_the_task_works_for_a_suspended_company(provider: Browser, url: str, acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(state=CompanyState.SUSPENDED)
    meta.post(provider, url, meta.said(meta.text()))
    assert process_webhooks(acme.schema_name) == 1
    assert texts(acme) == ["Hi"]
    assert not ParkedTask.objects.exists()


def test_status_bodies_cost_as_many_queries_for_hundred_as_for_one(
    inside: Company, channel: Channel, reported: list[tuple[str, list[StatusReport]]]
) -> None:
    counts = []
    for many in (1, 100):
        for number in range(many):
            storing.store(inside, meta.said(statuses=(meta.status(f"wamid.{many}.{number}"),)), channel=channel)
        with CaptureQueriesContext(connection) as queries:
            processing.work_on(processing.claim(timezone.now()))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


# --- At the same time -------------------------------------------------------------------------------------------------


def test_ten_first_messages_at_once_are_one_contact_and_one_conversation(for_real: Channel, committed: Any) -> None:
    acme = Company.objects.get(pk=committed.acme)
    for number in range(10):
        content = meta.said(meta.text(f"wamid.{number}", str(number)), contacts=(meta.person(user_id="US.1349"),))
        storing.store(acme, content, channel=for_real)

    def one_worker(number: int) -> None:
        try:
            with company_context(acme):
                event = WebhookEvent.objects.order_by("id")[number]
                processing.work_on([event])
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one_worker, range(10)))
    with company_context(acme):
        conversation = Conversation.objects.get()
        assert conversation.unread_count == conversation.messages.count() == 10
        assert Contact.objects.filter(name="Ana").count() == 1
        assert problems(acme) == []


def test_the_same_body_five_times_at_once_is_worked_on_once(for_real: Channel, committed: Any) -> None:
    acme = Company.objects.get(pk=committed.acme)
    content = meta.said(meta.text(), contacts=(meta.person(),))

    def deliver(_number: int) -> None:
        try:
            storing.store(acme, content, channel=for_real)
            with company_context(acme):
                processing.process(acme)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(deliver, range(5)))
    assert texts(acme) == ["Hi"]
    with company_context(acme):
        assert WebhookEvent.objects.get().attempts == 1


def test_people_seen_by_number_id_or_both_at_once_end_as_one_each(for_real: Channel, committed: Any) -> None:
    """While messages flow, contacts are joined under the workers' hands; nothing is lost and nobody is stuck."""
    acme = Company.objects.get(pk=committed.acme)
    for number in range(90):
        phone, user_id = f"1555000{number % 3:04d}", f"US.{number % 3}"
        shown = ({"from": phone}, {"from": "", "from_user_id": user_id}, {"from": phone, "from_user_id": user_id})
        content = meta.said(meta.text(f"wamid.{number}", str(number)) | shown[number // 3 % 3])
        storing.store(acme, content, channel=for_real)

    def one_worker(worker: int) -> None:
        try:
            with company_context(acme):
                for event in list(WebhookEvent.objects.order_by("id"))[worker::10]:
                    processing.work_on([event])
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one_worker, range(10)))
    assert problems(acme) == []
    with company_context(acme):
        assert sorted(one.messages.count() for one in Conversation.objects.all()) == [30, 30, 30]
        assert sum(one.unread_count for one in Conversation.objects.all()) == 90
        assert Conversation.objects.values("contact").distinct().count() == 3


# --- Accounts, numbers, templates, wishes -----------------------------------------------------------------------------


def now_of(acme: Company) -> Channel:
    with company_context(acme):
        return Channel.objects.get()


def test_a_restriction_pauses_the_channel_with_its_reason(work: Work, acme: Company) -> None:
    work(payload("account_restriction"))
    paused = now_of(acme)
    assert paused.state == ChannelState.PAUSED
    assert paused.state_reason == "ACCOUNT_RESTRICTION RESTRICTED_BIZ_INITIATED_MESSAGING"


def ban(state: str, at: int) -> bytes:
    value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state, "waba_ban_date": "May 2026"}}
    return meta.about("account_update", value, at=at)


def test_a_ban_that_is_lifted_lets_the_channel_go_on(work: Work, acme: Company) -> None:
    work(ban("DISABLE", 1739321024))
    assert now_of(acme).state == ChannelState.PAUSED
    work(ban("REINSTATE", 1739321025))
    assert now_of(acme).state == ChannelState.CONNECTED


def test_a_late_ban_does_not_undo_its_lifting(work: Work, acme: Company) -> None:
    work(ban("REINSTATE", 1739321025), ban("DISABLE", 1739321024))
    assert now_of(acme).state == ChannelState.CONNECTED


def test_what_a_colleague_has_paused_is_not_started_by_an_event(work: Work, acme: Company, channel: Channel) -> None:
    with company_context(acme):
        set_state(channel, ChannelState.PAUSED, reason="")
    work(ban("REINSTATE", 1739321025))
    assert now_of(acme).state == ChannelState.PAUSED


@pytest.mark.parametrize("event", ["ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED"])
def test_an_account_that_is_not_ours_any_more_wants_a_new_connection(work: Work, acme: Company, event: str) -> None:
    work(meta.about("account_update", {"event": event}))
    assert (now_of(acme).state, now_of(acme).state_reason) == (ChannelState.RECONNECT, event)


def test_a_higher_limit_and_speed_are_remembered(work: Work, acme: Company) -> None:
    work(payload("number_quality"))
    assert now_of(acme).health["daily_limit"] == "TIER_10K"
    upgrade = {"display_phone_number": "15550783881", "event": "THROUGHPUT_UPGRADE"}
    work(meta.about("phone_number_quality_update", upgrade, at=1739321099))
    assert now_of(acme).messages_per_second == 1000


def test_news_of_another_number_of_the_account_changes_nothing(work: Work, acme: Company) -> None:
    upgrade = {"display_phone_number": "4930123", "event": "THROUGHPUT_UPGRADE"}
    work(meta.about("phone_number_quality_update", upgrade))
    assert now_of(acme).messages_per_second == 80


def test_a_paused_template_is_paused_here_too(work: Work, acme: Company) -> None:
    with company_context(acme):
        MessageTemplate.objects.create(
            account_external_id=meta.ACCOUNT,
            external_id="1689556908129832",
            name="spring_sale",
            language="en_US",
            category="marketing",
            status="approved",
            synced_at=datetime(2025, 1, 1, tzinfo=UTC),
        )
    work(payload("template_paused"))
    with company_context(acme):
        assert MessageTemplate.objects.get().status == "paused"


def test_a_wish_to_get_no_marketing_stands_in_the_thread_once(work: Work, acme: Company) -> None:
    work(meta.said(meta.text(), contacts=(meta.person(),)))
    wish = json.loads(payload("user_preferences"))
    for _ in range(3):
        wish["entry"][0]["time"] += 1
        work(json.dumps(wish).encode())
    with company_context(acme):
        entry = Message.objects.get(type="preference")
        assert (entry.direction, entry.content["value"]) == (Direction.EVENT, "stop")
        assert Conversation.objects.count() == 1


def test_the_switch_in_the_app_is_a_decision_for_this_number(work: Work, acme: Company) -> None:
    work(meta.said(meta.text(), contacts=(meta.person(),)))
    work(payload("user_preferences"))
    work(payload("user_preferences"))
    with company_context(acme):
        decision = ConsentEvent.objects.get()
        assert (decision.state, decision.source, decision.purpose) == ("opted_out", "provider", "marketing")
        assert decision.channel == Channel.objects.get()


@pytest.mark.parametrize(
    "name", ["field_of_tomorrow", "security_pin", "account_alert", "message_echoes", "group_message"]
)
def test_everything_else_is_stored_and_harmless(work: Work, acme: Company, name: str) -> None:
    work(payload(name))
    assert (texts(acme), problems(acme)) == ([], [])
