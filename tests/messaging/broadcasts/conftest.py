"""A number of acme with an approved template, people who agreed, and a broadcast to all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing.plans.entitlements import set_budget
from billing.rating.models import PriceList
from messaging.broadcasts import running, services
from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.message_templates.models import MessageTemplate
from messaging.messages import pump
from messaging.messages.models import Lane
from tenants.context import company_context
from tenants.models import Company
from tests.billing.metered import on_plan, own_prices, publish
from tests.messaging.messages.conftest import Provider, make_channel, provider

__all__ = ["Provider", "provider"]
BODY = [{"type": "BODY", "text": "Hallo {{1}}, heute gibt es 10 % auf alles."}]
LONG_AGO = timedelta(days=30)


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        Contact.objects.all().delete()
        yield acme


@pytest.fixture
def channel(inside: Company) -> Channel:
    return make_channel(inside)


@pytest.fixture
def template(channel: Channel) -> MessageTemplate:
    return make_template()


def make_template(**values: Any) -> MessageTemplate:
    fields = {"name": "sale", "language": "de", "category": "marketing", "status": "approved", "components": BODY}
    return MessageTemplate.objects.create(**{"account_external_id": "waba", **fields, **values})


def make_person(number: int, *, agreed: bool = True, phone: str = "", kind: str = "whatsapp", **values: Any) -> Contact:
    """Somebody with a number, who has agreed to news a month ago."""
    contact = Contact.objects.create(**{"name": f"Person {number}", **values})
    if phone != "none":
        address = phone or f"+4915100{number:06}"
        ChannelIdentity.objects.create(contact=contact, kind=kind, external_id=address)
    if agreed:
        decide(contact, ConsentState.OPTED_IN, ConsentSource.IMPORT, at=timezone.now() - LONG_AGO)
    return contact


def decide(contact: Contact, state: str, source: str = ConsentSource.KEYWORD, **values: Any) -> None:
    consent.record(contact, **{"purpose": Purpose.MARKETING, "state": state, "source": source, **values})


def opt_out(contact: Contact, **values: Any) -> None:
    decide(contact, ConsentState.OPTED_OUT, **values)


def make_broadcast(channel: Channel, template: MessageTemplate, **values: Any) -> Broadcast:
    fields = {
        "name": "Herbst",
        "audience": {"everyone": True},
        "bindings": {"body.0": {"field": "first_name", "fallback": "Sie"}},
    }
    return Broadcast.objects.create(channel=channel, template=template, **{**fields, **values})


@pytest.fixture
def people(inside: Company) -> list[Contact]:
    return [make_person(number) for number in range(3)]


@pytest.fixture
def broadcast(channel: Channel, template: MessageTemplate, people: list[Contact]) -> Broadcast:
    return make_broadcast(channel, template)


Run = Callable[[], None]


@pytest.fixture
def run(inside: Company) -> Run:
    """One visit to the broadcasts, and one of the pump."""

    def both() -> None:
        running.run()
        pump.deliver(inside, Lane.BULK)

    return both


def started(broadcast: Broadcast) -> Broadcast:
    services.start(broadcast)
    return broadcast


def with_prices(company: Company) -> None:
    """A message costs ten cents in Germany and twenty in France, from long ago on."""
    since = timezone.now().date() - timedelta(days=60)
    rates = [("Germany", "marketing", "0.10"), ("Germany", "utility", "0.10"), ("France", "marketing", "0.20")]
    publish(rates, valid_from=since)
    on_plan(company)
    own_prices(company, "0", since=since)


def limit(company: Company, amount: str, *, hard_stop: bool = True) -> None:
    set_budget(
        company,
        month_limit=Decimal(amount),
        hard_stop=hard_stop,
        reply_reserve=Decimal(0),
        currency="EUR",
        now=timezone.now(),
    )


def forget_prices() -> None:
    """Of a test that commits. Cards of tests have a hash no file has; the one that ships with the product stays."""
    PriceList.objects.filter(label="own").delete()
    cards = "SELECT id FROM billing_ratecard WHERE file_hash = repeat('0', 64)"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"DELETE FROM billing_rate WHERE card_id IN ({cards})")
        cursor.execute(f"DELETE FROM billing_ratecard WHERE id IN ({cards})")
        cursor.execute("SET session_replication_role = DEFAULT")
