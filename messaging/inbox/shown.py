"""Conversations and messages as the pages show them: plain values for the partials, no query in any of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _, ngettext

from messaging.channels.base import MessageType
from messaging.channels.capabilities import capabilities_of
from messaging.channels.models import ChannelKind
from messaging.conversations.models import WINDOW, Conversation
from messaging.inbox import attached
from messaging.inbox.kinds import is_people_s, labels, part_of
from messaging.inbox.remedies import problem, writes_freely
from messaging.messages.models import Direction, Message
from tenants.models import Company, User
from tenants.templatetags.ui import clock, date_time, short_date

SHORT = {ChannelKind.WHATSAPP: "WA", ChannelKind.MESSENGER: "ME", ChannelKind.WECHAT: "WC", ChannelKind.SMS: "SM"}
KINDS = {Direction.INBOUND: "in", Direction.OUTBOUND: "out", Direction.NOTE: "note"}


def people_of(company: Company) -> dict[int, User]:
    """Everybody who may be named in the inbox, by key: one query for a page."""
    return {user.pk: user for user in User.objects.filter(memberships__company=company)}


def short_time(at: datetime, now: datetime) -> str:
    """The clock for today, else the date."""
    is_today = timezone.localtime(at).date() == timezone.localtime(now).date()
    return clock(at) if is_today else short_date(at)


def ring_share(conversation: Conversation, now: datetime) -> float:
    """How much of the customer service window is left, from 1 to 0."""
    closes = conversation.window_closes_at()
    return max(0.0, min(1.0, (closes - now) / WINDOW)) if closes else 0.0


def window_words(conversation: Conversation, now: datetime) -> str:
    """The same in words."""
    closes = conversation.window_closes_at()
    if closes is None or closes <= now:
        return _("The window is closed")
    minutes = int((closes - now).total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(count)d minute left to answer", "%(count)d minutes left to answer", minutes) % {
            "count": minutes
        }
    hours = minutes // 60
    return ngettext("%(count)d hour left to answer", "%(count)d hours left to answer", hours) % {"count": hours}


def entries(messages: Iterable[Message], conversation: Conversation) -> list[dict[str, Any]]:
    """A thread from old to new, with a divider before each day."""
    shown: list[dict[str, Any]] = []
    day = None
    messages = list(messages)
    reactions = {row.content.get("message_id"): row for row in messages if row.type == MessageType.REACTION}
    for message in messages:
        # All are of one conversation: nothing is asked for each.
        message.conversation, message.channel = conversation, conversation.channel
        entry = _entry(message, conversation, reactions)
        if entry and (own_day := timezone.localtime(message.at).date()) != day:
            day = own_day
            shown.append({"divider": message.at})
        if entry:
            shown.append(entry)
    return shown


def _entry(message: Message, conversation: Conversation, reactions: Mapping[Any, Message]) -> dict[str, Any] | None:
    """A reaction stands at its message, unless it did not arrive: then it says so."""
    if message.type == MessageType.REACTION:
        found = problem(message, conversation)
        return {"problem": {**found, "reason": f"{_reacted(message)}: {found['reason']}"}} if found else None
    if message.direction == Direction.EVENT:
        return {"event": sentence(message, conversation.contact.name), "at": message.at, "id": message.public_id}
    return {"message": bubble(message, conversation, reactions.get(message.external_id))}


def _reacted(message: Message) -> str:
    emoji = message.content.get("emoji")
    return _("Reaction %(emoji)s") % {"emoji": emoji} if emoji else _("Reaction taken back")


def bubble(message: Message, conversation: Conversation, reaction: Message | None = None) -> dict[str, Any]:
    """One message. `reaction` is ours to it, for the name of whoever reacted."""
    attachments = [attached.shown(one, conversation.channel.kind) for one in message.attachments.all()]
    part = part_of(message)
    around = labels(message)
    return {
        **around,
        "id": message.public_id,
        "kind": KINDS[Direction(message.direction)],
        "attachments": attachments,
        "text": "" if part else message.text or ("" if attachments else placeholder(message)),
        "part": part,
        "at": message.at,
        "status": message.state if message.direction == Direction.OUTBOUND else "",
        "author": message.author_name,
        "quote": _quote(message.reply_to, conversation.contact.name),
        "reactions": _reactions(message, conversation.contact.name, reaction),
        "problem": problem(message, conversation),
        **(_ways(message, conversation) if is_people_s(message) else {}),
    }


def _ways(message: Message, conversation: Conversation) -> dict[str, str]:
    """Where the message is looked at closely, and how it is quoted, if its channel and state allow that."""
    ids = [conversation.public_id, message.public_id]
    quotable = message.external_id and capabilities_of(conversation.channel.kind).quotes and writes_freely(conversation)
    query = urlencode({"quote": message.public_id})
    return {
        "url": reverse("conversation_message", args=ids),
        "quote_url": f"{reverse('conversation', args=ids[:1])}?{query}#composer" if quotable else "",
        "quote_part": f"{reverse('conversation_composer', args=ids[:1])}?{query}" if quotable else "",
    }


def _reactions(message: Message, contact_name: str, ours: Message | None) -> list[dict[str, Any]]:
    shown = [{"emoji": message.reaction_in, "who": contact_name}] if message.reaction_in else []
    if message.reaction_out:
        shown.append({"emoji": message.reaction_out, "who": ours.author_name if ours else _("us")})
    return shown


def _quote(quoted: Message | None, contact_name: str) -> dict[str, str] | None:
    if quoted is None:
        return None
    name = contact_name if quoted.direction == Direction.INBOUND else quoted.author_name
    is_gone = "revoked_at" in quoted.content
    text = _("The person took this message back.") if is_gone else quoted.text or placeholder(quoted)
    return {"id": quoted.public_id, "name": name, "text": text}


def quote_of(message: Message, conversation: Conversation) -> dict[str, str] | None:
    """The message as the composer quotes it."""
    return _quote(message, conversation.contact.name)


def placeholder(message: Message) -> str:
    """What stands for a message that has no words of its own."""
    names = {
        "image": _("Picture"),
        "video": _("Video"),
        "audio": _("Voice message"),
        "document": _("Document"),
        "sticker": _("Sticker"),
        "location": _("Location"),
        "contacts": _("Contact card"),
        "answer": _("An answer"),
        "order": _("An order"),
        "template": _("A template"),
    }
    if message.type in names:
        return names[message.type]
    return (
        ""
        if message.type == "text"
        else _("A message of a kind that cannot be shown: %(kind)s") % {"kind": message.type}
    )


def sentence(message: Message, contact_name: str) -> str:
    """An event of the thread in words."""
    if message.type in {MessageType.SYSTEM, "preference"}:
        return told_of_person(message.type, message.content, contact_name)
    facts = {"name": message.author_name or "Botschaft", **message.content}
    if message.type == "assigned":
        return _assigned(facts)
    if message.type == "snoozed":
        until = parse_datetime(str(facts.get("until", "")))
        return _("%(name)s put this off until %(until)s") % {**facts, "until": date_time(until) if until else ""}
    if message.type == "labelled":
        return _labelled(facts)
    sentences = {"resolved": _("%(name)s resolved this"), "reopened": _("%(name)s opened this again")}
    return sentences.get(message.type, _("%(name)s changed something")) % facts


def _assigned(facts: Mapping[str, Any]) -> str:
    if facts.get("is_self"):
        return _("%(name)s took this conversation") % facts
    if facts.get("to"):
        return _("%(name)s gave this conversation to %(to)s") % facts
    return _("%(name)s gave this conversation back to everybody") % facts


def _labelled(facts: Mapping[str, Any]) -> str:
    parts = [_("added “%(label)s”") % {"label": label} for label in facts.get("came", ())]
    parts += [_("removed “%(label)s”") % {"label": label} for label in facts.get("went", ())]
    return f"{facts['name']} {', '.join(parts)}"


def told_of_person(kind: str, content: Mapping[str, Any], name: str) -> str:
    """What the provider tells of somebody: a new number, a new telephone, a wish about advertising."""
    if kind == "preference":
        wishes = {
            "stop": _("%(name)s does not want marketing messages any more"),
            "resume": _("%(name)s wants marketing messages again"),
        }
        return wishes.get(str(content.get("value")), _("%(name)s changed a preference")) % {"name": name}
    sentences = {
        "number_changed": _("%(name)s has a new telephone number"),
        "user_id_changed": _("%(name)s is known to the provider by a new key"),
        "identity_changed": _("%(name)s set up the app anew; it may be somebody else by now"),
    }
    known = sentences.get(str(content.get("event")))
    body = content.get("body")
    if known:
        return known % {"name": name}
    return body if isinstance(body, str) and body else _("The provider told something about %(name)s") % {"name": name}
