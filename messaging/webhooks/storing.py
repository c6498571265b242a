"""A body is stored before it is answered; what it says is looked at later."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tenants.models import Company, UnroutedAccount, UnroutedWebhook
from tenants.services import due

KIND = "webhooks"
NOTED_AGAIN = timedelta(minutes=1)
# Bodies of one account that nobody has connected.
KEPT_UNROUTED = 100


def store(company: Company, body: bytes, *, channel: Channel | None = None) -> None:
    """Keep a body in its company's schema and ask for a worker; the same body again is the row we have."""
    event = WebhookEvent(channel=channel, body=body, body_hash=hashlib.sha256(body).hexdigest())
    with company_context(company), transaction.atomic():
        WebhookEvent.objects.bulk_create([event], ignore_conflicts=True)
        due.announce(KIND, company, asks_again=False)


def note(company: Company, channel: Channel, column: str) -> None:
    """A sign of how webhooks find their way; at most one write a minute, since anybody may call."""
    now = timezone.now()
    with company_context(company):
        stale = Q(**{column: None}) | Q(**{f"{column}__lt": now - NOTED_AGAIN})
        Channel.objects.filter(stale, pk=channel.pk).update(**{column: now})


@transaction.atomic
def store_unknown(kind: str, external_id: str, body: bytes) -> None:
    """Keep for staff what is for an account that nobody has connected: counted, and the newest bodies.

    Nothing of it is worked on by itself when somebody connects the account later.
    """
    external_id, now = external_id.replace("\0", ""), timezone.now()
    UnroutedAccount.objects.bulk_create(
        [UnroutedAccount(kind=kind, external_id=external_id, count=0, first_seen_at=now, last_seen_at=now)],
        ignore_conflicts=True,
    )
    account = UnroutedAccount.objects.select_for_update().get(kind=kind, external_id=external_id)
    UnroutedAccount.objects.filter(pk=account.pk).update(count=F("count") + 1, last_seen_at=now)
    UnroutedWebhook.objects.create(account=account, body=body)
    if beyond := account.webhooks.order_by("-pk").values_list("pk", flat=True)[KEPT_UNROUTED : KEPT_UNROUTED + 1]:
        account.webhooks.filter(pk__lte=beyond[0]).delete()
