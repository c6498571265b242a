"""Numbers of acme and globex, connected, with their webhooks as Meta sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.db import connection
from pytest_django import Settings

from messaging.channels.base import Credentials, Health
from messaging.channels.models import Channel
from messaging.channels.services import connect_channel
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation
from messaging.live.models import LiveEvent
from messaging.messages.models import Message
from messaging.webhooks import processing
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tenants.models import Company, ProviderRoute
from tests.conftest import Browser, Cast
from tests.messaging.webhooks import meta


def healthy(kind: str, credentials: Credentials) -> Health:
    return Health("Laden", "+1 555-078-3881", "CONNECTED", quality="GREEN")


def connect(company: Company, number: str, account: str, name: str = "Laden") -> Channel:
    with company_context(company):
        return connect_channel(
            kind="whatsapp",
            name=name,
            external_id=number,
            account_external_id=account,
            token="a token",
            app_secret=meta.SECRET,
            verify_token=meta.VERIFY,
            check=healthy,
        )


@pytest.fixture
def channel(acme: Company) -> Channel:
    return connect(acme, meta.NUMBER, meta.ACCOUNT)


@pytest.fixture
def globex_channel(globex: Company) -> Channel:
    return connect(globex, meta.OTHER_NUMBER, meta.OTHER_ACCOUNT)


@pytest.fixture
def url(channel: Channel) -> str:
    """The channel's own address."""
    return f"/webhooks/whatsapp/{ProviderRoute.objects.get(external_id=channel.external_id).key}/"


@pytest.fixture
def provider(at: Callable[..., Browser]) -> Browser:
    """Meta, at the public host."""
    return at()


@pytest.fixture
def platform(settings: Settings) -> str:
    """The platform's one address."""
    settings.WHATSAPP_APP_SECRET, settings.WHATSAPP_VERIFY_TOKEN = "the platform's secret", "the platform's word"
    return "/webhooks/whatsapp/"


@pytest.fixture
def work(acme: Company, provider: Browser, url: str) -> Callable[..., None]:
    """Post bodies and work on them, as the worker does."""

    def post_and_process(*contents: bytes) -> None:
        for content in contents:
            assert meta.post(provider, url, content) == 200
        with company_context(acme):
            processing.process(acme)

    return post_and_process


@pytest.fixture
def inside(acme: Company, channel: Channel) -> Iterator[Company]:
    with ExitStack() as stack:
        stack.enter_context(company_context(acme))
        yield acme


@pytest.fixture
def for_real(committed: Cast) -> Iterator[Channel]:
    """The channel with real commits, for threads; what came through it is removed again."""
    acme = Company.objects.get(pk=committed.acme)
    with company_context(acme):
        before = list(Contact.objects.values_list("pk", flat=True))
    try:
        yield connect(acme, meta.NUMBER, meta.ACCOUNT)
    finally:
        ProviderRoute.objects.all().delete()
        with company_context(acme):
            for model in (Message, Conversation, WebhookEvent, LiveEvent, Channel):
                model.objects.all().delete()
            Contact.objects.exclude(pk__in=before).delete()
            ChannelIdentity.objects.filter(kind="whatsapp").delete()
        connection.close()
