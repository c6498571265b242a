"""A conversation: one per contact and channel, opened by a message, taken by one, put off, resolved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import ChannelIdentity, Contact, Label
from messaging.conversations import services, tasks
from messaging.conversations.models import Conversation, ConversationState
from messaging.live import events
from messaging.live.models import LiveEvent
from messaging.messages import actions
from messaging.messages.models import Direction, Message
from tenants.context import company_context
from tenants.models import Company, DueWork, User

NOW = timezone.now()


def test_a_message_opens_what_was_resolved_and_makes_it_unread(conversation: Conversation, agent: User) -> None:
    actions.resolve(conversation, by=agent)
    services.record_inbound(conversation, preview="Wo ist mein Paket?", at=NOW)
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN
    assert (conversation.unread_count, conversation.preview) == (1, "Wo ist mein Paket?")


def test_a_message_wakes_what_was_put_off(conversation: Conversation, agent: User) -> None:
    actions.snooze(conversation, NOW + timedelta(days=1), by=agent)
    services.record_inbound(conversation, preview="Hallo?", at=NOW)
    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.OPEN, None)


def test_a_late_message_moves_neither_preview_nor_window_back(conversation: Conversation) -> None:
    services.record_inbound(conversation, preview="new", at=NOW)
    services.record_inbound(conversation, preview="old", at=NOW - timedelta(days=2))
    conversation.refresh_from_db()
    assert (conversation.preview, conversation.last_inbound_at) == ("new", NOW)


@pytest.mark.parametrize(("hours", "is_open"), [(0, True), (23.99, True), (24, False), (30, False)])
def test_the_window_is_open_for_24_hours_after_the_contact_s_last_message(
    conversation: Conversation, hours: float, is_open: bool
) -> None:
    conversation.last_inbound_at = NOW
    assert conversation.window_is_open(NOW + timedelta(hours=hours)) is is_open


def test_the_window_was_never_open_for_whom_we_write_to_first(conversation: Conversation) -> None:
    assert not conversation.window_is_open()


def test_an_answer_ends_the_waiting(conversation: Conversation) -> None:
    services.record_inbound(conversation, preview="Hallo?", at=NOW)
    services.record_outbound(conversation, preview="Moin", at=NOW + timedelta(minutes=1))
    conversation.refresh_from_db()
    assert (conversation.waiting_since, conversation.preview_direction) == (None, "outbound")


def test_of_two_who_take_it_one_gets_it(conversation: Conversation, agent: User, admin: User) -> None:
    assert actions.assign(conversation, agent, by=agent, seen=None)
    assert not actions.assign(conversation, admin, by=admin, seen=None)
    conversation.refresh_from_db()
    assert conversation.assignee_id == agent.pk


def test_each_action_is_an_entry_of_the_thread(conversation: Conversation, agent: User) -> None:
    actions.assign(conversation, agent, by=agent, seen=None)
    actions.resolve(conversation, by=agent)
    actions.reopen(conversation, by=agent)
    entries = Message.objects.filter(direction=Direction.EVENT).order_by("id")
    assert [entry.type for entry in entries] == ["assigned", "resolved", "reopened"]


def test_resolving_twice_is_one_entry(conversation: Conversation, agent: User) -> None:
    assert actions.resolve(conversation, by=agent)
    assert not actions.resolve(conversation, by=agent)
    assert Message.objects.filter(type="resolved").count() == 1


def test_a_note_is_for_colleagues_and_is_never_queued(conversation: Conversation, agent: User) -> None:
    note = actions.note(conversation, author=agent, text="Regal C3")
    assert (note.direction, note.state, note.lane) == (Direction.NOTE, "", "")


def test_labels_say_what_came_and_what_went(conversation: Conversation, agent: User) -> None:
    pick_up, complaint = Label.objects.create(name="Abholung"), Label.objects.create(name="Beschwerde")
    actions.label(conversation, [pick_up], by=agent)
    actions.label(conversation, [complaint], by=agent)
    assert Message.objects.latest("id").content == {"came": ["Beschwerde"], "went": ["Abholung"]}
    assert not actions.label(conversation, [complaint], by=agent)


def test_what_was_put_off_until_now_is_woken(conversation: Conversation, agent: User) -> None:
    actions.snooze(conversation, NOW, by=agent)
    assert services.wake_snoozed(NOW - timedelta(seconds=1)) == 0
    assert services.wake_snoozed(NOW) == 1


def test_the_sweep_wakes_what_was_put_off_and_waits_for_the_next(
    inside: Company, conversation: Conversation, agent: User
) -> None:
    later = timezone.now() + timedelta(hours=2)
    actions.snooze(conversation, later, by=agent)
    assert DueWork.objects.get(kind=services.WAKE, company=inside).due_at == later
    tasks.wake_conversations(inside.schema_name)
    assert DueWork.objects.get(kind=services.WAKE, company=inside).due_at == later
    Conversation.objects.update(snoozed_until=timezone.now())
    tasks.wake_conversations(inside.schema_name)
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN
    assert not DueWork.objects.filter(kind=services.WAKE, company=inside).exists()


def test_old_events_are_forgotten_now_and_then(conversation: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TIDY_EVERY", 1)
    LiveEvent.objects.create(seq=-1, kind="old", at=timezone.now() - events.KEPT - timedelta(seconds=1))
    events.tell("message", id="m1")
    assert not LiveEvent.objects.filter(kind="old").exists()


def test_every_change_is_told_in_the_order_of_its_number(conversation: Conversation, agent: User) -> None:
    services.record_inbound(conversation, preview="a", at=NOW)
    services.mark_read(conversation)
    actions.note(conversation, author=agent, text="b")
    told = list(LiveEvent.objects.order_by("seq").values_list("seq", "kind"))
    assert [kind for _, kind in told] == ["conversation", "conversation", "message"]
    assert [seq for seq, _ in told] == list(range(told[0][0], told[0][0] + 3))


def test_ten_at_once_make_one_conversation_and_numbers_without_a_gap(committed: object) -> None:
    company = Company.objects.get(name="Acme Versand")
    with company_context(company):
        channel = Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Laden", external_id="1", token="-")
        contact = Contact.objects.get()
        identity = ChannelIdentity.objects.create(contact=contact, kind=ChannelKind.WHATSAPP, external_id="+4915119")

    def write(number: int) -> int:
        with company_context(company):
            try:
                found = services.conversation_for(channel, contact, identity)
                services.record_inbound(found, preview=str(number), at=timezone.now())
                return found.pk
            finally:
                connection.close()

    try:
        with ThreadPoolExecutor(10) as pool:
            assert len(set(pool.map(write, range(10)))) == 1
        with company_context(company):
            assert Conversation.objects.get().unread_count == 10
            seqs = list(LiveEvent.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(seqs[0], seqs[0] + 10))
    finally:
        with company_context(company):
            for model in (LiveEvent, Conversation, ChannelIdentity.objects.filter(pk=identity.pk), Channel):
                getattr(model, "objects", model).all().delete()
