"""Connect the demo companies' numbers to the provider sandbox, as an admin would connect a real number."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings

from config.demo.people import COMPANIES, DemoCompany
from messaging.channels import services as channels
from messaging.channels.models import Channel, ChannelKind
from tenants.context import company_context
from tenants.models import Company, Domain

# Invented numbers of the demo: (phone number id, account id, telephone number).
NUMBERS = {
    "hansen": ("106540352242922", "102290129340398", "+49 40 5550 4711"),
    "nordwind": ("106540352242933", "102290129340399", "+49 40 5550 4712"),
}
WAIT_SECONDS = 30


def connect_demo() -> list[str]:
    """Hand the sandbox both companies' accounts and connect what is not connected; the names of those connected now."""
    connected = []
    for wanted in COMPANIES:
        company = Domain.objects.select_related("tenant").get(domain=wanted.address_name).tenant
        with company_context(company):
            if _connect(company, wanted):
                connected.append(wanted.name)
    return connected


def _connect(company: Company, wanted: DemoCompany) -> bool:
    number, account, telephone = NUMBERS[wanted.address_name]
    secret = _secret(company, "app")
    body = {
        "name": wanted.name,
        "app_secret": secret,
        "token": _secret(company, "token"),
        "numbers": [{"id": number, "display_phone_number": telephone, "verified_name": wanted.name}],
        "people": [{"name": name, "phone": phone} for name, phone, _, _ in wanted.customers[:8]],
    }
    _put(f"accounts/{account}", body)
    channel = Channel.objects.filter(kind=ChannelKind.WHATSAPP, external_id=number).first()
    is_new = channel is None
    if channel is None:
        channel = channels.connect_channel(
            kind=ChannelKind.WHATSAPP,
            name=telephone,
            external_id=number,
            account_external_id=account,
            token=_secret(company, "token"),
            app_secret=secret,
            verify_token=_secret(company, "verify"),
        )
    route = channels.route_of(channel)
    assert route is not None
    address = f"{settings.SCHEME}://{settings.BASE_HOST}/webhooks/whatsapp/{route.key}/"
    _put(f"accounts/{account}", {"webhook_url": address, "verify_token": _secret(company, "verify")})
    return is_new


def _secret(company: Company, purpose: str) -> str:
    """Made up from the installation's own key: the same at every start, and nobody else's."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{company.schema_name}:{purpose}".encode()).hexdigest()


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
