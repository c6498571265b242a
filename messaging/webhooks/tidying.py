"""Old webhook bodies go: what was worked on soon, what could not be understood later, what still waits never."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from messaging.webhooks.models import WebhookEvent

# Due work of a company that has bodies.
TIDY = "tidy-webhooks"
TIDY_EVERY = timedelta(days=1)
BATCH = 1000
MOST_BATCHES = 50


def tidy(now: datetime | None = None) -> bool:
    """Drop what is old enough, in batches from the oldest on; whether more is to be dropped.

    Bodies are numbered as they come, so the first batch without an old one ends it, and no index is needed.
    """
    now = now or timezone.now()
    done_before = now - timedelta(days=settings.WEBHOOKS_KEPT_DAYS)
    broken_before = now - timedelta(days=settings.BROKEN_WEBHOOKS_KEPT_DAYS)
    last = 0
    for _ in range(MOST_BATCHES):
        rows = list(
            WebhookEvent.objects.filter(pk__gt=last)
            .order_by("pk")
            .values_list("pk", "received_at", "processed_at", "problems")[:BATCH]
        )
        old = [row for row in rows if row[1] < done_before]
        gone = [pk for pk, at, done, problems in old if done and (at < broken_before or not problems)]
        WebhookEvent.objects.filter(pk__in=gone).delete()
        if len(rows) < BATCH or not old:
            return False
        last = rows[-1][0]
    return True


def has_any() -> bool:
    return WebhookEvent.objects.exists()
