"""A number that is disconnected while something is written for it: nothing waits for it afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from messaging.broadcasts import feeding, freezing, gates
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.channels.models import Channel
from messaging.conversations.models import Conversation
from messaging.messages import affording, answering, services
from messaging.messages.models import Message
from messaging.messages.services import ChannelGone
from messaging.messages.waiting import disconnect
from tenants.context import company_context
from tenants.models import Company, User
from tenants.services import companies, opening
from tenants.services.audit import Actor
from tests.conftest import Cast
from tests.messaging.broadcasts.conftest import make_broadcast, make_person, make_template, started
from tests.messaging.messages.conftest import make_channel, make_conversation, queue

Act = Callable[[User], object]


def answered(agent: User) -> object:
    conversation = Conversation.objects.select_related("channel", "identity").get()
    return answering.answer(conversation, author=agent, seen="", client_key="k", text="Hello")


def tried_again(agent: User) -> object:
    conversation = Conversation.objects.get()
    return services.retry(queue(conversation, state="failed", error_code="131016", failed_at=timezone.now()))


def fed(agent: User) -> object:
    return feeding.feed(Broadcast.objects.get().pk, timezone.now())


@pytest.fixture
def company(committed: Cast) -> Company:
    company = companies.create_company(address_name="gone", name="Gone", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        channel = make_channel(company)
        make_conversation(channel)
        make_person(1)
        broadcast = make_broadcast(channel, make_template())
        freezing.freeze(started(broadcast), {})
    return company


@pytest.mark.parametrize("act", [answered, tried_again, fed])
def test_what_is_written_while_a_number_is_disconnected_does_not_wait_for_it(
    company: Company, committed: Cast, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    looked, may_commit = Event(), Event()

    def after_looking(*_: Any) -> None:
        """The writer has looked at the channel and has committed nothing yet."""
        looked.set()
        assert may_commit.wait(timeout=10)

    monkeypatch.setattr(affording, "put_aside", after_looking)
    monkeypatch.setattr(gates, "closed_until", after_looking)

    def write() -> None:
        try:
            with company_context(company), contextlib.suppress(ChannelGone):
                act(User.objects.get(pk=committed.agent))
        finally:
            connection.close()

    def leave() -> None:
        try:
            with company_context(company):
                disconnect(Channel.objects.get(), actor=Actor())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert looked.wait(timeout=10)
        leaving = pool.submit(leave)
        with contextlib.suppress(TimeoutError):
            leaving.result(timeout=1)
        may_commit.set()
        writing.result(timeout=10)
        leaving.result(timeout=10)
    with company_context(company):
        assert Message.objects.exists()
        assert not Message.objects.filter(state="queued").exists()


def test_who_writes_after_a_number_was_disconnected_is_told_whatever_they_knew_of_it(
    company: Company, committed: Cast
) -> None:
    with company_context(company):
        agent = User.objects.get(pk=committed.agent)
        conversation = Conversation.objects.select_related("channel", "identity").get()
        disconnect(Channel.objects.get(), actor=Actor())
        with pytest.raises(ChannelGone):
            answering.answer(conversation, author=agent, seen="", client_key="k", text="Hello")
        feeding.feed(Broadcast.objects.get().pk, timezone.now())
        assert Broadcast.objects.get().state == BroadcastState.PAUSED


@pytest.mark.parametrize("act", [answered, fed])
def test_a_number_is_locked_before_the_people_who_are_written_to(company: Company, committed: Cast, act: Act) -> None:
    """As webhooks do, which lock the number they are about and then the person."""
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with company_context(company), transaction.atomic(), connection.execute_wrapper(note):
        act(User.objects.get(pk=committed.agent))
    number = next(place for place, sql in enumerate(statements) if "messaging_channel" in sql and "FOR SHARE" in sql)
    people = ("messaging_contact ", '"messaging_conversation"')
    person = [place for place, sql in enumerate(statements) if " FOR " in sql and any(table in sql for table in people)]
    assert number < min(person)
