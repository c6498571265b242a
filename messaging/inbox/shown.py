"""Conversations and messages as the pages show them: plain values for the partials, no query in any of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _, ngettext

from messaging.channels.errors import rule_for
from messaging.channels.models import ChannelKind
from messaging.conversations.models import WINDOW, Conversation
from messaging.inbox import attached
from messaging.messages.models import Direction, Message, MessageState
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
    for message in messages:
        if (own_day := timezone.localtime(message.at).date()) != day:
            day = own_day
            shown.append({"divider": message.at})
        shown.append(
            {"event": sentence(message), "at": message.at}
            if message.direction == Direction.EVENT
            else {"message": bubble(message, conversation)}
        )
    return shown


def bubble(message: Message, conversation: Conversation) -> dict[str, Any]:
    """One message."""
    attachments = [attached.shown(one, conversation.channel.kind) for one in message.attachments.all()]
    return {
        "id": message.public_id,
        "kind": KINDS[Direction(message.direction)],
        "attachments": attachments,
        "text": message.text or ("" if attachments else placeholder(message)),
        "at": message.at,
        "status": message.state if message.direction == Direction.OUTBOUND else "",
        "author": message.author_name,
        "quote": _quote(message.reply_to, conversation.contact.name),
        "reactions": "".join((message.reaction_in, message.reaction_out)),
        "problem": _problem(message, conversation.channel.kind),
    }


def _problem(message: Message, kind: str) -> dict[str, str] | None:
    """Why it did not arrive and what to do, in plain words."""
    if message.state == MessageState.UNKNOWN:
        return {"reason": _("The provider did not answer. Whether it arrived shows as soon as a report comes.")}
    if message.state != MessageState.FAILED:
        return None
    rule = rule_for(kind, message.error_code)
    return {"reason": f"{rule.what} {rule.todo}"}


def _quote(quoted: Message | None, contact_name: str) -> dict[str, str] | None:
    if quoted is None:
        return None
    name = contact_name if quoted.direction == Direction.INBOUND else quoted.author_name
    return {"name": name, "text": quoted.text or placeholder(quoted)}


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
    }
    if message.type in names:
        return names[message.type]
    return (
        ""
        if message.type == "text"
        else _("A message of a kind that cannot be shown: %(kind)s") % {"kind": message.type}
    )


def sentence(message: Message) -> str:
    """An event of the thread in words."""
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
    return f"{facts['name']}: {', '.join(parts)}"
