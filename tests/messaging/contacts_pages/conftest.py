"""Acme's agent and admin at their browsers, and a number to write through; nothing is left open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Contact
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser

Decide = Callable[..., None]


@pytest.fixture
def desk(acme: Company, agent: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, agent)


@pytest.fixture
def boss(acme: Company, admin: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, admin)


@pytest.fixture
def shop(acme: Company) -> Channel:
    with company_context(acme):
        return Channel.objects.create(kind=ChannelKind.WHATSAPP, name="Laden", external_id="1065", token="-")


@pytest.fixture
def decided(acme: Company, acme_contact: Contact) -> Decide:
    """The customer decides."""

    def decide(state: ConsentState, source: ConsentSource = ConsentSource.KEYWORD, **more: Any) -> None:
        values = {"purpose": Purpose.MARKETING, **more}
        with company_context(acme):
            consent.record(values.pop("contact", acme_contact), state=state, source=source, **values)

    return decide


def text_of(answer: Any) -> str:
    return str(answer.content.decode())
