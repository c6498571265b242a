"""A broadcast and its budget: money is put aside before a message is made, and given back when it comes to nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.plans.budget_models import BudgetMonth, Reservation
from billing.rating.lines import refresh
from billing.rating.models import PriceList
from billing.usage.models import UsageRecord
from messaging.broadcasts import running, services
from messaging.broadcasts.costs import costs_of
from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, PauseReason
from messaging.broadcasts.totals import totals_of
from messaging.channels.base import Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts import services as contacts
from messaging.contacts.models import Contact
from messaging.conversations.models import Conversation
from messaging.conversations.services import conversation_for
from messaging.message_templates.models import MessageTemplate
from messaging.messages import pump, waiting
from messaging.messages.models import Lane, Message
from messaging.messages.status import record_reports
from tenants.models import Company
from tenants.services.audit import SYSTEM
from tests.messaging.broadcasts.conftest import (
    Provider,
    Run,
    limit,
    make_broadcast,
    make_person,
    opt_out,
    started,
    with_prices,
)
from tests.messaging.messages.conftest import refusing

PRICE = Decimal("0.10")


@pytest.fixture(autouse=True)
def priced(inside: Company) -> None:
    with_prices(inside)


def reserved() -> Decimal:
    return sum(BudgetMonth.objects.values_list("reserved", flat=True), Decimal(0))


def now_as(broadcast: Broadcast) -> Broadcast:
    return Broadcast.objects.select_related("channel", "template").get(pk=broadcast.pk)


def report(channel: Channel, what: Report, *messages: Message) -> None:
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    priced = pricing if what == Report.DELIVERED else {}
    record_reports(channel, [StatusReport(one.external_id, what, timezone.now(), pricing=priced) for one in messages])


# --- Put aside --------------------------------------------------------------------------------------------------------


def test_each_row_keeps_its_price_and_its_money_is_put_aside(broadcast: Broadcast, inside: Company) -> None:
    make_person(7, phone="+33612345678")
    started(broadcast)
    running.run()
    assert list(BroadcastRecipient.objects.order_by("price").values_list("price", flat=True)) == [
        *[PRICE] * 3,
        Decimal("0.20"),
    ]
    assert (reserved(), now_as(broadcast).currency) == (Decimal("0.50"), "EUR")
    keys = {f"{inside.public_id}:{message}:message" for message in Message.objects.values_list("public_id", flat=True)}
    assert set(Reservation.objects.values_list("key", flat=True)) == keys


def test_what_a_delivered_message_had_put_aside_becomes_usage(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run, inside: Company
) -> None:
    started(broadcast)
    run()
    report(channel, Report.DELIVERED, *Message.objects.order_by("pk")[:2])
    refresh(inside, now=timezone.now())
    month = BudgetMonth.objects.get()
    assert (month.rated, month.reserved) == (Decimal("0.20"), PRICE)
    assert set(Reservation.objects.values_list("state", flat=True)) == {"counted", "open"}


def test_an_unpriced_channel_sends_without_a_reservation(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    PriceList.objects.all().delete()
    started(broadcast)
    run()
    assert len(provider.asked) == 3
    assert (reserved(), BroadcastRecipient.objects.filter(price=None).count()) == (0, 3)


def test_conversations_are_held_before_money_is_asked_for(broadcast: Broadcast, channel: Channel) -> None:
    """Who answers in one has it locked while they ask for money; and so does who removes a person."""
    person = Contact.objects.order_by("pk")[0]
    thread = conversation_for(channel, person, person.identities.get())
    started(broadcast)
    for act in (running.run, lambda: contacts.remove(person)):
        with CaptureQueriesContext(connection) as queries:
            act()
        sql = [query["sql"] for query in queries]
        threads = next(place for place, one in enumerate(sql) if "messaging_conversation" in one and " FOR " in one)
        months = next(place for place, one in enumerate(sql) if "billing_budgetmonth" in one and " FOR " in one)
        assert threads < months
    assert not Conversation.objects.filter(pk=thread.pk).exists()


# --- The limit --------------------------------------------------------------------------------------------------------


def test_as_many_as_the_budget_covers_are_sent_then_it_pauses_and_says_what_is_missing(
    broadcast: Broadcast, provider: Provider, run: Run, inside: Company
) -> None:
    Company.objects.filter(pk=inside.pk).update(language="de")
    inside.refresh_from_db()
    limit(inside, "0.25")
    started(broadcast)
    run()
    found = now_as(broadcast)
    assert len(provider.asked) == 2
    assert (found.state, found.pause_reason) == (BroadcastState.PAUSED, PauseReason.BUDGET)
    assert "0,05\N{NO-BREAK SPACE}€" in found.pause_details
    assert "0,10\N{NO-BREAK SPACE}€" in found.pause_details
    assert totals_of(broadcast).waiting == 1


def test_after_the_budget_is_raised_it_goes_on_where_it_stopped(
    broadcast: Broadcast, provider: Provider, run: Run, inside: Company
) -> None:
    limit(inside, "0.10")
    started(broadcast)
    run()
    limit(inside, "1.00")
    services.resume(now_as(broadcast))
    run()
    run()
    assert len({message.to.phone for message in provider.asked}) == len(provider.asked) == 3
    assert now_as(broadcast).state == BroadcastState.COMPLETED


def test_without_a_hard_stop_it_goes_on_beyond_the_budget(
    broadcast: Broadcast, provider: Provider, run: Run, inside: Company
) -> None:
    limit(inside, "0.10", hard_stop=False)
    started(broadcast)
    run()
    assert (len(provider.asked), reserved()) == (3, Decimal("0.30"))


def test_where_a_budget_stops_nothing_without_a_price_goes_out(
    broadcast: Broadcast, provider: Provider, run: Run, inside: Company
) -> None:
    PriceList.objects.all().delete()
    limit(inside, "5.00")
    started(broadcast)
    run()
    assert provider.asked == []
    assert now_as(broadcast).pause_reason == PauseReason.BUDGET


# --- Given back -------------------------------------------------------------------------------------------------------


def test_a_refused_message_gives_its_money_back(broadcast: Broadcast, provider: Provider, run: Run) -> None:
    provider.behave = refusing("131026", times=1)
    started(broadcast)
    run()
    assert reserved() == Decimal("0.20")


def test_a_message_that_is_reported_failed_gives_its_money_back(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run
) -> None:
    started(broadcast)
    run()
    report(channel, Report.FAILED, *Message.objects.order_by("pk")[:1])
    assert reserved() == Decimal("0.20")


def test_a_message_nobody_will_hear_of_gives_its_money_back(
    broadcast: Broadcast, provider: Provider, run: Run, inside: Company
) -> None:
    started(broadcast)
    run()
    Message.objects.filter(pk=Message.objects.order_by("pk")[0].pk).update(
        state="unknown", lease_until=timezone.now() - timedelta(seconds=1)
    )
    pump.deliver(inside, Lane.BULK)
    assert reserved() == Decimal("0.20")


Act = Callable[[Broadcast], object]
TAKES_BACK: dict[str, tuple[Act, str]] = {
    "pause": (lambda broadcast: services.pause(now_as(broadcast)), "0"),
    "cancel": (lambda broadcast: services.cancel(now_as(broadcast)), "0"),
    "opt out": (lambda _: opt_out(Contact.objects.order_by("pk")[0]), "0.20"),
    "remove": (lambda _: contacts.remove(Contact.objects.order_by("pk")[0]), "0.20"),
    "disconnect": (lambda _: waiting.disconnect(Channel.objects.get(), actor=SYSTEM), "0"),
}


@pytest.mark.parametrize("name", TAKES_BACK)
def test_what_is_taken_back_from_the_queue_gives_its_money_back(broadcast: Broadcast, name: str) -> None:
    act, left = TAKES_BACK[name]
    started(broadcast)
    running.run()
    act(broadcast)
    assert reserved() == Decimal(left)


def test_a_pause_for_the_budget_leaves_in_the_queue_what_is_paid_for(
    broadcast: Broadcast, provider: Provider, inside: Company
) -> None:
    limit(inside, "0.20")
    started(broadcast)
    running.run()
    assert (Message.objects.filter(state="queued").count(), reserved()) == (2, Decimal("0.20"))
    pump.deliver(inside, Lane.BULK)
    assert len(provider.asked) == 2


# --- Usage and the report ---------------------------------------------------------------------------------------------


def test_usage_names_its_broadcast_and_a_test_is_none_of_it(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run
) -> None:
    started(broadcast)
    run()
    tried = Message.objects.order_by("pk")[0]
    Message.objects.filter(pk=tried.pk).update(content={**tried.content, "is_test": True}, lane=Lane.REPLIES)
    report(channel, Report.DELIVERED, *Message.objects.all())
    origins = UsageRecord.objects.order_by("origin").values_list("origin", "broadcast_public_id")
    assert list(origins) == [("broadcast", broadcast.public_id)] * 2 + [("test", broadcast.public_id)]


def test_the_report_shows_the_estimate_beside_what_it_cost(
    broadcast: Broadcast, channel: Channel, provider: Provider, run: Run, inside: Company
) -> None:
    make_person(7, phone="+33612345678")
    make_person(8, agreed=False)
    started(broadcast)
    run()
    report(channel, Report.DELIVERED, *Message.objects.exclude(identity__external_id="+4915100000000"))
    refresh(inside, now=timezone.now())
    found = costs_of(now_as(broadcast))
    germany, france = found.markets
    assert (germany.market, germany.rows, germany.estimated, germany.delivered, germany.actual) == (
        "Germany",
        3,
        Decimal("0.30"),
        2,
        Decimal("0.20"),
    )
    assert (france.market, france.rows, france.estimated, france.charged, france.actual) == (
        "France",
        1,
        Decimal("0.20"),
        1,
        Decimal("0.20"),
    )
    assert (found.currency, found.estimated, found.actual, found.delivered) == (
        "EUR",
        Decimal("0.50"),
        Decimal("0.40"),
        3,
    )


def test_people_without_a_number_are_counted_in_their_market(
    channel: Channel, template: MessageTemplate, provider: Provider, run: Run, inside: Company
) -> None:
    make_person(1, phone="FR.4711")
    broadcast = started(make_broadcast(channel, template))
    run()
    report(channel, Report.DELIVERED, *Message.objects.all())
    refresh(inside, now=timezone.now())
    (france,) = costs_of(now_as(broadcast)).markets
    assert (france.market, france.estimated, france.actual) == ("France", Decimal("0.20"), Decimal("0.20"))
