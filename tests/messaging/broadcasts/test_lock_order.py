"""A broadcast's steps lock the live counter last, as all others do: whoever has it waits for nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.broadcasts import services
from messaging.broadcasts.models import Broadcast
from messaging.messages.models import Message
from tests.messaging.broadcasts.conftest import Provider, Run, started
from tests.messaging.messages.conftest import refusing


def scheduled(broadcast: Broadcast) -> None:
    services.schedule(broadcast, timezone.now() + timedelta(hours=1))


def rescheduled(broadcast: Broadcast) -> None:
    services.reschedule(broadcast, timezone.now() + timedelta(hours=2))


def paused(broadcast: Broadcast) -> None:
    services.pause(broadcast)


def resumed(broadcast: Broadcast) -> None:
    services.resume(broadcast)


def cancelled(broadcast: Broadcast) -> None:
    services.cancel(broadcast)


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ([], scheduled),
        ([scheduled], rescheduled),
        ([], started),
        ([started], paused),
        ([started, paused], resumed),
        ([started, paused], cancelled),
    ],
)
def test_what_others_wait_for_is_locked_before_the_live_counter(
    broadcast: Broadcast,
    provider: Provider,
    run: Run,
    before: list[Callable[[Broadcast], object]],
    act: Callable[[Broadcast], object],
) -> None:
    provider.behave = refusing("131000")
    for step in before:
        step(broadcast)
        if step is started:
            run()
            assert Message.objects.filter(state="queued").exists()
            broadcast.refresh_from_db()
    with CaptureQueriesContext(connection) as queries:
        act(broadcast)
    statements = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    told = next(place for place, sql in enumerate(statements) if "messaging_livecounter" in sql)
    others = ("messaging_message", "messaging_broadcast", "tenants_duework", "billing_")
    assert [sql for sql in statements[told:] if any(table in sql for table in others)] == []
