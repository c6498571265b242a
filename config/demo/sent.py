"""A broadcast that each demo company has sent some days ago, by the code that sends every broadcast.

Its time is passed in; the provider's side, what became of each message, is invented here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from billing.plans.quotes import prefixes_at
from config.demo.crowd import CROWDS
from messaging.broadcasts import feeding, freezing, services
from messaging.broadcasts.models import Broadcast
from messaging.channels.base import ProviderError, Report, StatusReport
from messaging.channels.models import Channel
from messaging.contacts.models import ContactList
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import claiming
from messaging.messages.claiming import Change, Claimed
from messaging.messages.models import Lane, Message, MessageState
from messaging.messages.status import record_reports
from tenants.models import User

BATCH = 40
# Of a hundred messages.
UNREACHABLE, TOO_MANY, ONLY_SENT, ONLY_DELIVERED = 3, 5, 8, 31


@dataclass(frozen=True)
class Wanted:
    """What was sent, how many days ago and at what hour, by the colleague with this address."""

    name: str
    template: tuple[str, str]
    bindings: Mapping[str, Mapping[str, str]]
    days_ago: int
    hour: int
    by: str


SENT = {
    "hansen": Wanted(
        "Neu im Herbst",
        ("newsletter", "de"),
        {"body.0": {"field": "first_name", "fallback": "liebe Kundschaft"}},
        6,
        10,
        "admin@hansen.example",
    ),
    "nordwind": Wanted(
        "NW 412 departs later",
        ("flight_changed", "en"),
        {
            "body.0": {"field": "name", "fallback": "passenger"},
            "body.1": {"text": "NW 412"},
            "body.2": {"text": "17:35"},
        },
        4,
        15,
        "admin@nordwind.example",
    ),
}


def send_once(channel: Channel, company: str, *, now: datetime) -> Broadcast:
    """Everything from the draft to the last report, as it would have happened then."""
    wanted, crowd = SENT[company], CROWDS[company]
    at = (timezone.localtime(now) - timedelta(days=wanted.days_ago)).replace(hour=wanted.hour, minute=5, second=0)
    name, language = wanted.template
    template = MessageTemplate.objects.get(
        account_external_id=channel.account_external_id, name=name, language=language
    )
    broadcast = services.create(name=wanted.name, by=User.objects.filter(email=wanted.by).first())
    services.change(
        broadcast,
        channel=channel,
        template=template,
        purpose=crowd.purpose,
        audience={"lists": [ContactList.objects.get(name=crowd.list_name).public_id]},
        bindings=wanted.bindings,
        created_at=at - timedelta(hours=2),
    )
    services.start(broadcast, now=at)
    freezing.freeze(broadcast, prefixes_at(at))
    _send(broadcast, channel, at, Random(crowd.seed))  # noqa: S311  (the same at every start)
    broadcast.refresh_from_db()
    return broadcast


def _send(broadcast: Broadcast, channel: Channel, at: datetime, random: Random) -> None:
    while feeding.feed(broadcast.pk, at).again_at:
        while claimed := claiming.claim(channel, Lane.BULK, at, BATCH):
            accepted = [Change(one, MessageState.SENT, _id(one)) for one in claimed]
            claiming.record(accepted, at + timedelta(seconds=1))
            record_reports(channel, [report for one in claimed for report in _reports(one, broadcast, at, random)])
            at += timedelta(seconds=1)
        at += timedelta(seconds=5)
    made = Message.objects.filter(recipient__broadcast=broadcast)
    made.update(created_at=broadcast.started_at)
    Conversation.objects.filter(messages__in=made, created_at__gt=at).update(created_at=broadcast.started_at)


def _id(claimed: Claimed) -> str:
    return f"wamid.demo.{claimed.message.reference}"


def _reports(claimed: Claimed, broadcast: Broadcast, at: datetime, random: Random) -> Sequence[StatusReport]:
    """What the provider told of one message; most are delivered within seconds and read within hours."""
    share = random.randrange(100)
    told = [_report(claimed, Report.SENT, at + timedelta(seconds=1))]
    if share < TOO_MANY:
        code, title = ("131026", "Message undeliverable") if share < UNREACHABLE else ("131049", "Healthy ecosystem")
        error = ProviderError(code, title)
        return [*told, _report(claimed, Report.FAILED, at + timedelta(seconds=3), error=error)]
    if share < ONLY_SENT:
        return told
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": broadcast.category.lower()}
    delivered = at + timedelta(seconds=2 + random.random() * 40)
    told.append(_report(claimed, Report.DELIVERED, delivered, pricing=pricing))
    if share < ONLY_DELIVERED:
        return told
    return [*told, _report(claimed, Report.READ, delivered + timedelta(seconds=30 + random.expovariate(1 / 5400)))]


def _report(claimed: Claimed, what: Report, at: datetime, **fields: Any) -> StatusReport:
    return StatusReport(_id(claimed), what, at, reference=claimed.message.reference, **fields)
