"""What was written before the provider was started: known to the phones, and told to nobody."""

from __future__ import annotations

from messaging.sandbox import accept, accounts, dialling, inbound
from messaging.sandbox.model import JSON, Message, Number, Person
from messaging.sandbox.world import World


def put(world: World, number: Number, row: JSON) -> Person:
    """`{name, phone, language, username?, …, messages}`; a message that is known stays as it is.

    A message is `{id, at, body, inbound?, status?, reply_to?, reactions?, edited?, revoked?}`; `body` is what the
    person or the business would have handed in. ValueError or GraphError says what could not have been written.
    """
    person = _person(world, row)
    for one in sorted(row.get("messages", ()), key=lambda said: said["at"]):
        if one["id"] not in world.messages:
            _remember(world, number, person, one)
    return person


def _person(world: World, row: JSON) -> Person:
    """Somebody with a phone; who is known already keeps what was changed there."""
    phone = dialling.wa_id(dialling.digits_of(str(row.get("phone") or "")))
    known = world.by_phone.get(phone) if phone else None
    return world.people[known] if known and world.people[known].listed else accounts.put_person(world, row)


def _remember(world: World, number: Number, person: Person, row: JSON) -> None:
    is_inbound = bool(row.get("inbound"))
    body: JSON = row["body"]
    message = Message(
        id=str(row["id"]),
        seq=next(world.sequence),
        number_id=number.id,
        person_id=person.id,
        inbound=is_inbound,
        type=str(body["type"]),
        content={},
        at=float(row["at"]),
        status=str(row.get("status") or "sent"),
        reply_to=str(row.get("reply_to") or ""),
        reactions=dict(row.get("reactions") or {}),
        edited=bool(row.get("edited")),
        revoked=bool(row.get("revoked")),
    )
    if is_inbound:
        message.content = inbound.content_of(world, number, body)[0]
    else:
        accept.take_content(world, world.account_of(number), number, message, body)
    world.add_message(message)
    world.chats[number.id, person.id].sort(key=lambda key: world.messages[key].at)
    if is_inbound:
        key = (number.id, person.id)
        world.last_inbound[key] = max(world.last_inbound.get(key, 0.0), message.at)
