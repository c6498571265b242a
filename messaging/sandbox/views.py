"""What phones and tests are shown, as JSON."""

from __future__ import annotations

from messaging.sandbox.graph.numbers import display
from messaging.sandbox.model import JSON, KNOB_FIELDS, Account, Message, Number, Person, as_json
from messaging.sandbox.world import World

SEEN_BY_PERSON = {"delivered", "read", "played"}
NOT_SHOWN = {"edit", "revoke", "system", "reaction"}


def person(world: World, found: Person) -> JSON:
    return {
        "id": found.id,
        "name": found.name or found.dialled or found.username,
        "phone": f"+{found.dialled}" if found.dialled else "",
        "wa_id": found.phone,
        "username": found.username,
        "hides_phone": found.hides_phone,
        "language": found.language,
        "on": found.on,
        "by_hand": found.by_hand,
        "receipts": found.receipts,
        "waiting": len(world.waiting.get(found.id, ())) if not found.on else 0,
        "user_ids": {account.id: world.user_id(account, found) for account in world.accounts.values()},
    }


def listed(world: World) -> list[JSON]:
    """Everybody with a phone, those first who wrote or were written to last, and with whom."""
    found = []
    for one in (person for person in world.people.values() if person.listed):
        lines = [chat_line(world, number, one) for number in world.numbers.values()]
        newest = max(lines, key=lambda line: line["at"], default=None)
        with_whom = {"at": newest["at"], "last_with": newest["name"] if newest["at"] else ""} if newest else {}
        found.append({**person(world, one), "at": 0, "last_with": "", **with_whom})
    return sorted(found, key=lambda row: -row["at"])


def phone(world: World, found: Person) -> JSON:
    """A person's phone: themselves and one line for each business, those written with first."""
    chats = [chat_line(world, number, found) for number in world.numbers.values()]
    chats.sort(key=lambda line: line["at"], reverse=True)
    return {"person": person(world, found), "chats": chats}


def chat_line(world: World, number: Number, found: Person) -> JSON:
    shown = visible(world, number, found)
    last = shown[-1] if shown else None
    unread = sum(not one.inbound and one.status == "delivered" for one in shown)
    return {
        "number": number.id,
        "name": number.verified_name,
        "phone": display(number.digits),
        "official": number.official,
        "at": last.at if last else 0,
        "last": message(world, last) if last else None,
        "unread": unread,
        "blocked": number.id in found.blocks,
        "opted_out": number.account_id in found.opted_out,
    }


def visible(world: World, number: Number, found: Person) -> list[Message]:
    """What this phone has: all the person wrote, and what has reached it."""
    return [
        one
        for one in world.chat(number.id, found.id)
        if one.type not in NOT_SHOWN and (one.inbound or one.status in SEEN_BY_PERSON)
    ]


def message(world: World, found: Message) -> JSON:
    quoted = world.messages.get(found.reply_to)
    return {
        "id": found.id,
        "mine": found.inbound,
        "type": found.type,
        "content": found.content,
        "rendered": found.rendered,
        "at": found.at,
        "status": found.status,
        "reactions": {who: emoji for who, emoji in found.reactions.items() if emoji},
        "quoted": {"id": quoted.id, "mine": quoted.inbound, "type": quoted.type, "content": quoted.content,
                   "rendered": quoted.rendered} if quoted else None,
        "edited": found.edited,
        "revoked": found.revoked,
    }  # fmt: skip


def sent(found: Message) -> JSON:
    """For tests and benchmarks: what the business handed over, and what became of it."""
    return {
        "wamid": found.id,
        "number": found.number_id,
        "person": found.person_id,
        "to": found.to,
        "type": found.type,
        "biz_opaque_callback_data": found.reference,
        "at": found.at,
        "status": found.status,
        "times": found.times,
        "error": found.error,
        "category": found.category,
        "content": found.content,
        "rendered": found.rendered,
        "reply_to": found.reply_to,
    }


def number(found: Number) -> JSON:
    whole = as_json("number", found)
    return {**{key: whole[key] for key in whole if key not in {"pin", "register_calls", "service_counts"}}}


def knobs(found: Number) -> JSON:
    return {name: getattr(found.knobs, name) for name in KNOB_FIELDS}


def account(world: World, found: Account) -> JSON:
    """Without the secrets."""
    whole = as_json("account", found)
    for name in ("app_secret", "verify_token"):
        del whole[name]
    whole["numbers"] = [number(one) for one in world.numbers_of(found.id)]
    whole["templates"] = [as_json("template", one) for one in world.templates_of(found.id)]
    return whole
