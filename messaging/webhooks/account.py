"""What a provider tells of an account, its numbers, its templates and of people's wishes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from messaging.channels.base import AccountEvent
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import set_state
from messaging.contacts import identities
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.contacts.models import Contact
from messaging.conversations.services import conversation_for
from messaging.live.events import tell
from messaging.message_templates.services import apply_event
from messaging.messages.models import Direction, Message
from messaging.messages.people import Followers

Value = Mapping[str, Any]
# Messages a second after the provider has raised a number (whatsapp §8.5).
RAISED = 1000
# Events of an account after which its token or number is not ours to use.
ENDED = {"ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED"}
# Events that stop a channel; its reason begins with this word, as it does with the code of an error.
STOPPING = ENDED | {"ACCOUNT_RESTRICTION", "DISABLED_UPDATE"}
SWITCHED = {"stop": ConsentState.OPTED_OUT, "resume": ConsentState.OPTED_IN, "signup": ConsentState.OPTED_IN}
NO_SENDING = {"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}


@transaction.atomic
def handle(channel: Channel, account_id: str, event: AccountEvent, *, at: datetime) -> None:
    """Take over what concerns us; everything else stays in the stored body."""
    if act := HANDLERS.get(event.kind):
        # Messages may refer to it meanwhile: who writes them may hold the person or the live counter.
        act(Channel.objects.select_for_update(no_key=True).get(pk=channel.pk), account_id, event, at)


def template(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    apply_event(account_id or channel.account_external_id, event.kind, event.value, at=at)


# --- The number -------------------------------------------------------------------------------------------------------


def number(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    """Quality, limit or speed of one number of the account."""
    if _is_about(channel, event.value) and _is_news(channel, event.kind, at):
        news = _words(event.value)
        if news.get("event") == "THROUGHPUT_UPGRADE":
            channel.messages_per_second = max(channel.messages_per_second, RAISED)
        limit = {"daily_limit": news["current_limit"]} if news.get("current_limit") else {}
        flag = {"flagged": news["event"] == "FLAGGED"} if news.get("event") in {"FLAGGED", "UNFLAGGED"} else {}
        _keep(channel, event.kind, event.value, at, **limit, **flag)


def capability(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    """How many people may be written to in a day, for all numbers of the account."""
    limit = event.value.get("max_daily_conversations_per_business")
    if limit is not None and _is_news(channel, event.kind, at):
        _keep(channel, event.kind, event.value, at, daily_limit=str(limit))


def told(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    """Trouble or a decision that is shown with the channel and changes nothing by itself."""
    if _is_about(channel, event.value) and _is_news(channel, event.kind, at):
        _keep(channel, event.kind, event.value, at)


# --- The account ------------------------------------------------------------------------------------------------------


def account(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    """A ban or a restriction pauses the channel with its reason; what lifts it lets it go on."""
    if not _is_news(channel, event.kind, at):
        return
    state, reason = _state_after(event.value)
    if state == ChannelState.CONNECTED:
        # Only what an event stopped is started again by one: a colleague's pause stays.
        if channel.state_reason.partition(" ")[0] in STOPPING:
            set_state(channel, state)
    elif state and channel.state == ChannelState.CONNECTED:
        set_state(channel, state, reason=reason)
    # Last, since it tells of it: what waits is announced before, as by everybody who writes.
    _keep(channel, event.kind, event.value, at)


def _state_after(value: Value) -> tuple[ChannelState | None, str]:
    word = str(value.get("event", ""))
    ban = _part(value, "ban_info").get("waba_ban_state")
    if word in ENDED:
        return ChannelState.RECONNECT, word
    if word == "ACCOUNT_RECONNECTED" or (word == "DISABLED_UPDATE" and ban == "REINSTATE"):
        return ChannelState.CONNECTED, ""
    if word == "DISABLED_UPDATE" and ban == "DISABLE":
        return ChannelState.PAUSED, word
    if word == "ACCOUNT_RESTRICTION":
        listed = value.get("restriction_info")
        kinds = {str(one.get("restriction_type")) for one in listed if isinstance(one, dict)} if listed else set()
        if kinds & NO_SENDING:
            return ChannelState.PAUSED, f"{word} {' '.join(sorted(kinds & NO_SENDING))}"
    return None, ""


# --- People -----------------------------------------------------------------------------------------------------------


def preference(channel: Channel, account_id: str, event: AccountEvent, at: datetime) -> None:
    """Somebody stops or resumes marketing: a decision in the ledger, and an entry of their thread.

    Nothing is made for somebody we do not know. The key makes the same wish told twice one entry.
    """
    if not identities.known(channel.kind, event.person):
        return
    said = json.dumps(dict(event.value), sort_keys=True)
    key = f"preference.{hashlib.sha256(said.encode()).hexdigest()}"
    followers = Followers()
    contact, identity = identities.person_behind(channel.kind, event.person, followers=followers)
    conversation = conversation_for(channel, contact, identity)
    entry, made = Message.objects.get_or_create(
        channel=channel,
        external_id=key,
        defaults={
            "conversation": conversation,
            "identity": identity,
            "direction": Direction.EVENT,
            "type": "preference",
            "content": dict(event.value),
            "at": at,
        },
    )
    if made:
        _decide(channel, contact, event.value, key, at)
    for public_id in followers.changed:
        tell("conversation", id=public_id)
    if made:
        tell("message", id=entry.public_id, conversation=conversation.public_id)


def _decide(channel: Channel, contact: Contact, value: Value, key: str, at: datetime) -> None:
    """The switch in the person's app holds for news of this number."""
    state = SWITCHED.get(str(value.get("value", "")))
    if state is not None:
        consent.record(
            contact,
            purpose=Purpose.MARKETING,
            state=state,
            source=ConsentSource.PROVIDER,
            channel=channel,
            words=str(value.get("detail", ""))[:500],
            at=at,
            key=key,
        )


# --- What the channel remembers ---------------------------------------------------------------------------------------


def _is_about(channel: Channel, value: Value) -> bool:
    """An event that names a number is that number's; one that names none is everybody's."""
    named, ours = (_digits(text) for text in (str(value.get("display_phone_number", "")), channel.display_address))
    return not named or not ours or named == ours


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


def _is_news(channel: Channel, kind: str, at: datetime) -> bool:
    """Late and repeated events change nothing."""
    known = _part(_part(channel.health, "told"), kind).get("at")
    return known is None or at > datetime.fromisoformat(known)


def _keep(channel: Channel, kind: str, value: Value, at: datetime, **facts: Any) -> None:
    told_before = _part(channel.health, "told")
    channel.health = {
        **channel.health,
        **facts,
        "told": {**told_before, kind: {"at": at.isoformat(), "value": dict(value)}},
    }
    channel.save(update_fields=["health", "messages_per_second"])
    tell("channel", id=channel.public_id)


def _part(holder: Value, key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _words(value: Value) -> dict[str, str]:
    return {key: found for key, found in value.items() if isinstance(found, str)}


HANDLERS: dict[str, Callable[[Channel, str, AccountEvent, datetime], None]] = {
    "message_template_status_update": template,
    "message_template_quality_update": template,
    "template_category_update": template,
    "phone_number_quality_update": number,
    "phone_number_name_update": told,
    "business_capability_update": capability,
    "account_update": account,
    "account_review_update": told,
    "account_alerts": told,
    "security": told,
    "errors": told,
    "user_preferences": preference,
}
