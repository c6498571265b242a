"""How often the pump asks the database for each message it sends: statements, and the begin and end of transactions."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.messages import pump
from messaging.messages.models import Lane
from tenants.context import company_context
from tests.benchmarks.delivery.world import World
from tests.benchmarks.report import Figure, Goal

MESSAGES = 2000


def measure(world: World) -> list[Figure]:
    world.forget_messages()
    world.queue(MESSAGES)
    sent = 0
    with company_context(world.company), CaptureQueriesContext(connection) as trips:
        while sent < MESSAGES:
            sent += pump.deliver(world.company, Lane.BULK).sent
    return [Figure("round_trips_per_message", len(trips) / MESSAGES, "", Goal(0.1, "lower"))]
