"""The customers' phones in the sandbox, which have seen the same weeks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.demo import sayings
from config.demo.people import DemoCompany
from config.demo.story import Entry, Story, Weeks
from config.demo.weeks import FAILURES, Sender, steps
from messaging.channels.adapters.whatsapp_cloud.sending import body_of
from messaging.channels.base import Address, OutboundMessage

JSON = dict[str, Any]
NEVER_ARRIVED = {*FAILURES, "unknown"}


def past_of(company: DemoCompany, weeks: Weeks) -> list[JSON]:
    """The people of a company for the sandbox's POST /numbers/{number}/past."""
    known = {name: {"phone": phone, "language": language} for name, phone, language, _ in company.customers}
    return [_person(story, known.get(story.name, {})) for story in weeks.stories]


def senders_of(people: list[JSON], account_id: str) -> Mapping[str, Sender]:
    """How the provider names them, from what the sandbox answers."""
    return {
        one["name"]: Sender("" if one["hides_phone"] else one["wa_id"], one["user_ids"][account_id]) for one in people
    }


def _person(story: Story, known: JSON) -> JSON:
    return {
        "name": story.name,
        "username": story.username,
        "hides_phone": not known,
        **known,
        "messages": _messages(story),
    }


def _messages(story: Story) -> list[JSON]:
    """What the phone shows, with what was changed on it since."""
    shown: dict[str, JSON] = {}
    for entry in story.entries:
        if entry.verb == "react" and entry.about in shown:
            shown[entry.about]["reactions"]["person" if entry.is_customers else "business"] = entry.text
        elif entry.verb == "edit":
            shown[entry.about] |= {"edited": True, "body": sayings.element(entry)["edit"]["message"]}
        elif entry.verb == "revoke":
            shown[entry.about]["revoked"] = True
        elif entry.is_message and entry.outcome not in NEVER_ARRIVED:
            shown[entry.id] = _message(entry)
    return [*shown.values()]


def _message(entry: Entry) -> JSON:
    said: JSON = {"id": entry.id, "at": entry.at.timestamp(), "reply_to": entry.about, "reactions": {}}
    if entry.is_customers:
        return said | {"inbound": True, "body": sayings.element(entry)}
    type_, content = sayings.content(entry)
    # Whom it went to the sandbox knows; the rest is what the adapter would have handed in.
    body = body_of(OutboundMessage("", Address(phone="+49"), type_, content))
    return said | {"status": steps(entry)[-1][0], "body": body}
