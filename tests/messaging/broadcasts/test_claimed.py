"""What comes back into the queue is asked for again when it is claimed: nobody is written to who is not to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from billing.plans.budget_models import Reservation, ReservationState
from messaging.broadcasts import running, services, withdrawing
from messaging.broadcasts.models import Broadcast, BroadcastState, PauseReason
from messaging.channels.errors import UNKNOWN, rule_for
from messaging.channels.models import Channel
from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from messaging.messages import claiming, pump
from messaging.messages.agreeing import NotAgreed
from messaging.messages.claiming import Claimed
from messaging.messages.decisions import put_back
from messaging.messages.models import Lane, Message
from messaging.messages.services import retry
from tenants.models import Company
from tests.messaging.broadcasts.conftest import Provider, opt_out, started, with_prices

Act = Callable[[Broadcast, Contact], object]


def on_their_way(broadcast: Broadcast, channel: Channel) -> list[Claimed]:
    """A started broadcast, all of whose messages a pump is about to send."""
    started(broadcast)
    running.run()
    return claiming.claim(channel, Lane.BULK, timezone.now(), 500)


def come_back(claimed: list[Claimed]) -> None:
    """The provider takes none of them for now."""
    now = timezone.now()
    claiming.record([put_back(one, now) for one in claimed], now)


def of_first(broadcast: Broadcast) -> Message:
    return Message.objects.get(recipient=broadcast.recipients.order_by("contact").first())


@pytest.mark.parametrize(
    ("act", "code", "others"),
    [
        (lambda broadcast, person: opt_out(person), withdrawing.OPTED_OUT, 2),
        (lambda broadcast, person: contacts.block(person), withdrawing.BLOCKED, 2),
        (lambda broadcast, person: services.cancel(broadcast), withdrawing.CANCELLED, 0),
    ],
    ids=["opted out", "blocked", "cancelled"],
)
def test_who_is_not_to_be_written_to_since_the_first_try_is_not_tried_again(
    broadcast: Broadcast,
    channel: Channel,
    people: list[Contact],
    provider: Provider,
    inside: Company,
    act: Act,
    code: str,
    others: int,
) -> None:
    claimed = on_their_way(broadcast, channel)
    act(broadcast, people[0])
    come_back(claimed)
    pump.deliver(inside, Lane.BULK)
    message = of_first(broadcast)
    assert (message.state, message.error_code, message.attempts) == ("failed", code, 0)
    assert len(provider.asked) == others


def test_what_is_not_tried_again_gives_its_money_back(
    broadcast: Broadcast, channel: Channel, people: list[Contact], provider: Provider, inside: Company
) -> None:
    with_prices(inside)
    claimed = on_their_way(broadcast, channel)
    opt_out(people[0])
    come_back(claimed)
    held = Reservation.objects.filter(state=ReservationState.OPEN)
    before = held.count()
    pump.deliver(inside, Lane.BULK)
    assert (before, held.count()) == (3, 2)


def test_what_comes_back_into_a_paused_broadcast_waits_until_it_is_resumed(
    broadcast: Broadcast, channel: Channel, provider: Provider, inside: Company
) -> None:
    claimed = on_their_way(broadcast, channel)
    services.pause(broadcast)
    come_back(claimed)
    pump.deliver(inside, Lane.BULK)
    assert provider.asked == []
    assert list(Message.objects.values_list("state", "due_at", "attempts").distinct()) == [("queued", None, 0)]
    services.resume(broadcast)
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 3


def test_what_the_budget_has_paid_for_goes_out(
    broadcast: Broadcast, channel: Channel, provider: Provider, inside: Company
) -> None:
    claimed = on_their_way(broadcast, channel)
    Broadcast.objects.update(state=BroadcastState.PAUSED, pause_reason=PauseReason.BUDGET)
    come_back(claimed)
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 3


def test_an_agent_cannot_send_it_again_to_somebody_who_has_opted_out(
    broadcast: Broadcast, channel: Channel, people: list[Contact], provider: Provider, inside: Company
) -> None:
    on_their_way(broadcast, channel)
    Message.objects.update(state="failed", error_code="131016", failed_at=timezone.now())
    opt_out(people[0])
    with pytest.raises(NotAgreed):
        retry(of_first(broadcast))
    pump.deliver(inside, Lane.BULK)
    assert (of_first(broadcast).error_code, provider.asked) == ("131016", [])


def test_what_an_agent_sends_again_is_not_sent_once_the_person_has_opted_out(
    broadcast: Broadcast, channel: Channel, people: list[Contact], provider: Provider, inside: Company
) -> None:
    on_their_way(broadcast, channel)
    Message.objects.update(state="failed", error_code="131016", failed_at=timezone.now())
    retry(of_first(broadcast))
    [taken] = claiming.claim(channel, Lane.BULK, timezone.now(), 500)
    opt_out(people[0])
    come_back([taken])
    pump.deliver(inside, Lane.BULK)
    assert (of_first(broadcast).error_code, provider.asked) == (withdrawing.OPTED_OUT, [])


@pytest.mark.parametrize("code", [withdrawing.OPTED_OUT, withdrawing.BLOCKED, withdrawing.CANCELLED])
def test_what_we_take_back_says_why(code: str) -> None:
    assert rule_for("whatsapp", code) is not UNKNOWN
