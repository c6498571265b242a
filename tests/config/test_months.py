"""What the demo companies did before today happens through the product's own services, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.invoices.models import Invoice, InvoiceState, MonthClose
from billing.models import BudgetMonth, UnratedUsage, UsageRecord
from config.demo import closing, money
from config.demo.months import tell_months
from config.demo.people import PARCELS, STAFF
from messaging.broadcasts.costs import costs_of
from messaging.broadcasts.models import Broadcast, BroadcastState
from messaging.broadcasts.totals import totals_of
from messaging.channels.base import TemplateValue
from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.models import Contact
from messaging.message_templates import services as templates
from messaging.messages.models import Message
from messaging.sandbox import seed
from tenants.context import company_context
from tenants.models import Company, Mail, User
from tests.billing.invoices.cast import unchecked

NUMBER = seed.PARCELS


@pytest.fixture
def channel(acme: Company) -> Iterator[Channel]:
    """Acme as the demo's parcel shop, connected and with its templates."""
    for person in (*PARCELS.people, STAFF):
        User.objects.create_user(person.email, name=person.name)
    money.set_prices()
    money.put_on_plan(acme, since=closing.past_months(timezone.now())[0].first)
    with company_context(acme):
        made = Channel.objects.create(
            kind=ChannelKind.WHATSAPP,
            external_id=NUMBER.number_id,
            name=NUMBER.phone,
            account_external_id=NUMBER.account_id,
            token="-",
        )
        rows = [row for name in NUMBER.templates for row in seed.TEMPLATES[name]]
        templates.sync(made, [_value(number, row) for number, row in enumerate(rows)])
    return made


def _value(number: int, row: dict[str, Any]) -> TemplateValue:
    return TemplateValue(str(number), row["name"], row["language"], row["category"], "APPROVED", row["components"])


def tell(company: Company, channel: Channel) -> list[str]:
    return tell_months({"hansen": channel}, {"hansen": company}, now=timezone.now(), build=unchecked)


def test_a_broadcast_was_sent_two_months_are_invoiced_and_nothing_is_left_to_do(
    acme: Company, channel: Channel
) -> None:
    assert len(tell(acme, channel)) == 2
    with company_context(acme):
        broadcast = Broadcast.objects.get()
        totals, costs = totals_of(broadcast), costs_of(broadcast)
    assert broadcast.state == BroadcastState.COMPLETED
    assert broadcast.finished_at is not None
    assert broadcast.finished_at < timezone.now()
    assert totals.targeted == totals.accepted + totals.failed + totals.skipped
    assert totals.delivered == sum(market.charged for market in costs.markets) > 50
    assert costs.actual < costs.estimated
    states = Invoice.objects.order_by("period_first").values_list("state", flat=True)
    assert list(states) == [InvoiceState.PAID, InvoiceState.SENT]
    assert set(MonthClose.objects.filter(company=acme).values_list("step", flat=True)) == {"done"}
    assert not UnratedUsage.objects.filter(company=acme).exists()
    assert not Mail.objects.exclude(state="sent").exists()
    assert BudgetMonth.objects.filter(rated__gt=Decimal(10)).count() >= 2


def test_a_second_start_adds_nothing(acme: Company, channel: Channel) -> None:
    def everything() -> list[int]:
        with company_context(acme):
            inside = [model.objects.count() for model in (Contact, Message, Broadcast)]
        return [*inside, UsageRecord.objects.count(), Invoice.objects.count(), Mail.objects.count()]

    tell(acme, channel)
    before = everything()
    assert tell(acme, channel) == []
    assert everything() == before


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (datetime(2026, 11, 25, 12, tzinfo=UTC), date(2026, 9, 1)),
        # The month before is in its days of grace: its reports still come in.
        (datetime(2026, 12, 2, 12, tzinfo=UTC), date(2026, 9, 1)),
        (datetime(2026, 12, 3, 12, tzinfo=UTC), date(2026, 10, 1)),
        (datetime(2027, 1, 15, 12, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_the_months_that_are_over_are_known_on_any_day(now: datetime, first: date) -> None:
    assert closing.past_months(now)[0].first == first
