"""Whom a broadcast reaches among 200,000 people: counted while somebody chooses, and written down at its start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from billing.plans.quotes import prefixes_at
from config.demo.console import Console
from messaging.broadcasts import audience, freezing, services
from messaging.broadcasts.models import Broadcast, BroadcastRecipient
from messaging.channels.models import Channel
from tenants.context import company_context
from tests.benchmarks.people import add_channel, add_people, draft, open_shop
from tests.benchmarks.report import Figure, Goal, median_of
from tests.benchmarks.timing import seconds_of

PEOPLE, FREEZES, COUNTS = 200_000, 3, 20
# What somebody tries while choosing.
CHOICES: list[dict[str, Any]] = [
    {"everyone": True},
    {"everyone": True, "conditions": [{"field": "attributes.city", "op": "is", "value": "town 7"}]},
    {"everyone": True, "conditions": [{"field": "name", "op": "contains", "value": "9"}]},
    {"everyone": True, "conditions": [{"field": "country", "op": "is", "value": "+49"}]},
]


def measure(console: Console) -> list[Figure]:
    with company_context(open_shop("audience")) as company:
        with console.step(f"Make {PEOPLE} people"):
            channel = add_channel(company)
            add_people(PEOPLE)
        with console.step(f"Count an audience {COUNTS} times"):
            counted = sorted(_count(channel, CHOICES[number % len(CHOICES)]) for number in range(COUNTS))
        with console.step(f"Freeze it {FREEZES} times"):
            frozen = [_freeze(channel) for _ in range(FREEZES)]
    return [
        Figure("audience_count_p95_seconds", counted[-2], "s", Goal(1, "lower"), (counted[0], counted[-1])),
        median_of("freeze_seconds_200000", frozen, "s", Goal(15, "lower")),
    ]


def _count(channel: Channel, wanted: dict[str, Any]) -> float:
    return seconds_of(lambda: audience.count(wanted, channel, "marketing"))


def _freeze(channel: Channel) -> float:
    """From the click to rows with their market and decision."""
    broadcast = draft(channel)
    services.start(broadcast)
    prefixes = prefixes_at(datetime.now(UTC))
    seconds = seconds_of(lambda: freezing.freeze(broadcast, prefixes))
    assert BroadcastRecipient.objects.filter(broadcast=broadcast).count() == PEOPLE
    assert BroadcastRecipient.objects.filter(broadcast=broadcast, skipped="").count() == PEOPLE * 9 // 10
    BroadcastRecipient.objects.all().delete()
    Broadcast.objects.all().delete()
    return seconds
