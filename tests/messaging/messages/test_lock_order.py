"""The live counter is locked last: whoever has it waits for nobody, and so no two transactions for each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.channels.base import AccountEvent, Address, InboundMessage, MessageType
from messaging.channels.models import Channel, ChannelState
from messaging.contacts.consent.models import ConsentState
from messaging.message_templates.models import MessageTemplate
from messaging.messages import answering
from messaging.messages.receiving import receive
from messaging.messages.services import send_template
from messaging.messages.waiting import disconnect
from messaging.webhooks import account
from tenants.context import current_company
from tenants.models import User
from tenants.services.audit import Actor
from tests.messaging.broadcasts.conftest import decide, with_prices
from tests.messaging.messages.conftest import make_conversation, queue

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def stop_is_written(channel: Channel) -> None:
    receive(channel, InboundMessage("wamid.1", Address("+15550001111"), MessageType.TEXT, AT, {"body": "STOP"}))


def a_number_is_disconnected(channel: Channel) -> None:
    queue(make_conversation(channel))
    disconnect(channel, actor=Actor())


def a_ban_is_lifted(channel: Channel) -> None:
    Channel.objects.update(state=ChannelState.PAUSED, state_reason="DISABLED_UPDATE")
    value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}
    account.handle(channel, "waba", AccountEvent("account_update", AT, value), at=AT)


@pytest.mark.parametrize("act", [stop_is_written, a_number_is_disconnected, a_ban_is_lifted])
def test_what_others_wait_for_is_locked_before_the_live_counter(channel: Channel, act: Callable[..., None]) -> None:
    with CaptureQueriesContext(connection) as queries:
        act(channel)
    assert after_telling(queries) == []


def test_money_for_an_answer_is_put_aside_before_the_live_counter(channel: Channel) -> None:
    with_prices(current_company())
    conversation = make_conversation(channel)
    decide(conversation.contact, ConsentState.OPTED_IN)
    with CaptureQueriesContext(connection) as queries:
        send_template(
            conversation, author=None, content={"name": "offer", "language": "de", "body": []}, text="An offer"
        )
    assert any("billing_" in query["sql"] for query in queries)
    assert after_telling(queries) == []


def after_telling(queries: CaptureQueriesContext) -> list[str]:
    """Statements on what others wait for that come after the live counter's."""
    statements = [query["sql"] for query in queries]
    told = next(place for place, sql in enumerate(statements) if "messaging_livecounter" in sql)
    others = ("messaging_message", "messaging_contact", "messaging_consent", "tenants_duework", "billing_")
    return [sql for sql in statements[told:] if any(table in sql for table in others)]


def test_a_person_who_stops_is_locked_before_the_thread_their_word_stands_in(channel: Channel) -> None:
    """As whoever sends them a template does, so that the two never wait for each other."""
    receive(channel, InboundMessage("wamid.0", Address("+15550001111"), MessageType.TEXT, AT, {"body": "Hello"}))
    with CaptureQueriesContext(connection) as queries:
        stop_is_written(channel)
    statements = [query["sql"] for query in queries]
    person = next(place for place, sql in enumerate(statements) if "messaging_contact" in sql and "FOR UPDATE" in sql)
    thread = next(place for place, sql in enumerate(statements) if sql.startswith('INSERT INTO "messaging_message"'))
    assert person < thread


def test_a_template_s_person_is_locked_before_the_conversation(channel: Channel, agent: User) -> None:
    conversation = make_conversation(channel)
    content = {"name": "order", "language": "de"}
    MessageTemplate.objects.create(account_external_id="waba", category="utility", status="approved", **content)
    with CaptureQueriesContext(connection) as queries:
        answering.answer(
            conversation, author=agent, seen="", client_key="", type="template", content=content, text="Hello"
        )
    statements = [query["sql"] for query in queries]
    person = next(place for place, sql in enumerate(statements) if "FOR SHARE" in sql)
    thread = next(
        place for place, sql in enumerate(statements) if "messaging_conversation" in sql and "FOR UPDATE" in sql
    )
    assert person < thread
