"""What an agent may send, and that a double click sends it once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from messaging.channels.models import Channel, ChannelState
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import services
from messaging.messages.models import Message
from messaging.messages.services import ChannelGone, ContentRefused, NotRetryable, WindowClosed
from messaging.messages.tasks import deliver_bulk, deliver_replies
from tenants.context import company_context
from tenants.models import Company, DueWork, User
from tenants.services import companies, opening
from tests.messaging.messages.conftest import later, make_channel, make_conversation, queue

TEMPLATE = {"name": "order", "language": "de", "body": ["4711"]}


def make_template(category: str = "utility", name: str = "order") -> MessageTemplate:
    return MessageTemplate.objects.create(
        account_external_id="waba", name=name, language="de", category=category, status="approved"
    )


@pytest.fixture
def closed(conversation: Conversation) -> Conversation:
    conversation.last_inbound_at = timezone.now() - timedelta(hours=25)
    conversation.save()
    return conversation


def test_an_answer_is_queued_with_all_that_belongs_to_it(conversation: Conversation, agent: User) -> None:
    message = services.reply(conversation, author=agent, text="On its way")
    row = later(message)
    assert (row.state, row.lane, row.content) == ("queued", "replies", {"body": "On its way"})
    assert (row.author_id, row.author_name) == (agent.pk, "Agent")
    conversation.refresh_from_db()
    assert (conversation.preview, conversation.preview_direction) == ("On its way", "outbound")
    assert DueWork.objects.filter(kind="deliver-replies").exists()


def test_an_answer_outside_the_window_is_refused(closed: Conversation, agent: User) -> None:
    with pytest.raises(WindowClosed):
        services.reply(closed, author=agent, text="Hello")
    assert not closed.messages.exists()


def test_a_template_needs_no_window(closed: Conversation, agent: User) -> None:
    make_template()
    message = services.send_template(closed, author=agent, content=TEMPLATE, text="Your order 4711")
    assert (later(message).type, later(message).text) == ("template", "Your order 4711")


def test_the_same_client_key_gives_the_first_message(conversation: Conversation, agent: User) -> None:
    first = services.reply(conversation, author=agent, text="Hello", client_key="k")
    conversation.last_inbound_at = None
    assert services.reply(conversation, author=agent, text="Hello", client_key="k") == first
    assert conversation.messages.count() == 1


def test_a_double_click_at_the_same_moment_makes_one_message(committed: object) -> None:
    company = companies.create_company(address_name="clicks", name="Clicks", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        conversation = make_conversation(make_channel(company))
    together = Barrier(4)

    def click(_: int) -> int:
        try:
            with company_context(company):
                mine = Conversation.objects.select_related("channel", "identity").get(pk=conversation.pk)
                together.wait()
                return services.reply(mine, author=None, text="Hello", client_key="k").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1


@pytest.mark.parametrize("text", ["", " ", "x" * 4097])
def test_what_the_provider_would_not_take_is_refused(conversation: Conversation, agent: User, text: str) -> None:
    with pytest.raises(ContentRefused):
        services.reply(conversation, author=agent, text=text)


def test_the_longest_text_is_taken(conversation: Conversation, agent: User) -> None:
    services.reply(conversation, author=agent, text="x" * 4096)


def test_nothing_is_queued_for_a_disconnected_channel(conversation: Conversation, agent: User) -> None:
    Channel.objects.update(state=ChannelState.DISCONNECTED)
    conversation.channel.refresh_from_db()
    with pytest.raises(ChannelGone):
        services.reply(conversation, author=agent, text="Hello")


def test_a_reaction_is_sent_and_shown_at_its_message(conversation: Conversation, agent: User) -> None:
    said = queue(conversation, direction="inbound", state="received", lane="", external_id="wamid.in")
    sent = services.react(said, "👍", author=agent)
    assert (later(said).reaction_out, sent.content) == ("👍", {"message_id": "wamid.in", "emoji": "👍"})


def failed(conversation: Conversation, code: str = "131016") -> Message:
    return queue(
        conversation,
        state="failed",
        error_code=code,
        external_id="wamid.1",
        attempts=1,
        sent_at=timezone.now(),
        failed_at=timezone.now(),
    )


def test_what_failed_for_a_passing_reason_is_tried_again_as_the_same_message(conversation: Conversation) -> None:
    message = failed(conversation)
    again = later(services.retry(message))
    assert (again.public_id, again.state, again.external_id) == (message.public_id, "queued", "")
    assert (again.error_code, again.sent_at, again.failed_at, again.attempts) == ("", None, None, 1)


def test_what_would_fail_again_is_not_tried(conversation: Conversation) -> None:
    with pytest.raises(NotRetryable):
        services.retry(failed(conversation, "131026"))


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered", "read"])
def test_what_is_on_its_way_is_not_sent_again(conversation: Conversation, state: str) -> None:
    with pytest.raises(NotRetryable):
        services.retry(queue(conversation, state=state))


def test_a_silent_message_is_sent_again_only_after_its_grace(conversation: Conversation) -> None:
    soon = timezone.now() + timedelta(seconds=60)
    silent = queue(conversation, state="unknown", lease_until=soon)
    with pytest.raises(NotRetryable):
        services.retry(silent)
    Message.objects.update(lease_until=None)
    assert services.retry(silent).state == "queued"


def test_nothing_is_tried_again_in_a_closed_window(closed: Conversation) -> None:
    with pytest.raises(WindowClosed):
        services.retry(failed(closed))


def test_a_silent_message_that_is_given_up_may_still_have_arrived(conversation: Conversation) -> None:
    silent = queue(conversation, state="unknown", lease_until=None)
    assert services.give_up(silent)
    assert (silent.state, silent.error_code, silent.failed_at) == ("failed", services.GIVEN_UP, None)
    assert not services.give_up(silent)


def test_a_message_is_not_given_up_before_its_grace_is_over(conversation: Conversation) -> None:
    silent = queue(conversation, state="unknown", lease_until=timezone.now() + timedelta(seconds=60))
    assert not services.give_up(silent)
    assert silent.state == "unknown"


def test_the_tasks_run_in_their_company(acme: Company, globex: Company, settings: Any) -> None:
    assert (deliver_replies(acme.schema_name), deliver_bulk(globex.schema_name)) == (0, 0)
    assert (deliver_replies.workers, deliver_bulk.workers) == ("replies", "bulk")
