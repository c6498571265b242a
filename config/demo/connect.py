"""Connect the demo companies' numbers to the provider sandbox, as an admin would connect a real number."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings

from messaging.channels import services as channels
from messaging.channels.models import Channel, ChannelKind
from messaging.sandbox.seed import DEMO, DemoNumber, account
from tenants.context import company_context
from tenants.models import Domain

NUMBERS = {number.company: number.number_id for number in DEMO}
WAIT_SECONDS = 30


def connect_demo() -> list[str]:
    """Tell the sandbox where each company's webhooks go, and connect what is not connected; who was connected now."""
    return [number.name for number in DEMO if _connect(number)]


def _connect(number: DemoNumber) -> bool:
    company = Domain.objects.select_related("tenant").get(domain=number.company).tenant
    # The account first: the number is checked at its provider before it is connected.
    _put(f"accounts/{number.account_id}", account(number))
    with company_context(company):
        known = Channel.objects.filter(kind=ChannelKind.WHATSAPP, external_id=number.number_id).first()
        channel = known or channels.connect_channel(
            kind=ChannelKind.WHATSAPP,
            name=number.phone,
            external_id=number.number_id,
            account_external_id=number.account_id,
            token=number.token,
            app_secret=number.app_secret,
            verify_token=number.verify_token,
        )
        address = channels.webhook_address(channel)
        channels.look_after(company)
    if address:
        _put(f"accounts/{number.account_id}", {"webhook_url": address})
    return known is None


def _put(path: str, body: dict[str, Any]) -> None:
    """Ask the sandbox, which may still be starting."""
    until = time.monotonic() + WAIT_SECONDS
    request = Request(  # noqa: S310  (our own sandbox)
        f"{settings.SANDBOX_URL}/sandbox/api/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    while True:
        try:
            with urlopen(request, timeout=5) as answer:  # noqa: S310  (our own sandbox)
                answer.read()
                return
        except (URLError, ConnectionError) as problem:
            if getattr(problem, "code", 0) or time.monotonic() > until:
                raise
            time.sleep(0.1)
