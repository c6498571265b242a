"""What the business is told: statuses, messages of people, events of the account (reference §8.2-8.5)."""

from __future__ import annotations

from typing import Any

from messaging.sandbox import errors
from messaging.sandbox.model import JSON, Account, Message, Number, Person
from messaging.sandbox.webhooks import Item
from messaging.sandbox.world import WINDOW, World


def metadata(number: Number) -> dict[str, str]:
    return {"display_phone_number": number.digits, "phone_number_id": number.id}


def contact(world: World, account: Account, person: Person, *, named: bool = True) -> JSON:
    profile: JSON = {"name": person.name or person.phone} if named else {}
    if person.username:
        profile["username"] = person.username
    found: JSON = {"profile": profile}
    if phone := world.phone_shown(account, person):
        found["wa_id"] = phone
    found["user_id"] = world.user_id(account, person)
    return found


def report_status(world: World, message: Message, status: str, error: JSON | None = None) -> None:
    """Tell what became of a message of the business."""
    number = world.numbers.get(message.number_id)
    if number is None or message.silent:
        return
    account = world.account_of(number)
    if not (account.webhook_url or number.override_url or account.override_url):
        return
    person = world.people[message.person_id]
    element: JSON = {"id": message.id, "status": status, "timestamp": str(int(world.now()))}
    if phone := world.phone_shown(account, person):
        element["recipient_id"] = phone
    element["recipient_user_id"] = world.user_id(account, person)
    if message.reference:
        element["biz_opaque_callback_data"] = message.reference
    if error:
        element["errors"] = [error]
    else:
        _add_price(world, number, message, status, element)
    shown = None
    if not error and _chance(world, number.knobs.contacts_share):
        shown = contact(world, account, person, named=bool(person.name))
    send(world, number, "statuses", element, shown)


def _add_price(world: World, number: Number, message: Message, status: str, element: JSON) -> None:
    if not message.pricing or (status != "sent" and message.priced):
        return
    element["pricing"] = message.pricing
    if status != "sent":
        message.priced = True
    origin = {"type": message.pricing["category"]}
    if number.knobs.conversation == "v23" or world.entry_open(message.number_id, message.person_id):
        element["conversation"] = {"id": message.id[-32:], "origin": origin}
        if status == "sent":
            element["conversation"]["expiration_timestamp"] = str(int(message.at + WINDOW))


def report_message(world: World, message: Message, element: JSON) -> None:
    """Hand a person's message to the business."""
    number = world.numbers[message.number_id]
    account, person = world.account_of(number), world.people[message.person_id]
    full: JSON = {}
    if phone := world.phone_shown(account, person):
        full["from"] = phone
    full |= {"from_user_id": world.user_id(account, person), "id": message.id, "timestamp": str(int(message.at))}
    full |= element
    shown = None if element["type"] == "system" else contact(world, account, person)
    send(world, number, "messages", full, shown)


def report_event(world: World, account: Account, field: str, value: JSON) -> None:
    """Anything about the account itself; it goes to the app's address, never to an override."""
    if account.webhook_url and account.subscribed:
        item = Item(account.id, field, "", value, world.now())
        world.outbox.push(account.webhook_url, account.app_secret, item, 50)


def report_preference(world: World, number: Number, person: Person, value: str) -> None:
    account = world.account_of(number)
    stop = value == "stop"
    row: JSON = {
        "user_id": world.user_id(account, person),
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": "stop" if stop else "resume",
        "timestamp": int(world.now()),
    }
    if phone := world.phone_shown(account, person):
        row["wa_id"] = phone
    value_object = {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(world, account, person)],
        "user_preferences": [row],
    }
    report_event(world, account, "user_preferences", value_object)


def report_trouble(world: World, number: Number, code: int, details: str = "") -> None:
    """`value.errors[]` without messages and statuses: the number itself is in trouble (§12)."""
    value = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    report_event(world, world.account_of(number), "messages", {**value, "errors": [errors.in_webhook(code, details)]})


def send(world: World, number: Number, part: str, element: JSON, shown: JSON | None) -> None:
    """Push an element as the number's knobs want it: late, twice, out of order, or not at all."""
    knobs, account = number.knobs, world.account_of(number)
    url = number.override_url or account.override_url or account.webhook_url
    if not url or not account.subscribed or knobs.webhooks == "off":
        return
    item = Item(account.id, "messages", part, element, world.now(), metadata(number), shown)

    def push() -> None:
        world.outbox.push(url, account.app_secret, item, knobs.batch)

    delay = knobs.webhook_delay_ms / 1000 if knobs.webhooks == "late" else 0.0
    if knobs.disorder and _chance(world, knobs.disorder):
        delay += world.random.random() * knobs.disorder_ms / 1000
    world.schedule.after(delay, push)
    if knobs.duplicates and _chance(world, knobs.duplicates):
        world.schedule.after(delay + world.random.random() * knobs.disorder_ms / 1000, push)


def _chance(world: World, share: float) -> bool:
    return share >= 1 or (share > 0 and world.random.random() < share)


def template_event(template: Any, event: str, reason: str | None = None, also: JSON | None = None) -> JSON:
    return {
        "event": event,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": reason or "NONE",
        **(also or {}),
    }
