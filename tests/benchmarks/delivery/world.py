"""A company with one number at a sandbox in a process of its own, and people to write to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.test import override_settings
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.channels.services import connect_channel, disconnect, route_of
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Lane, Message, MessageState
from messaging.sandbox.testing import Sandbox
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tenants.models import Company
from tenants.services import companies
from tenants.services.opening import open_company
from tests.processes import Program, answers, free_port, running, running_sandbox, scratch, wait_for, web, worker

ACCOUNT, NUMBER, TOKEN, SECRET = "1001", "2001", "token-of-the-benchmark", "secret-of-the-benchmark"
# Far above what one process can send.
NO_LIMIT = 1_000_000
KNOBS = {"throughput": 0, "pair_limit": False, "magic": False, "batch": 100}
AS_IN_PRODUCTION = {"TESTING": "0", "DEMO": "0", "SECURE": "0"}
TEMPLATE = {
    "name": "order_shipped",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Hello {{1}}, your order {{2}} left our house today.",
            "example": {"body_text": [["Ana", "A-17"]]},
        }
    ],
}


@dataclass
class World:
    """Where things are, and how messages come into the queue."""

    folder: Path
    sandbox: Sandbox
    company: Company
    channel: Channel
    address_name: str
    webhook_path: str
    # Of the web process, while there is one.
    port: int = 0

    @property
    def api_url(self) -> str:
        return f"{self.sandbox.url}/v25.0"

    @property
    def webhook_url(self) -> str:
        return f"http://localhost:{self.port}{self.webhook_path}"

    @property
    def env(self) -> dict[str, str]:
        """What a program of ours needs to speak to this provider."""
        return {"WHATSAPP_API_URL": self.api_url, "DATA_DIR": str(self.folder)}

    def queue(self, many: int, lane: str = Lane.BULK, *, after: int = 0) -> None:
        """One message each to `many` people behind the first `after`, as a broadcast writes rows; nobody is told."""
        with company_context(self.company):
            people = Conversation.objects.order_by("pk")[after : after + many]
            Message.objects.bulk_create((self._message(person, lane) for person in people), batch_size=2000)

    def _message(self, conversation: Conversation, lane: str) -> Message:
        return Message(
            conversation=conversation,
            channel=self.channel,
            identity_id=conversation.identity_id,
            direction=Direction.OUTBOUND,
            type="template",
            text="Hello Ana, your order A-17 left our house today.",
            content={"name": "order_shipped", "language": "en", "body": ["Ana", "A-17"]},
            state=MessageState.QUEUED,
            lane=lane,
            due_at=timezone.now(),
        )

    def set_rate(self, messages_per_second: int) -> None:
        with company_context(self.company):
            Channel.objects.update(messages_per_second=messages_per_second)

    @contextmanager
    def receiving(self) -> Iterator[Program]:
        """A web process of ours that takes the provider's webhooks, beside a worker that works on them."""
        port = self.port = free_port()
        env = {**self.env, "PORT": str(port), "BASE_HOST": f"localhost:{port}", **AS_IN_PRODUCTION}
        with (
            running(web(self.folder, port, env)) as program,
            running(worker(self.folder, "webhooks,default", env, "--pool=solo --hostname=webhooks@%h")),
        ):
            wait_for(lambda: answers(f"http://localhost:{port}/health/live"), "the web")
            self.sandbox.add_account(ACCOUNT, webhook_url=self.webhook_url)
            yield program
            self.sandbox.add_account(ACCOUNT, webhook_url="")

    def waiting(self) -> int:
        """How many have no outcome yet."""
        with company_context(self.company):
            return Message.objects.filter(state__in=["queued", "sending"]).count()

    def webhooks_waiting(self) -> bool:
        with company_context(self.company):
            return WebhookEvent.objects.filter(processed_at=None).exists()

    def states(self) -> dict[str, int]:
        with company_context(self.company):
            return dict(Counter(Message.objects.values_list("state", flat=True)))

    def forget_messages(self) -> None:
        with company_context(self.company):
            Message.objects.all().delete()
        self.sandbox.reset()


@contextmanager
def world(*, people: int, address_name: str = "delivery", **account: Any) -> Iterator[World]:
    with scratch() as folder, running_sandbox(folder) as sandbox:
        sandbox.add_account(
            ACCOUNT,
            name="Acme",
            app_secret=SECRET,
            token=TOKEN,
            messaging_limit="TIER_UNLIMITED",
            numbers=[{"id": NUMBER, "display_phone_number": "+49 40 5551200", "knobs": KNOBS}],
            templates=[TEMPLATE],
            **account,
        )
        with override_settings(WHATSAPP_API_URL=f"{sandbox.url}/v25.0"):
            made = _company(folder, sandbox, people, address_name)
            yield made
            # Another company of this run may connect the number.
            with company_context(made.company):
                disconnect(made.channel)


def _company(folder: Path, sandbox: Sandbox, people: int, address_name: str) -> World:
    company = open_company(companies.create_company(address_name=address_name, name="Acme", country="DE"))
    with company_context(company):
        channel = connect_channel(
            kind="whatsapp",
            name="Acme",
            external_id=NUMBER,
            account_external_id=ACCOUNT,
            token=TOKEN,
            app_secret=SECRET,
            verify_token="a word",
        )
        route = route_of(channel)
        Channel.objects.update(messages_per_second=NO_LIMIT)
        MessageTemplate.objects.create(
            account_external_id=ACCOUNT, name="order_shipped", language="en", category="UTILITY", status="approved"
        )
        _add_people(channel, people)
    assert route
    return World(folder, sandbox, company, channel, address_name, f"/webhooks/whatsapp/{route.key}/")


def _add_people(channel: Channel, many: int) -> None:
    contacts = Contact.objects.bulk_create((Contact(name=f"Person {n}") for n in range(many)), batch_size=2000)
    identities = ChannelIdentity.objects.bulk_create(
        (
            ChannelIdentity(contact=contact, kind="whatsapp", external_id=phone(number))
            for number, contact in enumerate(contacts)
        ),
        batch_size=2000,
    )
    Conversation.objects.bulk_create(
        (
            Conversation(channel=channel, contact=identity.contact, identity=identity, last_inbound_at=timezone.now())
            for identity in identities
        ),
        batch_size=2000,
    )


def phone(number: int) -> str:
    return f"+49151{number:08}"
