"""What people do with their phones, and what the business hears of it (reference §8.3, §11, §12)."""

from __future__ import annotations

from messaging.sandbox import dialling, errors, files, ids, journey, reports
from messaging.sandbox.model import JSON, Message, Number, Person
from messaging.sandbox.world import World

MEDIA = ("image", "video", "audio", "document", "sticker")
AS_GIVEN = ("location", "contacts", "order", "button", "interactive", "referral", "unsupported", "errors", "system")
LONGEST_TEXT = 65_536


class Impossible(Exception):
    """A person cannot do that; the text says why."""


def write(world: World, number: Number, person: Person, body: JSON) -> Message:
    """A person writes: `{"type", <type>: …, "reply_to"?, "referral"?}`; a tap is type `button` or `interactive`."""
    kind = str(body.get("type", "text"))
    if kind == "reaction":
        return react(world, number, person, _given(body, "reaction"))
    content, element = content_of(world, number, body)
    message = _message(world, number, person, kind, content)
    message.reply_to = str(body.get("reply_to") or "")
    _add_context(world, number, message, element, body)
    return _hand_in(world, number, person, message, element)


def content_of(world: World, number: Number, body: JSON) -> tuple[JSON, JSON]:
    """What the phone keeps of a message, and the element that the business gets."""
    kind = str(body.get("type", "text"))
    element: JSON = {"type": kind}
    if kind == "text":
        said = {"body": str(_given(body, "text").get("body", ""))[:LONGEST_TEXT]}
        if not said["body"].strip():
            raise Impossible("The text is empty.")
        return said, element | {"text": said}
    if kind in MEDIA:
        content, element[kind] = _file(world, number, kind, _given(body, kind))
        return content, element
    element |= {key: value for key, value in body.items() if key in AS_GIVEN}
    content = {key: value for key, value in element.items() if key != "type"}
    if kind in {"unsupported", "unknown"} and "errors" not in element:
        element["errors"] = [errors.in_webhook(131051, "Message type is currently not supported.")]
    return content, element


def _given(body: JSON, key: str) -> JSON:
    found = body.get(key)
    if not isinstance(found, dict):
        raise Impossible(f"{key} is missing.")
    return found


def _file(world: World, number: Number, kind: str, given: JSON) -> tuple[JSON, JSON]:
    media = world.media.get(str(given.get("id")))
    if media is None:
        raise Impossible("The file is unknown.")
    media.number_id, media.inbound = number.id, True
    media.voice = bool(given.get("voice"))
    world.save("media", media)
    caption = str(given.get("caption") or "")
    shown: JSON = {"id": media.id, "mime_type": media.mime_type, "size": media.size, "filename": media.filename}
    return {**shown, "caption": caption, "voice": media.voice}, files.in_message(world, media, kind, caption)


def _message(world: World, number: Number, person: Person, kind: str, content: JSON) -> Message:
    key = ids.wamid(person.phone or person.id, inbound=True)
    return Message(key, next(world.sequence), number.id, person.id, True, kind, content, world.now(), "sent")


def _add_context(world: World, number: Number, message: Message, element: JSON, body: JSON) -> None:
    context = dict(body.get("context") or {})
    if message.reply_to:
        quoted = world.messages.get(message.reply_to)
        theirs = quoted is not None and quoted.inbound
        sender = world.people[message.person_id].phone if theirs else number.digits
        context |= {"from": sender, "id": message.reply_to}
    if context:
        element["context"] = context
    if isinstance(body.get("referral"), dict):
        element["referral"] = body["referral"]
        world.ad_arrival[number.id, message.person_id] = world.now()


def _hand_in(world: World, number: Number, person: Person, message: Message, element: JSON) -> Message:
    world.add_message(message)
    if person.id in number.blocked:
        return message  # the person does not notice, the business does not hear
    world.last_inbound[number.id, person.id] = world.now()
    reports.report_message(world, message, element)
    journey.show(world, message)
    return message


def react(world: World, number: Number, person: Person, given: JSON) -> Message:
    target = world.messages.get(str(given.get("message_id")))
    if target is None or target.person_id != person.id:
        raise Impossible("The message is unknown.")
    emoji = str(given.get("emoji") or "")
    target.reactions["person"] = emoji
    world.save("message", target)
    message = _message(world, number, person, "reaction", {"message_id": target.id, "emoji": emoji})
    reaction = {"message_id": target.id, **({"emoji": emoji} if emoji else {})}
    return _hand_in(world, number, person, message, {"type": "reaction", "reaction": reaction})


