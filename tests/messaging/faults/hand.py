"""What a test does inside the product it has broken: JSON lines in and out, `{"do": name, …}`.

A process of its own, since the product's database is not the test's. Its clock may go ahead, so that leases and graces
end without being waited for.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Only after Django is set up may anything be imported that has models.
from messaging.channels.models import SendingLane  # noqa: E402
from messaging.channels.services import connect_channel, route_of  # noqa: E402
from messaging.messages import pump, services  # noqa: E402
from messaging.messages.models import Lane, Message, MessageState  # noqa: E402
from messaging.webhooks import processing  # noqa: E402
from tenants.context import company_context  # noqa: E402
from tenants.models import Company, Membership, Role, User  # noqa: E402
from tenants.models.session import SessionStore  # noqa: E402
from tenants.services import companies, due, opening  # noqa: E402


def prepare(**channel: str) -> dict[str, str]:
    """A company with an agent who is signed in, and a number connected over HTTP."""
    company = opening.open_company(companies.create_company(address_name="acme", name="Acme", country="DE"))
    agent = User.objects.create_user("agent@example.com", None, name="Agent")
    Membership.objects.create(company=company, user=agent, role=Role.AGENT)
    session = SessionStore(company_id=company.pk, ip="127.0.0.1", user_agent="tests")
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(agent.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.save()
    with company_context(company):
        route = route_of(connect_channel(kind="whatsapp", name="Acme", **channel))
    assert route
    return {
        "schema": company.schema_name,
        "session": str(session.session_key),
        "webhook": f"/webhooks/whatsapp/{route.key}/",
    }


def sweep(ahead: float) -> int:
    """What the scheduler does every few seconds."""
    return due.sweep(timezone.now() + timedelta(seconds=ahead))


def visit(ahead: float) -> None:
    """What a worker would do then: bodies whose worker died, and a pump's visit."""

    def clock() -> datetime:
        return timezone.now() + timedelta(seconds=ahead)

    company = Company.objects.get()
    with company_context(company):
        while batch := processing.claim(clock()):
            processing.work_on(batch)
        while pump.deliver(company, Lane.REPLIES, clock=clock).again:
            pass


def come_back() -> None:
    """To the present: the lanes that a visit ahead of it has used are free now."""
    with company_context(Company.objects.get()):
        SendingLane.objects.update(holder="", lease_until=None)


def ask_again() -> int:
    """What an agent does with messages of which nobody heard; how many there were."""
    with company_context(Company.objects.get()):
        silent = list(Message.objects.filter(state=MessageState.UNKNOWN, lease_until=None))
        for message in silent:
            services.retry(message)
    return len(silent)


DEEDS: dict[str, Callable[..., Any]] = {deed.__name__: deed for deed in (prepare, sweep, visit, come_back, ask_again)}


def main() -> None:
    for line in sys.stdin:
        wish = json.loads(line)
        answer = surely(partial(DEEDS[wish.pop("do")], **wish))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def surely(deed: Callable[[], Any]) -> Any:
    """The pool still hands out connections to a server that was shot; each of them is met once."""
    for _ in range(10):
        try:
            return deed()
        except (OperationalError, InterfaceError):
            connection.close()
    return deed()


if __name__ == "__main__":
    main()
