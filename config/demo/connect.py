"""Connect the demo companies' numbers to the provider sandbox, as an admin would, and tell their last weeks.

The number comes first, since a conversation belongs to one; then the phones, which say how the provider calls their
owners; then the company's side of the same weeks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils import timezone

from config.demo import months, phones, weeks
from config.demo.people import COMPANIES
from config.demo.story import weeks_of
from messaging.channels import services as channels
from messaging.channels.base import TemplateValue
from messaging.channels.models import Channel, ChannelKind
from messaging.channels.registry import adapter_for, open_session
from messaging.message_templates import services as templates
from messaging.sandbox.seed import DEMO, DemoNumber, account
from tenants.context import company_context
from tenants.models import Company, Domain

BY_NAME = {company.address_name: company for company in COMPANIES}
NUMBERS = {number.company: number.number_id for number in DEMO}
WAIT_SECONDS = 30


def connect_demo() -> list[str]:
    """Tell the sandbox where each company's webhooks go, and connect what is not connected; who was connected now."""
    connected = [number.name for number in DEMO if _connect(number)]
    _tell_months()
    return connected


def _connect(number: DemoNumber) -> bool:
    company = _company(number)
    # The account first: the number is checked at its provider before it is connected.
    _ask("PUT", f"accounts/{number.account_id}", account(number))
    with company_context(company):
        known = Channel.objects.filter(kind=ChannelKind.WHATSAPP, external_id=number.number_id).first()
        channel = known or channels.connect_channel(
            kind=ChannelKind.WHATSAPP,
            name="Kundendienst",
            external_id=number.number_id,
            account_external_id=number.account_id,
            token=number.token,
            app_secret=number.app_secret,
            verify_token=number.verify_token,
        )
        address = channels.webhook_address(channel)
        channels.look_after(company)
    if address:
        _ask("PUT", f"accounts/{number.account_id}", {"webhook_url": address})
    with company_context(company):
        _tell_weeks(number, channel)
    return known is None


def _tell_weeks(number: DemoNumber, channel: Channel) -> None:
    now, company = timezone.now(), BY_NAME[number.company]
    told = weeks_of(number.company, now)
    if weeks.is_told(channel, told):
        return
    templates.sync(channel, _templates(channel))
    people = _ask("POST", f"numbers/{number.number_id}/past", {"people": phones.past_of(company, told)})
    senders = phones.senders_of(people, number.account_id)
    weeks.tell_weeks(channel, told, company=company, senders=senders, now=now)


def _tell_months() -> None:
    companies, channels = {}, {}
    for number in DEMO:
        companies[number.company] = company = _company(number)
        with company_context(company):
            channels[number.company] = Channel.objects.get(kind=ChannelKind.WHATSAPP, external_id=number.number_id)
    months.tell_months(channels, companies, now=timezone.now())


def _company(number: DemoNumber) -> Company:
    return Domain.objects.select_related("tenant").get(domain=number.company).tenant


def _templates(channel: Channel) -> Sequence[TemplateValue]:
    """As the provider has them."""
    credentials = channels.credentials_of(channel)

    async def ask() -> Sequence[TemplateValue]:
        async with open_session(connections=1) as session:
            return await adapter_for(channel.kind).templates(session, credentials)

    return async_to_sync(ask)()


def _ask(method: str, path: str, body: dict[str, Any]) -> Any:
    """Ask the sandbox, which may still be starting."""
    until = time.monotonic() + WAIT_SECONDS
    request = Request(  # noqa: S310  (our own sandbox)
        f"{settings.SANDBOX_URL}/sandbox/api/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    while True:
        try:
            with urlopen(request, timeout=5) as answer:  # noqa: S310  (our own sandbox)
                return json.load(answer)
        except (URLError, ConnectionError) as problem:
            if getattr(problem, "code", 0) or time.monotonic() > until:
                raise
            time.sleep(0.1)
