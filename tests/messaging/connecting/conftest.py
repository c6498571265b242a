"""Meta, played by the sandbox over real HTTP, and an admin of acme who connects a number there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from messaging.channels import services
from messaging.channels.models import Channel
from messaging.sandbox.testing import AT_ONCE, Sandbox, running
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser

WABA, NUMBER, TOKEN, SECRET, VERIFY = "1001001", "2001001", "token-of-acme", "secret-of-acme", "verify-me"


@pytest.fixture(scope="session")
def running_meta() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def meta(running_meta: Sandbox, settings: Settings) -> Sandbox:
    """An account with one number and two templates, and nobody who listens to it."""
    running_meta.reset(everything=True)
    settings.WHATSAPP_API_URL = f"{running_meta.url}/v25.0"
    made = running_meta
    made.add_account(
        WABA,
        name="Acme",
        app_secret=SECRET,
        verify_token=VERIFY,
        webhook_url=made.receiver.url,
        token=TOKEN,
        subscribed=False,
        numbers=[number()],
        templates=[template("hello_world"), template("order_shipped", "Hello {{1}}, it left today.", ["Ana"])],
    )
    return made


def number(key: str = NUMBER, digits: str = "+49 40 5551200", **more: Any) -> dict[str, Any]:
    return {"id": key, "display_phone_number": digits, "verified_name": "Acme", "knobs": AT_ONCE, **more}


def template(name: str, text: str = "This is a test.", samples: list[str] | None = None) -> dict[str, Any]:
    example = {"example": {"body_text": [samples]}} if samples else {}
    return {
        "name": name,
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": text, **example}],
    }


@pytest.fixture
def browser(acme: Company, admin: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, admin)


@pytest.fixture
def webhooks_arrive(meta: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our address, where Meta finds an answer while it is asked to report there."""
    monkeypatch.setattr(services, "webhook_address", lambda channel: meta.receiver.url)


@pytest.fixture
def channel(acme: Company, meta: Sandbox) -> Channel:
    """The number, connected."""
    with company_context(acme):
        return services.connect_channel(
            kind="whatsapp",
            name="Support",
            external_id=NUMBER,
            account_external_id=WABA,
            token=TOKEN,
            app_secret=SECRET,
            verify_token=VERIFY,
        )


def now_is(acme: Company, channel: Channel) -> Channel:
    """The row as it is now."""
    with company_context(acme):
        return Channel.objects.get(pk=channel.pk)


def put(acme: Company, channel: Channel, **columns: Any) -> None:
    with company_context(acme):
        Channel.objects.filter(pk=channel.pk).update(**columns)
