"""A body is stored before it is answered; what it says is looked at later."""

from __future__ import annotations

import hashlib

from django.db import transaction

from messaging.channels.models import Channel
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tenants.models import Company, UnroutedWebhook
from tenants.services import due

KIND = "webhooks"


def store(company: Company, body: bytes, *, channel: Channel | None = None) -> None:
    """Keep a body in its company's schema and ask for a worker; the same body again is the row we have."""
    event = WebhookEvent(channel=channel, body=body, body_hash=hashlib.sha256(body).hexdigest())
    with company_context(company), transaction.atomic():
        WebhookEvent.objects.bulk_create([event], ignore_conflicts=True)
        due.announce(KIND, company, asks_again=False)


def store_unknown(kind: str, external_id: str, body: bytes) -> None:
    """Keep for staff what is for an account that nobody has connected."""
    UnroutedWebhook.objects.create(kind=kind, external_id=external_id.replace("\0", ""), body=body)
