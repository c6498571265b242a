"""A broadcast's rows: made once, sent once, asked again at the last moment, and always adding up."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies as st

from messaging.broadcasts import feeding, freezing, gates, running, services
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason, SkipReason
from messaging.broadcasts.tasks import run_broadcasts
from messaging.broadcasts.totals import failures_of, skips_of, totals_of
from messaging.channels.base import Address
from messaging.channels.models import Channel, ChannelState
from messaging.contacts import services as contacts
from messaging.contacts.identities import person_behind
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation, ConversationState
from messaging.message_templates.models import MessageTemplate
from messaging.message_templates.services import apply_event
from messaging.messages import pump
from messaging.messages.models import Lane, Message
from messaging.messages.people import Followers
from tenants.context import company_context
from tenants.models import Company, DueWork
from tenants.services import companies, opening
from tests.messaging.broadcasts.conftest import (
    LONG_AGO,
    Provider,
    Run,
    decide,
    make_broadcast,
    make_person,
    make_template,
    opt_out,
    started,
)
from tests.messaging.messages.conftest import make_channel, refusing


def now_as(broadcast: Broadcast) -> Broadcast:
    return Broadcast.objects.select_related("channel", "template").get(pk=broadcast.pk)


def sent_to(provider: Provider) -> list[str]:
    return sorted(message.to.phone for message in provider.asked)


# --- From start to end ------------------------------------------------------------------------------------------------


def test_everybody_who_agreed_gets_it_once(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    started(broadcast)
    run()
    run()
    assert sent_to(provider) == [f"+4915100{number:06}" for number in range(3)]
    assert now_as(broadcast).state == BroadcastState.COMPLETED
    totals = totals_of(broadcast)
    assert (totals.targeted, totals.accepted) == (3, 3)


def test_each_reads_their_own_name(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    Contact.objects.update(name="Ana Berg")
    started(broadcast)
    run()
    assert {str(message.content["body"]) for message in provider.asked} == {"['Ana']"}
    assert set(Message.objects.values_list("text", flat=True)) == {"Hallo Ana, heute gibt es 10 % auf alles."}


def test_a_conversation_of_a_broadcast_waits_for_nobody(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    started(broadcast)
    run()
    assert set(Conversation.objects.values_list("state", flat=True)) == {ConversationState.RESOLVED}


def test_who_is_skipped_is_a_row_with_a_reason(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    make_person(7, agreed=False)
    opt_out(make_person(8))
    started(broadcast)
    run()
    assert dict(skips_of(broadcast)) == {SkipReason.NO_CONSENT: 1, SkipReason.OPTED_OUT: 1}
    assert (totals_of(broadcast).targeted, len(provider.asked)) == (5, 3)


def test_a_row_knows_the_decision_that_allowed_it(broadcast: Broadcast) -> None:
    freezing.freeze(started(broadcast), {"49": "Germany"})
    row = BroadcastRecipient.objects.select_related("consent", "contact").first()
    assert row is not None
    assert row.consent is not None
    assert (row.consent.contact, row.consent.state, row.market) == (row.contact, "opted_in", "Germany")


def test_the_longest_prefix_tells_the_market(channel: Channel, template: MessageTemplate) -> None:
    for number, phone in enumerate(("+12125550100", "+12425550100", "+77015550100", "+999123456789")):
        make_person(number, phone=phone)
    freezing.freeze(
        started(make_broadcast(channel, template)),
        {"1": "North America", "1242": "Other", "7": "Russia", "77": "Kazakhstan"},
    )
    found = BroadcastRecipient.objects.order_by("id").values_list("market", flat=True)
    assert list(found) == ["North America", "Other", "Kazakhstan", "Other"]


def test_a_freeze_that_was_cut_off_goes_on_and_doubles_nobody(channel: Channel, template: MessageTemplate) -> None:
    for number in range(25):
        make_person(number)
    broadcast = started(make_broadcast(channel, template))
    keys = Contact.objects.order_by("pk").values_list("pk", flat=True)
    freezing._step(broadcast.pk, {}, keys[24], keys[9])
    assert 0 < BroadcastRecipient.objects.count() < 25
    assert freezing.freeze(now_as(broadcast), {}, step=4)
    assert BroadcastRecipient.objects.count() == 25


def test_one_number_in_two_steps_is_written_to_once(channel: Channel, template: MessageTemplate) -> None:
    make_person(1, phone="+5511987654321")
    make_person(2, phone="+551187654321")
    broadcast = started(make_broadcast(channel, template))
    freezing.freeze(broadcast, {}, step=1)
    assert dict(skips_of(broadcast)) == {SkipReason.DUPLICATE: 1}


# --- Asked again at the last moment -----------------------------------------------------------------------------------


def test_who_opts_out_while_waiting_gets_nothing(
    broadcast: Broadcast, people: list[Contact], provider: Provider, run: Run
) -> None:
    freezing.freeze(started(broadcast), {})
    opt_out(people[0])
    run()
    assert len(provider.asked) == 2
    assert dict(skips_of(broadcast)) == {SkipReason.OPTED_OUT: 1}


def test_a_number_that_was_taken_away_or_has_another_owner_gets_nothing(
    broadcast: Broadcast, people: list[Contact], provider: Provider, run: Run
) -> None:
    freezing.freeze(started(broadcast), {})
    people[0].identities.update(external_id="+4915199999990")
    people[1].identities.update(contact=people[2])
    run()
    assert len(provider.asked) == 1
    assert dict(skips_of(broadcast)) == {SkipReason.NO_CHANNEL: 2}


def test_who_opts_out_with_their_message_in_the_queue_gets_nothing(
    broadcast: Broadcast, people: list[Contact], provider: Provider, inside: Company
) -> None:
    started(broadcast)
    running.run()
    assert Message.objects.filter(state="queued").count() == 3
    opt_out(people[0])
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 2
    assert dict(skips_of(broadcast)) == {SkipReason.OPTED_OUT: 1}


def test_who_is_blocked_with_their_message_in_the_queue_gets_nothing(
    broadcast: Broadcast, people: list[Contact], provider: Provider, inside: Company
) -> None:
    started(broadcast)
    running.run()
    contacts.block(people[0])
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 2
    assert dict(skips_of(broadcast)) == {SkipReason.BLOCKED: 1}


def test_who_is_blocked_after_a_refusal_for_now_is_not_tried_again(
    broadcast: Broadcast, people: list[Contact], provider: Provider, run: Run
) -> None:
    provider.behave = refusing("131000", times=1)
    started(broadcast)
    run()
    held = Message.objects.get(state="queued")
    contacts.block(held.conversation.contact)
    held.refresh_from_db()
    assert (held.state, held.error_code) == ("failed", "blocked")


def test_an_opt_out_of_news_lets_a_notice_through(
    channel: Channel, template: MessageTemplate, people: list[Contact], provider: Provider, inside: Company
) -> None:
    for person in people:
        decide(person, "opted_in", "import", purpose="service")
    MessageTemplate.objects.update(category="utility")
    template.refresh_from_db()
    started(make_broadcast(channel, template, purpose="service"))
    running.run()
    opt_out(people[0])
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 3


def test_who_is_blocked_or_removed_while_waiting_gets_nothing(
    broadcast: Broadcast, people: list[Contact], provider: Provider, run: Run
) -> None:
    freezing.freeze(started(broadcast), {})
    Contact.objects.filter(pk=people[0].pk).update(blocked_at=timezone.now())
    contacts.remove(people[1])
    run()
    assert len(provider.asked) == 1
    assert dict(skips_of(broadcast)) == {SkipReason.BLOCKED: 1, SkipReason.REMOVED: 1}
    assert totals_of(broadcast).targeted == 3


def test_an_opt_out_that_comes_while_rows_become_messages_waits_for_them_and_takes_them_back(
    committed: object,
) -> None:
    """Two transactions: whichever is first, nobody who has opted out is left in the queue."""
    company = companies.create_company(address_name="race", name="Race", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        person = make_person(1)
        broadcast = started(make_broadcast(make_channel(company), make_template()))
        freezing.freeze(now_as(broadcast), {})
    together = Barrier(2)

    def work(number: int) -> None:
        try:
            with company_context(company):
                together.wait()
                if number:
                    opt_out(person)
                else:
                    feeding.feed(broadcast.pk, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    with company_context(company):
        assert not Message.objects.filter(state="queued").exists()
        assert dict(skips_of(broadcast)) == {SkipReason.OPTED_OUT: 1}


def test_two_feeders_make_one_message_a_row(committed: object) -> None:
    company = companies.create_company(address_name="two", name="Two", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        broadcast = make_broadcast(make_channel(company), make_template())
        for number in range(40):
            make_person(number)
        freezing.freeze(started(broadcast), {})
    together = Barrier(3)

    def work(_: int) -> None:
        try:
            with company_context(company):
                together.wait()
                for _round in range(3):
                    feeding.feed(broadcast.pk, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    with company_context(company):
        assert Message.objects.count() == 40
        assert BroadcastRecipient.objects.values("message").distinct().count() == 40


def test_a_worker_that_meets_another_leaves_the_work_announced(committed: object) -> None:
    """Else nobody would come back to what the other leaves behind."""
    company = companies.create_company(address_name="meet", name="Meet", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        make_person(1)
        broadcast = started(make_broadcast(make_channel(company), make_template()))
        freezing.freeze(now_as(broadcast), {})

    def work() -> None:
        try:
            run_broadcasts(company.schema_name)
        finally:
            connection.close()

    with company_context(company), transaction.atomic():
        Broadcast.objects.select_for_update().get()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()
    assert DueWork.objects.filter(kind=services.KIND, company=company).exists()


# --- Two contacts that are one ---------------------------------------------------------------------------------------


def become_one(*parts: str) -> Contact:
    return person_behind("whatsapp", Address(*parts), followers=Followers())[0]


def test_two_who_become_one_while_they_wait_are_written_to_once(
    broadcast: Broadcast, people: list[Contact], provider: Provider, run: Run
) -> None:
    make_person(9, phone="US.1349")
    freezing.freeze(started(broadcast), {})
    assert become_one("+4915100000000", "US.1349") == people[0]
    run()
    assert len(provider.asked) == 3
    assert dict(skips_of(broadcast)) == {SkipReason.DUPLICATE: 1}


def test_who_waits_and_becomes_somebody_who_was_written_to_gets_it_once(
    broadcast: Broadcast, people: list[Contact], provider: Provider, inside: Company
) -> None:
    first = BroadcastRecipient.objects.filter(contact=people[0])
    make_person(9, phone="US.1349")
    freezing.freeze(started(broadcast), {})
    first.update(skipped="waits")
    running.run()
    first.update(skipped="")
    become_one("+4915100000000", "US.1349")
    running.run()
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 3
    assert dict(skips_of(broadcast)) == {SkipReason.DUPLICATE: 1}


def test_who_waits_and_becomes_somebody_who_was_not_chosen_is_written_to(
    channel: Channel, template: MessageTemplate, provider: Provider, run: Run
) -> None:
    older = make_person(1)
    chosen = make_person(2, phone="US.1349", name="Ana")
    condition = {"field": "name", "op": "is", "value": "Ana"}
    broadcast = started(make_broadcast(channel, template, audience={"everyone": True, "conditions": [condition]}))
    freezing.freeze(now_as(broadcast), {})
    assert become_one("+4915100000001", "US.1349") == older
    assert not Contact.objects.filter(pk=chosen.pk).exists()
    run()
    assert (len(provider.asked), totals_of(broadcast).accepted) == (1, 1)


@pytest.mark.parametrize("stopped", ["+4915100000008", "US.1349"])
def test_who_turns_out_to_have_opted_out_is_taken_from_the_queue(
    broadcast: Broadcast, people: list[Contact], provider: Provider, inside: Company, stopped: str
) -> None:
    pair = [make_person(8), make_person(9, phone="US.1349")]
    opt_out(pair[stopped == "US.1349"])
    started(broadcast)
    running.run()
    assert Message.objects.filter(state="queued").count() == 4
    become_one("+4915100000008", "US.1349")
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == len(people)


def test_who_becomes_somebody_else_and_opts_out_is_taken_from_the_queue(
    broadcast: Broadcast, people: list[Contact], provider: Provider, inside: Company
) -> None:
    older = make_person(8, agreed=False)
    make_person(9, phone="US.1349")
    started(broadcast)
    running.run()
    assert become_one("+4915100000008", "US.1349") == older
    opt_out(older)
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == len(people)


# --- Pause, resume, cancel --------------------------------------------------------------------------------------------


def test_a_pause_takes_back_what_nobody_has_claimed(broadcast: Broadcast, provider: Provider, inside: Company) -> None:
    started(broadcast)
    running.run()
    services.pause(broadcast)
    pump.deliver(inside, Lane.BULK)
    assert provider.asked == []
    assert (totals_of(broadcast).waiting, broadcast.pause_reason) == (3, PauseReason.PERSON)


def test_a_resumed_broadcast_reaches_everybody_once(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    started(broadcast)
    running.run()
    services.pause(broadcast)
    services.resume(now_as(broadcast))
    run()
    run()
    assert len(sent_to(provider)) == len(set(sent_to(provider))) == 3
    assert now_as(broadcast).state == BroadcastState.COMPLETED


def test_a_message_that_was_refused_for_now_is_held_by_a_pause_and_goes_on_afterwards(
    broadcast: Broadcast, provider: Provider, inside: Company, run: Run
) -> None:
    provider.behave = refusing("131000", times=1)
    started(broadcast)
    run()
    services.pause(broadcast)
    held = Message.objects.get(state="queued")
    assert held.due_at is None
    services.resume(now_as(broadcast))
    held.refresh_from_db()
    assert held.due_at is not None


def test_a_cancelled_broadcast_sends_nothing_more_and_says_so_for_every_row(
    broadcast: Broadcast, provider: Provider, run: Run
) -> None:
    started(broadcast)
    running.run()
    services.cancel(broadcast)
    run()
    assert provider.asked == []
    assert dict(skips_of(broadcast)) == {SkipReason.CANCELLED: 3}


@pytest.mark.parametrize("others", [("feed", "pause"), ("feed", "cancel"), ("pause", "cancel"), ("resume", "cancel")])
def test_acts_at_the_same_moment_leave_one_state_and_nothing_in_the_queue_that_must_not_go(
    committed: object, others: tuple[str, str]
) -> None:
    company = companies.create_company(address_name="acts", name="Acts", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        for number in range(20):
            make_person(number)
        broadcast = started(make_broadcast(make_channel(company), make_template()))
        freezing.freeze(now_as(broadcast), {})
        feeding.feed(broadcast.pk, timezone.now())
        if "resume" in others:
            services.pause(now_as(broadcast))
    together = Barrier(2)

    def work(name: str) -> None:
        acts = {"pause": services.pause, "resume": services.resume, "cancel": services.cancel}
        try:
            with company_context(company), contextlib.suppress(services.TooLate):
                found = now_as(broadcast)
                together.wait()
                acts[name](found) if name in acts else feeding.feed(found.pk, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, others))
    with company_context(company):
        ended = now_as(broadcast).state
        assert ended == (BroadcastState.CANCELLED if "cancel" in others else BroadcastState.PAUSED)
        totals = totals_of(broadcast)
        assert not Message.objects.filter(state="queued").exists()
        assert (totals.skipped, totals.waiting) == ((20, 0) if "cancel" in others else (0, 20))


@pytest.mark.parametrize("act", [services.pause, services.resume, services.unschedule])
def test_what_does_not_fit_the_state_is_refused(broadcast: Broadcast, act: object) -> None:
    with pytest.raises(services.TooLate):
        act(broadcast)  # type: ignore[operator]


def test_started_twice_is_started_once(broadcast: Broadcast) -> None:
    other = now_as(broadcast)
    started(broadcast)
    with pytest.raises(services.TooLate):
        services.start(other)


steps = st.lists(st.sampled_from(["run", "feed", "pump", "pause", "resume", "opt_out", "fail"]), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps)
def test_whatever_happens_the_totals_add_up_and_nobody_is_written_to_twice(
    channel: Channel, provider: Provider, inside: Company, made: list[str]
) -> None:
    Broadcast.objects.all().delete()
    Contact.objects.all().delete()
    MessageTemplate.objects.all().delete()
    provider.asked.clear()
    people = [make_person(number) for number in range(4)]
    broadcast = started(make_broadcast(channel, make_template()))
    for step in made:
        provider.behave = refusing("131026", times=1) if step == "fail" else None
        with contextlib.suppress(services.TooLate, services.NotReady):
            {
                "run": running.run,
                "feed": lambda: feeding.feed(broadcast.pk, timezone.now()),
                "pump": lambda: pump.deliver(inside, Lane.BULK),
                "fail": lambda: pump.deliver(inside, Lane.BULK),
                "pause": lambda: services.pause(now_as(broadcast)),
                "resume": lambda: services.resume(now_as(broadcast)),
                "opt_out": lambda: opt_out(people[0]),
            }[step]()
        if now_as(broadcast).state not in (BroadcastState.DRAFT, BroadcastState.PREPARING):
            assert totals_of(broadcast).targeted == 4
    assert len(sent_to(provider)) == len(set(sent_to(provider)))


# --- What stops it ----------------------------------------------------------------------------------------------------


def test_a_template_that_is_paused_stops_it(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    started(broadcast)
    running.run()
    value = {"message_template_name": "sale", "message_template_language": "de", "event": "PAUSED"}
    apply_event("waba", "message_template_status_update", value, at=timezone.now() + timedelta(seconds=1))
    run()
    assert provider.asked == []
    assert (now_as(broadcast).state, now_as(broadcast).pause_reason) == (BroadcastState.PAUSED, PauseReason.TEMPLATE)


@pytest.mark.parametrize("change", [{"category": "utility"}, {"components": [{"type": "BODY", "text": "Anders"}]}])
def test_a_template_that_changes_in_the_middle_stops_it(
    broadcast: Broadcast, template: MessageTemplate, provider: Provider, run: Run, change: dict[str, object]
) -> None:
    started(broadcast)
    freezing.freeze(now_as(broadcast), {})
    MessageTemplate.objects.filter(pk=template.pk).update(**change)
    run()
    assert now_as(broadcast).pause_reason == PauseReason.TEMPLATE


def test_many_equal_errors_stop_it(channel: Channel, template: MessageTemplate, provider: Provider, run: Run) -> None:
    for number in range(30):
        make_person(number)
    provider.behave = refusing("132000")
    broadcast = started(make_broadcast(channel, template, per_minute=60))
    for _ in range(20):
        Broadcast.objects.filter(pk=broadcast.pk).update(fed_at=timezone.now() - timedelta(seconds=5))
        run()
    found = now_as(broadcast)
    assert (found.state, found.pause_reason, found.pause_details) == ("paused", PauseReason.ERRORS, "132000")
    assert totals_of(broadcast).waiting > 0
    assert failures_of(broadcast) == [("132000", totals_of(broadcast).failed)]


def test_unusually_many_opt_outs_stop_it_once(
    channel: Channel, template: MessageTemplate, provider: Provider, run: Run
) -> None:
    people = [make_person(number) for number in range(20)]
    broadcast = started(make_broadcast(channel, template))
    run()
    for person in people[:12]:
        opt_out(person)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.SENDING)
    running.run()
    assert now_as(broadcast).pause_reason == PauseReason.OPT_OUTS
    services.resume(now_as(broadcast))
    running.run()
    assert now_as(broadcast).state == BroadcastState.COMPLETED


@pytest.mark.parametrize(("reached", "stops"), [(3, True), (4, False)])
def test_opt_outs_stop_it_only_above_their_share_of_those_it_has_reached(
    channel: Channel, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch, reached: int, stops: bool
) -> None:
    monkeypatch.setattr(gates, "OPT_OUTS", 2)
    monkeypatch.setattr(gates, "OPT_OUT_SHARE", 50)
    people = [make_person(number) for number in range(reached)]
    broadcast = started(make_broadcast(channel, template))
    running.run()
    Message.objects.update(state="sent")
    for person in (*people[:2], make_person(8, agreed=False)):
        opt_out(person)
    assert gates.stop(now_as(broadcast)) is stops


@pytest.mark.parametrize("values", [{"source": "member"}, {"purpose": "service"}, {"at": timezone.now() - LONG_AGO}])
def test_another_s_word_another_purpose_and_an_older_stop_are_no_opt_outs_of_it(
    channel: Channel, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    monkeypatch.setattr(gates, "OPT_OUTS", 1)
    person = make_person(1)
    broadcast = started(make_broadcast(channel, template))
    running.run()
    Message.objects.update(state="sent")
    opt_out(person, **values)
    assert not gates.stop(now_as(broadcast))


def test_errors_of_another_broadcast_and_of_before_a_resume_do_not_stop_it(
    channel: Channel, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "EQUAL_ERRORS", 3)
    for number in range(4):
        make_person(number)
    broadcast, other = (started(make_broadcast(channel, template)) for _ in range(2))
    feeding_of = [now_as(one) for one in (broadcast, other)]
    for one in feeding_of:
        freezing.freeze(one, {})
        feeding.feed(one.pk, timezone.now())
    Message.objects.filter(recipient__broadcast=other).update(state="failed", error_code="131026")
    assert not gates.stop(now_as(broadcast))
    assert gates.stop(now_as(other))
    services.resume(now_as(other))
    assert not gates.stop(now_as(other))


def test_a_paused_channel_holds_it_and_loses_nothing(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run
) -> None:
    started(broadcast)
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.PAUSED)
    run()
    assert (provider.asked, now_as(broadcast).state) == ([], BroadcastState.SENDING)
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.CONNECTED)
    run()
    assert len(provider.asked) == 3


# --- When -------------------------------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-05-01T21:30", "2026-05-02T08:00"),
        ("2026-05-02T07:59", "2026-05-02T08:00"),
        ("2026-05-02T08:00", None),
        ("2026-05-01T20:59", None),
        # The night in which the clock goes back has an hour more.
        ("2026-10-24T23:00", "2026-10-25T08:00"),
        ("2026-03-28T23:00", "2026-03-29T08:00"),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(broadcast: Broadcast, at: str, until: str | None) -> None:
    broadcast.quiet_from, broadcast.quiet_until = time(21), time(8)
    local = timezone.datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    found = gates.quiet_until(broadcast, local)
    assert found == (timezone.datetime.fromisoformat(until).replace(tzinfo=BERLIN) if until else None)


@pytest.mark.parametrize(("hour", "until"), [(0, "2026-10-25T00:30+00:00"), (1, "2026-10-25T01:30+00:00")])
def test_quiet_hours_that_end_in_an_hour_that_comes_twice_end_ahead(
    broadcast: Broadcast, hour: int, until: str
) -> None:
    """02:10 by the clock is 00:10 UTC, and an hour later once more."""
    broadcast.quiet_from, broadcast.quiet_until = time(21), time(2, 30)
    found = gates.quiet_until(broadcast, datetime(2026, 10, 25, hour, 10, tzinfo=UTC))
    assert found is not None
    assert found.astimezone(UTC) == datetime.fromisoformat(until)


def test_a_scheduled_broadcast_begins_at_its_time(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    at = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, at)
    assert running.run().again_at == at
    assert BroadcastRecipient.objects.count() == 0
    running.run(clock=lambda: at)
    assert BroadcastRecipient.objects.count() == 3


def test_a_template_that_vanished_before_its_time_starts_nothing(
    broadcast: Broadcast, template: MessageTemplate, run: Run
) -> None:
    at = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, at)
    MessageTemplate.objects.filter(pk=template.pk).update(status="deleted")
    running.run(clock=lambda: at)
    found = now_as(broadcast)
    assert (found.state, BroadcastRecipient.objects.count()) == (BroadcastState.DRAFT, 0)
    assert "template" in found.pause_details


def test_a_pace_of_sixty_a_minute_is_one_a_second(
    channel: Channel, template: MessageTemplate, provider: Provider
) -> None:
    for number in range(30):
        make_person(number)
    broadcast = started(make_broadcast(channel, template, per_minute=60))
    running.run()
    assert Message.objects.count() == 5
    Broadcast.objects.filter(pk=broadcast.pk).update(fed_at=timezone.now() - timedelta(seconds=10))
    running.run()
    assert Message.objects.count() == 15


# --- Before it can start ----------------------------------------------------------------------------------------------


def test_what_is_missing_is_named_and_nothing_starts(channel: Channel) -> None:
    empty = services.create(name="Leer", by=None)
    with pytest.raises(services.NotReady) as refused:
        services.start(empty)
    assert len(refused.value.problems) == 3
    assert now_as(empty).state == BroadcastState.DRAFT


@pytest.mark.parametrize(("category", "starts"), [("marketing", False), ("MARKETING", False), ("utility", True)])
def test_what_advertises_does_not_go_out_as_a_notice(broadcast: Broadcast, category: str, starts: bool) -> None:
    MessageTemplate.objects.update(category=category)
    services.change(now_as(broadcast), purpose="service")
    assert [one.step for one in services.problems_of(now_as(broadcast))] == ([] if starts else ["message"])


def test_a_template_that_became_marketing_is_not_resumed_as_a_notice(broadcast: Broadcast) -> None:
    MessageTemplate.objects.update(category="utility")
    services.change(now_as(broadcast), purpose="service")
    freezing.freeze(started(now_as(broadcast)), {})
    services.pause(now_as(broadcast))
    MessageTemplate.objects.update(category="marketing")
    with pytest.raises(services.NotReady):
        services.resume(now_as(broadcast))


def test_a_value_without_a_source_keeps_it_from_starting(broadcast: Broadcast) -> None:
    services.change(broadcast, bindings={})
    with pytest.raises(services.NotReady):
        services.start(broadcast)


def test_a_started_one_cannot_be_changed(broadcast: Broadcast) -> None:
    started(broadcast)
    with pytest.raises(services.TooLate):
        services.change(broadcast, name="Anders")
