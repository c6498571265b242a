"""A provider that refuses, breaks, falls silent or talks nonsense, over real HTTP: each message leaves once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientTimeout
from django.utils import timezone
from pytest_django import Settings

from messaging.channels import registry
from messaging.channels.adapters import http
from messaging.channels.base import StatusReport
from messaging.channels.models import Channel, ChannelState
from messaging.messages import claiming, pump
from messaging.messages.models import Lane, Message
from messaging.messages.status import record_reports
from messaging.sandbox.testing import AT_ONCE, Sandbox, running
from tenants.models import Company
from tenants.services.keys import encrypt_for
from tests.messaging.messages.conftest import make_channel, make_conversation, queue

WABA, NUMBER, TOKEN, SECRET = "1001", "2001", "token", "secret"
PEOPLE = 6
Run = Callable[..., pump.Delivered]


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.WHATSAPP_API_URL = f"{running_sandbox.url}/v25.0"
    running_sandbox.reset(everything=True)
    knobs = {**AT_ONCE, "throughput": 0, "magic": False, "pair_limit": False}
    running_sandbox.add_account(
        WABA,
        name="Acme",
        app_secret=SECRET,
        token=TOKEN,
        webhook_url=running_sandbox.receiver.url,
        numbers=[{"id": NUMBER, "display_phone_number": "+49 40 5551200", "knobs": knobs}],
    )
    return running_sandbox


@pytest.fixture
def channel(sandbox: Sandbox, inside: Company) -> Channel:
    return make_channel(inside, external_id=NUMBER, account_external_id=WABA)


@pytest.fixture
def messages(channel: Channel, sandbox: Sandbox) -> list[Message]:
    """One for each of some people, whose window is open at the provider too."""
    people = [make_conversation(channel, number) for number in range(PEOPLE)]
    for person in people:
        sandbox.person_writes(NUMBER, person.identity.external_id, "Hello?")
    return [queue(person) for person in people]


def states() -> dict[str, int]:
    return dict(Counter(Message.objects.values_list("state", flat=True)))


def ahead(**time: float) -> Callable[[], datetime]:
    return lambda: timezone.now() + timedelta(**time)


def hear_reports(sandbox: Sandbox, channel: Channel) -> None:
    """Take in what the provider has reported so far, as the webhooks' worker does."""
    sandbox.settle()
    elements = [one.element for post in sandbox.receiver.received for one in adapter().parse(post.body)]
    record_reports(channel, [element for element in elements if isinstance(element, StatusReport)])


def adapter() -> Any:
    return registry.adapter_for("whatsapp")


def assert_each_was_taken_once(sandbox: Sandbox, messages: list[Message]) -> None:
    taken = Counter(one["biz_opaque_callback_data"].partition(".")[0] for one in sandbox.accepted(NUMBER)["items"])
    assert taken == {message.public_id: 1 for message in messages}


def test_a_token_revoked_in_between_keeps_the_queue_until_the_channel_is_connected_again(
    sandbox: Sandbox, channel: Channel, messages: list[Message], inside: Company, run: Run
) -> None:
    Message.objects.filter(pk__in=[message.pk for message in messages[3:]]).update(due_at=ahead(minutes=1)())
    run()
    sandbox.revoke_token(TOKEN)
    run(clock=ahead(minutes=2))
    channel.refresh_from_db()
    assert (channel.state, states()) == (ChannelState.RECONNECT, {"sent": 3, "queued": 3})
    run(clock=ahead(minutes=4))
    sandbox.add_account(WABA, token="another token")
    Channel.objects.update(token=encrypt_for(inside, "another token"), state=ChannelState.CONNECTED, resting_until=None)
    run(clock=ahead(minutes=6))
    assert states() == {"sent": PEOPLE}
    assert_each_was_taken_once(sandbox, messages)


def test_a_number_over_its_limit_rests_and_then_sends_all(
    sandbox: Sandbox, channel: Channel, messages: list[Message], run: Run
) -> None:
    sandbox.knobs(NUMBER, errors=[{"code": 130429, "times": 2}])
    run()
    channel.refresh_from_db()
    assert channel.resting_until
    for minutes in (2, 4):
        run(clock=ahead(minutes=minutes))
    assert states() == {"sent": PEOPLE}
    assert_each_was_taken_once(sandbox, messages)


def test_a_provider_that_breaks_is_left_alone_and_used_again_when_it_works(
    sandbox: Sandbox, channel: Channel, inside: Company, run: Run
) -> None:
    messages = [queue(make_conversation(channel, number)) for number in range(30)]
    for message in messages:
        sandbox.person_writes(NUMBER, message.identity.external_id, "Hello?")
    sandbox.knobs(NUMBER, errors=[{"code": 131016, "http": 503}])
    run()
    channel.refresh_from_db()
    assert channel.resting_until
    assert sandbox.accepted(NUMBER)["total"] == 0
    sandbox.knobs(NUMBER, errors=[])
    for minutes in (70, 80):
        run(clock=ahead(minutes=minutes))
    assert states() == {"sent": 30}
    assert_each_was_taken_once(sandbox, messages)


@pytest.mark.parametrize("kind", ["html", "json", "huge", "empty"])
def test_an_answer_that_is_none_waits_for_the_report(
    sandbox: Sandbox, channel: Channel, messages: list[Message], run: Run, kind: str
) -> None:
    sandbox.knobs(NUMBER, garbage=kind)
    run()
    assert states() == {"unknown": PEOPLE}
    hear_reports(sandbox, channel)
    run(clock=ahead(hours=1))
    assert states() == {"read": PEOPLE}
    assert_each_was_taken_once(sandbox, messages)


def test_an_answer_that_comes_too_late_waits_for_the_report(
    sandbox: Sandbox, channel: Channel, messages: list[Message], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", ClientTimeout(total=0.3))
    sandbox.knobs(NUMBER, silence="answer")
    run()
    assert states() == {"unknown": PEOPLE}
    hear_reports(sandbox, channel)
    assert states() == {"read": PEOPLE}
    assert_each_was_taken_once(sandbox, messages)


def test_without_any_report_a_sent_message_stays_sent(
    sandbox: Sandbox, channel: Channel, messages: list[Message], run: Run
) -> None:
    sandbox.knobs(NUMBER, silence="reports")
    run()
    hear_reports(sandbox, channel)
    run(clock=ahead(days=1))
    assert states() == {"sent": PEOPLE}


def test_without_answer_and_report_a_person_is_asked_and_nothing_is_sent_twice(
    sandbox: Sandbox, channel: Channel, messages: list[Message], run: Run
) -> None:
    sandbox.knobs(NUMBER, garbage="empty", silence="reports")
    run()
    sandbox.knobs(NUMBER, garbage="off")
    run(clock=lambda: timezone.now() + claiming.GRACE[Lane.REPLIES])
    assert all(message.asks_a_person() for message in Message.objects.all())
    run(clock=ahead(days=1))
    assert_each_was_taken_once(sandbox, messages)
