"""An answer's price is put aside when it is written, and given back when it comes to nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing.plans.budget_models import BudgetMonth, Reservation
from billing.rating.lines import refresh
from billing.rating.models import PriceList
from messaging.channels.base import NoAnswer, OutboundMessage, Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts import services as contacts
from messaging.contacts.consent.models import ConsentState
from messaging.conversations.models import Conversation
from messaging.media import uploading
from messaging.messages import pump, services
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.models import Attachment, AttachmentState, Message
from messaging.messages.status import record_reports
from messaging.messages.waiting import disconnect
from tenants.context import company_context
from tenants.models import Company, User
from tenants.services import companies, opening
from tenants.services.audit import SYSTEM
from tests.messaging.broadcasts.conftest import decide, forget_prices, limit, with_prices
from tests.messaging.messages.conftest import Provider, later, make_channel, make_conversation, refusing

PRICE = Decimal("0.10")
# Of a template that we do not know, the dearest is expected.
OFFER = {"name": "offer", "language": "de", "body": []}
Run = Callable[..., pump.Delivered]


@pytest.fixture
def conversation(channel: Channel, inside: Company) -> Conversation:
    with_prices(inside)
    return willing(make_conversation(channel))


def willing(conversation: Conversation) -> Conversation:
    """Its person has agreed to what advertises."""
    decide(conversation.contact, ConsentState.OPTED_IN)
    return conversation


def offer(conversation: Conversation, author: User | None = None, **options: Any) -> Message:
    """An answer that costs ten cents."""
    return services.send_template(conversation, author=author, content=OFFER, text="An offer", **options)


def reserved() -> Decimal:
    return sum(BudgetMonth.objects.values_list("reserved", flat=True), Decimal(0))


def report(message: Message, what: Report, **pricing: object) -> None:
    told = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing", **pricing}
    one = StatusReport(later(message).external_id, what, timezone.now(), pricing=told if pricing else {})
    record_reports(message.channel, [one])


# --- Put aside --------------------------------------------------------------------------------------------------------


def test_answers_in_a_row_never_pass_the_budget(conversation: Conversation, agent: User, inside: Company) -> None:
    """I-22"""
    limit(inside, "0.25")
    offer(conversation, agent)
    offer(conversation, agent)
    for _again in range(3):
        with pytest.raises(BudgetUsedUp):
            offer(conversation, agent)
    assert (conversation.messages.count(), reserved()) == (2, Decimal("0.20"))


def test_what_nobody_wrote_is_held_to_the_budget_as_well(conversation: Conversation, inside: Company) -> None:
    limit(inside, "0.10")
    offer(conversation)
    with pytest.raises(BudgetUsedUp):
        offer(conversation)


def test_the_price_is_held_under_the_key_of_its_usage(conversation: Conversation, agent: User, inside: Company) -> None:
    message = offer(conversation, agent)
    row = Reservation.objects.get()
    assert (row.key, row.amount) == (f"{inside.public_id}:{message.public_id}:message", PRICE)


def test_without_a_hard_stop_answers_go_on_and_are_counted(
    conversation: Conversation, agent: User, inside: Company
) -> None:
    limit(inside, "0.10", hard_stop=False)
    for _again in range(3):
        offer(conversation, agent)
    assert reserved() == Decimal("0.30")


def test_for_what_is_free_nothing_is_put_aside(conversation: Conversation, agent: User, inside: Company) -> None:
    limit(inside, "0")
    services.reply(conversation, author=agent, text="Hello")
    assert not Reservation.objects.exists()


def test_a_second_click_puts_nothing_aside(conversation: Conversation, agent: User, inside: Company) -> None:
    limit(inside, "0.10")
    assert offer(conversation, agent, client_key="k") == offer(conversation, agent, client_key="k")
    assert reserved() == PRICE


def test_an_answer_without_a_known_price_goes_while_anything_is_left(
    conversation: Conversation, agent: User, inside: Company
) -> None:
    PriceList.objects.all().delete()
    limit(inside, "0.01")
    offer(conversation, agent)
    limit(inside, "0")
    with pytest.raises(BudgetUsedUp):
        offer(conversation, agent)


def test_many_agents_at_once_never_pass_the_budget(committed: object) -> None:
    """I-22"""
    company = companies.create_company(address_name="crowd", name="Crowd", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with_prices(company)
    limit(company, "0.50")
    with company_context(company):
        channel = make_channel(company)
        threads = [willing(make_conversation(channel, number)).pk for number in range(4)]
    together = Barrier(4)

    def write(thread: int) -> int:
        went = 0
        try:
            with company_context(company):
                mine = Conversation.objects.select_related("channel", "identity").get(pk=thread)
                together.wait()
                for _again in range(3):
                    offer(mine)
                    went += 1
        except BudgetUsedUp:
            pass
        finally:
            connection.close()
        return went

    try:
        with ThreadPoolExecutor(4) as pool:
            went = sum(pool.map(write, threads))
        with company_context(company):
            assert (went, Message.objects.count()) == (5, 5)
        assert BudgetMonth.objects.get(company=company).reserved == Decimal("0.50")
    finally:
        forget_prices()


# --- It arrives -------------------------------------------------------------------------------------------------------


def test_what_an_answer_had_put_aside_becomes_usage_once(
    conversation: Conversation, agent: User, provider: Provider, run: Run, inside: Company
) -> None:
    message = offer(conversation, agent)
    run()
    report(message, Report.DELIVERED, category="marketing")
    for _again in range(2):
        refresh(inside, now=timezone.now())
        month = BudgetMonth.objects.get()
        assert (month.rated, month.reserved) == (PRICE, 0)


def test_what_turns_out_to_be_free_is_let_go_of(
    conversation: Conversation, agent: User, provider: Provider, run: Run, inside: Company
) -> None:
    message = offer(conversation, agent)
    run()
    report(message, Report.DELIVERED, type="free_entry_point", billable=False)
    refresh(inside, now=timezone.now())
    month = BudgetMonth.objects.get()
    assert (month.rated, month.reserved) == (0, 0)


# --- It comes to nothing ----------------------------------------------------------------------------------------------


def test_a_refused_answer_gives_its_money_back(
    conversation: Conversation, agent: User, provider: Provider, run: Run
) -> None:
    provider.behave = refusing("131026")
    message = offer(conversation, agent)
    run()
    assert (later(message).state, reserved()) == ("failed", 0)


def test_an_answer_that_is_reported_failed_gives_its_money_back(
    conversation: Conversation, agent: User, provider: Provider, run: Run
) -> None:
    message = offer(conversation, agent)
    run()
    report(message, Report.FAILED)
    assert (later(message).state, reserved()) == ("failed", 0)


def test_an_answer_nobody_hears_of_gives_its_money_back(
    conversation: Conversation, agent: User, provider: Provider, run: Run
) -> None:
    def silence(_message: OutboundMessage) -> Any:
        raise NoAnswer("lost")

    provider.behave = silence
    message = offer(conversation, agent)
    run()
    held = reserved()
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run()
    assert (later(message).asks_a_person(), held, reserved()) == (True, PRICE, 0)
    assert services.give_up(message)
    assert reserved() == 0


def test_answers_of_a_disconnected_number_give_their_money_back(
    conversation: Conversation, agent: User, channel: Channel
) -> None:
    offer(conversation, agent)
    disconnect(channel, actor=SYSTEM)
    assert reserved() == 0


def test_answers_to_somebody_who_is_removed_give_their_money_back(conversation: Conversation, agent: User) -> None:
    offer(conversation, agent)
    contacts.remove(conversation.contact)
    assert reserved() == 0


def test_an_answer_whose_file_cannot_be_handed_over_gives_its_money_back(
    conversation: Conversation, agent: User, inside: Company
) -> None:
    message = offer(conversation, agent, has_file=True)
    Attachment.objects.create(
        message=message,
        state=AttachmentState.OUTGOING,
        due_at=timezone.now(),
        key="gone",
        size=1,
        mime_type="image/png",
    )
    uploading.upload(inside)
    assert (later(message).error_code, reserved()) == (uploading.FILE_MISSING, 0)


# --- Once more --------------------------------------------------------------------------------------------------------


def failed_once(message: Message, run: Run) -> Message:
    """It was sent and did not arrive, for a reason that passes."""
    run()
    report(message, Report.FAILED)
    Message.objects.filter(pk=message.pk).update(error_code="131016")
    return message


def test_what_is_sent_again_is_paid_for_again(
    conversation: Conversation, agent: User, provider: Provider, run: Run, inside: Company
) -> None:
    limit(inside, "0.10")
    message = failed_once(offer(conversation, agent), run)
    assert reserved() == 0
    services.retry(message)
    assert reserved() == PRICE
    with pytest.raises(BudgetUsedUp):
        offer(conversation, agent)


def test_what_the_budget_does_not_cover_any_more_is_not_sent_again(
    conversation: Conversation, agent: User, provider: Provider, run: Run, inside: Company
) -> None:
    limit(inside, "0.10")
    message = failed_once(offer(conversation, agent), run)
    offer(conversation, agent)
    with pytest.raises(BudgetUsedUp):
        services.retry(message)
    assert (later(message).state, reserved()) == ("failed", PRICE)
