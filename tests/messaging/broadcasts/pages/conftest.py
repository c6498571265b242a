"""Acme's broadcasts as the pages meet them: nothing is left open between two requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from billing.plans.quotes import prefixes_at
from messaging.broadcasts import freezing, running, services
from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.contacts.models import Contact
from messaging.message_templates.models import MessageTemplate
from messaging.messages import pump
from messaging.messages.models import Lane
from tenants.context import company_context
from tenants.models import Company, User
from tests.billing.metered import dollars, own_prices
from tests.conftest import Browser
from tests.messaging.broadcasts.conftest import make_broadcast, make_person, make_template
from tests.messaging.messages.conftest import Provider, make_channel, provider

__all__ = ["provider"]


@pytest.fixture(autouse=True)
def priced(acme: Company) -> None:
    """A dollar is a euro, and acme pays what the provider takes."""
    dollars("1")
    own_prices(acme, "0", since=date(2025, 7, 1))


@pytest.fixture
def browser(acme: Company, admin: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, admin)


@pytest.fixture
def looker(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    """A support agent."""
    return at(acme, agent)


@pytest.fixture
def people(acme: Company) -> list[Contact]:
    with company_context(acme):
        Contact.objects.all().delete()
        return [make_person(number) for number in range(3)]


@pytest.fixture
def channel(acme: Company) -> Channel:
    with company_context(acme):
        return make_channel(acme)


@pytest.fixture
def template(acme: Company) -> MessageTemplate:
    with company_context(acme):
        return make_template()


@pytest.fixture
def draft(acme: Company, channel: Channel, template: MessageTemplate, people: list[Contact]) -> Broadcast:
    """Ready to be sent to three people."""
    with company_context(acme):
        return make_broadcast(channel, template)


@pytest.fixture
def ran(acme: Company, draft: Broadcast, provider: Provider) -> Broadcast:
    """The same, started and handed to the provider."""
    start(acme, draft)
    work(acme)
    return draft


def start(company: Company, broadcast: Broadcast) -> None:
    with company_context(company):
        services.start(now_as(broadcast))


def work(company: Company) -> None:
    """One visit to the broadcasts, and one of the pump."""
    with company_context(company):
        running.run()
        pump.deliver(company, Lane.BULK)


def freeze(company: Company, broadcast: Broadcast) -> None:
    """Write the rows of a started one; nothing is sent."""
    with company_context(company):
        freezing.freeze(now_as(broadcast), prefixes_at(timezone.now()))


def now_as(broadcast: Broadcast) -> Broadcast:
    return Broadcast.objects.select_related("channel", "template").get(pk=broadcast.pk)


def fresh(company: Company, broadcast: Broadcast) -> Broadcast:
    with company_context(company):
        return now_as(broadcast)


def path(broadcast: Broadcast, page: str = "") -> str:
    return f"/broadcasts/{broadcast.public_id}/{page}"


def text(answer: Any) -> str:
    return str(answer.content.decode())
