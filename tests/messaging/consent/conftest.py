"""Two numbers of acme and a customer who has decided nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.consent import services
from messaging.contacts.consent.models import ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Contact
from tenants.context import company_context
from tenants.models import Company

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
Decide = Callable[..., ConsentEvent | None]


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


@pytest.fixture
def contact(inside: Company) -> Contact:
    return Contact.objects.get()


@pytest.fixture
def shop(inside: Company) -> Channel:
    return Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Laden", external_id="1065", token="-")


@pytest.fixture
def office(inside: Company) -> Channel:
    return Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Büro", external_id="1066", token="-")


@pytest.fixture
def decided(contact: Contact) -> Decide:
    """The customer decides something, so many minutes after noon."""

    def decide(state: ConsentState, source: ConsentSource, *, minute: int = 0, **more: Any) -> ConsentEvent | None:
        values = {"purpose": Purpose.MARKETING, "at": NOON + timedelta(minutes=minute), **more}
        return services.record(values.pop("contact", contact), state=state, source=source, **values)

    return decide