def tap(world: World, person: Person, target: Message, choice: JSON) -> Message:
    """A button, a row of a list: answered in the form that belongs to what was tapped."""
    number = world.numbers[target.number_id]
    if target.type == "template":
        button = {"payload": choice.get("payload") or choice.get("text", ""), "text": choice.get("text", "")}
        return write(world, number, person, {"type": "button", "button": button, "reply_to": target.id})
    kind = "list_reply" if target.content.get("type") == "list" else "button_reply"
    reply: JSON = {"id": choice.get("id", ""), "title": choice.get("title", "")}
    if kind == "list_reply" and choice.get("description"):
        reply["description"] = choice["description"]
    interactive = {"type": kind, kind: reply}
    return write(world, number, person, {"type": "interactive", "interactive": interactive, "reply_to": target.id})


def edit(world: World, person: Person, target: Message, text: str) -> Message:
    number = world.numbers[target.number_id]
    target.content, target.edited = {"body": text}, True
    world.save("message", target)
    change = {"original_message_id": target.id, "message": {"type": "text", "text": {"body": text}}}
    return _about_earlier(world, number, person, "edit", change)


def revoke(world: World, person: Person, target: Message) -> Message:
    number = world.numbers[target.number_id]
    target.revoked = True
    world.save("message", target)
    return _about_earlier(world, number, person, "revoke", {"original_message_id": target.id})


def _about_earlier(world: World, number: Number, person: Person, kind: str, change: JSON) -> Message:
    message = _message(world, number, person, kind, change)
    return _hand_in(world, number, person, message, {"type": kind, kind: change})


# --- The phone itself -----------------------------------------------------------------------------------------------


def change_number(world: World, person: Person, phone: str) -> None:
    """`from` is still the old id, `system.wa_id` the new one; the business-scoped id changes with it."""
    old, new = person.phone, dialling.wa_id(dialling.digits_of(phone))
    if not new or new in world.by_phone:
        raise Impossible("This number is empty or taken.")
    before = {account.id: world.user_id(account, person) for account in world.accounts.values()}
    for number_id in {number for number, who in world.chats if who == person.id}:
        number = world.numbers[number_id]
        text = f"User {person.name} changed from {old} to {new}"
        system = {"type": "user_changed_number", "wa_id": new, "body": text}
        message = _message(world, number, person, "system", {"system": system})
        world.add_message(message)
        reports.report_message(world, message, {"type": "system", "system": system})
    world.by_phone.pop(old, None)
    person.phone, person.dialled, person.country = new, dialling.digits_of(phone), dialling.country(new)
    person.key += 1
    for key in [key for key in world.user_ids if key[1] == person.id]:
        del world.user_ids[key]
    world.take_in("person", person)
    world.save("person", person)
    _tell_new_user_ids(world, person, before)


def _tell_new_user_ids(world: World, person: Person, before: dict[str, str]) -> None:
    for number_id in {number for number, who in world.chats if who == person.id}:
        number = world.numbers[number_id]
        account = world.account_of(number)
        new = world.user_id(account, person)
        system = {"type": "user_changed_user_id", "user_id": new, "body": f"User {person.name} changed user id"}
        message = _message(world, number, person, "system", {"system": system})
        world.add_message(message)
        element: JSON = {"type": "system", "system": system, "from_user_id": before[account.id]}
        reports.report_message(world, message, element)


def power(world: World, person: Person, *, on: bool) -> None:
    person.on = on
    world.save("person", person)
    if on:
        journey.deliver_waiting(world, person)


def opt_out(world: World, number: Number, person: Person, value: str) -> None:
    """Stop or resume marketing; the business is told at once."""
    if value == "stop" and number.account_id not in person.opted_out:
        person.opted_out.append(number.account_id)
    if value == "resume" and number.account_id in person.opted_out:
        person.opted_out.remove(number.account_id)
    world.save("person", person)
    reports.report_preference(world, number, person, value)


def block(world: World, number: Number, person: Person, *, on: bool) -> None:
    if on and number.id not in person.blocks:
        person.blocks.append(number.id)
    if not on and number.id in person.blocks:
        person.blocks.remove(number.id)
    world.save("person", person)
