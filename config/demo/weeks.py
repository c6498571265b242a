"""Some weeks of conversations, put into a demo company by the services that webhooks and clicks call.

All of a company in one transaction: it is there or it is not, and no pump meets an answer that was sent weeks ago.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from config.demo import sayings
from config.demo.people import DemoCompany
from config.demo.story import Entry, Story, Weeks
from messaging.channels.base import Address, InboundMessage, MessageType, StatusReport
from messaging.channels.models import Channel
from messaging.channels.registry import adapter_for
from messaging.contacts import identities
from messaging.contacts.models import Contact, Label
from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import actions, claiming, receiving, services, status
from messaging.messages.claiming import Change
from messaging.messages.models import Lane, Message, MessageState
from tenants.models import User

JSON = dict[str, Any]
SENT, DELIVERED, READ = timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=40)
FAILURES = {
    "131026": "Message undeliverable",
    "131047": "Re-engagement message",
    "131049": "This message was not delivered to maintain healthy ecosystem engagement",
}


@dataclass(frozen=True)
class Sender:
    """How the provider names a customer: the number it shows, if any, and its own id."""

    phone: str
    user_id: str = ""


def is_told(channel: Channel, weeks: Weeks) -> bool:
    """Whether any of it is there; a customer that was removed since does not come back."""
    keys = [entry.id for story in weeks.stories for entry in story.entries]
    return Message.objects.filter(channel=channel, external_id__in=keys).exists()


@transaction.atomic
def tell_weeks(
    channel: Channel, weeks: Weeks, *, company: DemoCompany, senders: Mapping[str, Sender], now: datetime | None = None
) -> int:
    """Load what is not there yet; how many conversations."""
    if is_told(channel, weeks):
        return 0
    labels = {name: Label.objects.get_or_create(name=name, defaults={"tone": tone})[0] for name, tone in weeks.labels}
    users = {user.email: user for user in User.objects.filter(email__in=[one.email for one in company.people])}
    people = {one.name.split()[0]: users[one.email] for one in company.people}
    for story in weeks.stories:
        teller = _Teller(channel, story, senders[story.name], people, labels)
        for entry in story.entries:
            teller.tell(entry)
        teller.end()
    claiming.settle_silent(now or timezone.now())
    return len(weeks.stories)


@dataclass
class _Teller:
    """Lets one conversation happen once more."""

    channel: Channel
    story: Story
    sender: Sender
    people: Mapping[str, User]
    labels: Mapping[str, Label]
    reports: list[JSON] = field(default_factory=list)
    key: int = 0

    def tell(self, entry: Entry) -> None:
        if entry.is_customers:
            for said in self._parsed({"messages": [self._element(entry)]}):
                assert isinstance(said, InboundMessage)
                receiving.receive(self.channel, said)
            return
        found = self._conversation()
        if entry.verb in ACTIONS:
            conversations.mark_read(found)
            ACTIONS[entry.verb](self, found, entry)
        else:
            self._answer(found, entry)

    def end(self) -> None:
        """What the provider reported, and since when the company knows the person."""
        told = [one for one in self._parsed({"statuses": self.reports}) if isinstance(one, StatusReport)]
        status.record_reports(self.channel, told)
        first = self.story.entries[0].at
        found = self._conversation()
        if heard := found.last_inbound_at:
            last = Greatest(Coalesce("last_inbound_at", heard), heard)
            Channel.objects.filter(pk=self.channel.pk).update(last_inbound_at=last)
        Conversation.objects.filter(pk=found.pk, created_at__gt=first).update(created_at=first)
        Contact.objects.filter(pk=found.contact_id, created_at__gt=first).update(created_at=first)

    # --- What came in -------------------------------------------------------------------------------------------------

    def _element(self, entry: Entry) -> JSON:
        about = {"id": entry.id, "timestamp": str(int(entry.at.timestamp())), "from_user_id": self.sender.user_id}
        if self.sender.phone:
            about["from"] = self.sender.phone
        return {**about, **sayings.element(entry)}

    def _parsed(self, value: JSON) -> list[Any]:
        """A webhook body, read by the channel's adapter."""
        profile: JSON = {"name": self.story.name}
        if self.story.username:
            profile["username"] = self.story.username
        contact = {"profile": profile, "wa_id": self.sender.phone, "user_id": self.sender.user_id}
        whole = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.channel.external_id},
            "contacts": [contact],
            **value,
        }
        change = {"field": "messages", "value": whole}
        body = {"object": "whatsapp_business_account", "entry": [{"id": self.channel.account_external_id}]}
        body["entry"][0]["changes"] = [change]  # type: ignore[index]
        return [one.element for one in adapter_for(self.channel.kind).parse(json.dumps(body).encode())]

    # --- What went out ------------------------------------------------------------------------------------------------

    def _conversation(self) -> Conversation:
        """As it is in the database now; a company may also begin it."""
        if not self.key:
            address = Address(f"+{self.sender.phone}" if self.sender.phone else "", self.sender.user_id)
            contact, identity = identities.person_behind(self.channel.kind, address, name=self.story.name)
            self.key = conversations.conversation_for(self.channel, contact, identity).pk
        return Conversation.objects.select_related("channel", "contact", "identity").get(pk=self.key)

    def _answer(self, found: Conversation, entry: Entry) -> None:
        conversations.mark_read(found)
        type_, content = sayings.content(entry)
        about = Message.objects.filter(channel=self.channel, external_id=entry.about).first() if entry.about else None
        text = self._template_text(content) if type_ == MessageType.TEMPLATE else str(content.get("body", ""))
        services.reply(
            found,
            author=self.people[entry.who],
            text=text,
            type=type_,
            content=content,
            reply_to=about,
            now=entry.at,
        )
        self._sent(entry, str(content.get("name", "")))

    def _template_text(self, content: JSON) -> str:
        """What the person reads."""
        ours = MessageTemplate.objects.filter(account_external_id=self.channel.account_external_id)
        template = ours.get(name=content["name"], language=content["language"])
        text = str(next(one["text"] for one in template.components if one["type"] == "BODY"))
        for number, value in enumerate(content.get("body", ()), 1):
            text = text.replace(f"{{{{{number}}}}}", value)
        return text

    def _sent(self, entry: Entry, template: str = "") -> None:
        """One attempt, with its outcome; what the provider reports later is kept until the end."""
        at = entry.at + SENT
        [claimed] = claiming.claim(self.channel, Lane.REPLIES, entry.at, 1)
        if entry.outcome == "unknown":
            later = at + claiming.GRACE[Lane.REPLIES]
            claiming.record([Change(claimed, MessageState.UNKNOWN, later=later)], at)
            return
        claiming.record([Change(claimed, MessageState.SENT, entry.id)], at)
        category = MessageTemplate.objects.filter(name=template).values_list("category", flat=True).first() or "service"
        self.reports += [
            {
                "id": entry.id,
                "status": name,
                "timestamp": str(int(moment.timestamp())),
                "recipient_user_id": self.sender.user_id,
                "biz_opaque_callback_data": claimed.message.reference,
                **({"pricing": pricing(category)} if name in {"sent", "delivered"} else {}),
                **({"errors": [failure(entry.outcome)]} if name == "failed" else {}),
                **({"recipient_id": self.sender.phone} if self.sender.phone else {}),
            }
            for name, moment in steps(entry)
        ]

    # --- What colleagues did ------------------------------------------------------------------------------------------

    def _react(self, _found: Conversation, entry: Entry) -> None:
        target = Message.objects.select_related("conversation__channel", "conversation__identity")
        services.react(
            target.get(channel=self.channel, external_id=entry.about),
            entry.text,
            author=self.people[entry.who],
            now=entry.at,
        )
        self._sent(entry)

    def _note(self, found: Conversation, entry: Entry) -> None:
        actions.note(found, author=self.people[entry.who], text=entry.text, now=entry.at)

    def _give(self, found: Conversation, entry: Entry) -> None:
        by = self.people[entry.who]
        to = {"take": by, "free": None}.get(entry.verb, self.people.get(entry.text))
        actions.assign(found, to, by=by, seen=found.assignee_id, now=entry.at)

    def _label(self, found: Conversation, entry: Entry) -> None:
        actions.label(found, [self.labels[name] for name in entry.parts], by=self.people[entry.who], now=entry.at)

    def _resolve(self, found: Conversation, entry: Entry) -> None:
        actions.resolve(found, by=self.people[entry.who], now=entry.at)

    def _reopen(self, found: Conversation, entry: Entry) -> None:
        actions.reopen(found, by=self.people[entry.who], now=entry.at)

    def _snooze(self, found: Conversation, entry: Entry) -> None:
        assert entry.back_at is not None
        actions.snooze(found, entry.back_at, by=self.people[entry.who], now=entry.at)


ACTIONS = {
    "react": _Teller._react,
    "note": _Teller._note,
    "take": _Teller._give,
    "give": _Teller._give,
    "free": _Teller._give,
    "label": _Teller._label,
    "resolve": _Teller._resolve,
    "reopen": _Teller._reopen,
    "snooze": _Teller._snooze,
}


def steps(entry: Entry) -> list[tuple[str, datetime]]:
    """What became of an answer, and when; it was read before anything else happened."""
    sent = [("sent", entry.at + SENT)]
    if entry.outcome in FAILURES:
        return [*sent, ("failed", entry.at + DELIVERED)]
    if entry.verb == "react":
        return sent  # of a reaction nothing else is reported
    sent.append(("delivered", entry.at + DELIVERED))
    if entry.outcome == "delivered":
        return sent
    return [*sent, ("read", max(entry.at + DELIVERED, min(entry.at + READ, entry.until or entry.at + READ)))]


def failure(code: str) -> JSON:
    return {"code": int(code), "title": FAILURES[code], "message": FAILURES[code]}


def pricing(category: str) -> JSON:
    """As a status carries it (whatsapp §8.4)."""
    kind = "free_customer_service" if category == "service" else "regular"
    return {"billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category}
