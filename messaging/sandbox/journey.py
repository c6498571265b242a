"""What becomes of a message of the business: sent, delivered, read, or failed.

    accepted ─► sent ─► delivered ─► read ─► played
       └──────────┴──► failed

Somebody who holds the phone decides: delivered while it is on, read when the chat is open. For everybody else it goes
by itself, after the times and shares of the number's knobs.
"""

from __future__ import annotations

from functools import partial

from messaging.sandbox import errors, reports
from messaging.sandbox.hub import Event
from messaging.sandbox.model import RANKS, Message, Person
from messaging.sandbox.pricing import pricing
from messaging.sandbox.world import World

SUFFIX_FAILS = {"0026": 131026, "0047": 131047, "0049": 131049, "0050": 131050, "0042": 131042}
CERTAIN = "0001"


def begin(world: World, message: Message, fails_with: int = 0) -> None:
    """An accepted message sets out."""
    number = world.numbers[message.number_id]
    code = fails_with or late_error(world, message)
    wait = number.knobs.sent_ms / 1000
    if code:
        world.schedule.after(wait, partial(fail, world, message, code))
    else:
        world.schedule.after(wait, partial(sent, world, message))


def late_error(world: World, message: Message) -> int:
    """The code that an accepted message fails with, or 0."""
    number, person = world.numbers[message.number_id], world.people[message.person_id]
    account = world.account_of(number)
    if number.knobs.magic and (code := SUFFIX_FAILS.get(person.phone[-4:])):
        return code
    if message.type != "template" and not world.window_open(number.id, person.id):
        return 131047
    if number.id in person.blocks:
        return 131026
    if message.category.startswith("marketing") and account.id in person.opted_out:
        return 131050
    return 0


def sent(world: World, message: Message) -> None:
    if not is_here(world, message):
        return
    number = world.numbers[message.number_id]
    if message.type != "reaction":
        message.pricing = pricing(world, number, message)
    advance(world, message, "sent")
    if message.type == "reaction":
        show(world, message)
        return
    world.waiting.setdefault(message.person_id, []).append(message.id)
    deliver_waiting(world, world.people[message.person_id])


def deliver_waiting(world: World, person: Person) -> None:
    """Everything that waits reaches a phone that is on."""
    if not person.on:
        return
    for key in world.waiting.pop(person.id, []):
        message = world.messages.get(key)
        if message is None or (message.expires and message.expires < world.now()):
            continue  # past its time to live: dropped without a word (§2.3)
        if attended(world, person):
            delivered(world, message)
        else:
            by_itself(world, message)


def by_itself(world: World, message: Message) -> None:
    """Nobody holds this phone: the knobs decide."""
    knobs = world.numbers[message.number_id].knobs
    person = world.people[message.person_id]
    certain = knobs.magic and person.phone[-4:] == CERTAIN
    reads = person.receipts and (certain or world.random.random() < knobs.read_share)
    skips = reads and not certain and knobs.skip_delivered > world.random.random()
    if not skips:
        world.schedule.after(knobs.delivered_ms / 1000, partial(delivered, world, message))
    if reads:
        world.schedule.after((knobs.delivered_ms + knobs.read_ms) / 1000, partial(advance, world, message, "read"))


def delivered(world: World, message: Message) -> None:
    if not is_here(world, message):
        return
    person = world.people[message.person_id]
    if not person.on:
        world.waiting.setdefault(person.id, []).append(message.id)
        return
    advance(world, message, "delivered")
    if world.open_chat.get(person.id) == message.number_id and person.receipts:
        advance(world, message, "read")


def read_chat(world: World, person: Person, number_id: str) -> None:
    """The person has opened a chat and sees all of it."""
    world.open_chat[person.id] = number_id
    if person.on and person.receipts:
        for message in world.chat(number_id, person.id):
            if not message.inbound and message.status == "delivered":
                advance(world, message, "read")


def fail(world: World, message: Message, code: int, details: str = "") -> None:
    if is_here(world, message) and message.status != "failed":
        message.status, message.error = "failed", code
        message.times["failed"] = world.now()
        world.save("message", message)
        reports.report_status(world, message, "failed", errors.in_webhook(code, details))


def advance(world: World, message: Message, status: str) -> None:
    """Forward only, each state once."""
    if not is_here(world, message) or message.status == "failed" or RANKS[status] <= RANKS[message.status]:
        return
    message.status = status
    message.times[status] = world.now()
    world.save("message", message)
    reports.report_status(world, message, status)
    if status == "delivered" or (status == "read" and "delivered" not in message.times):
        show(world, message)


def resume(world: World) -> None:
    """After a restart: who was on the way goes on."""
    for message in [one for one in world.messages.values() if not one.inbound and one.status == "accepted"]:
        begin(world, message)
    for person_id in list(world.waiting):
        deliver_waiting(world, world.people[person_id])


def attended(world: World, person: Person) -> bool:
    return person.by_hand or world.hub.watched(person.id)


def is_here(world: World, message: Message) -> bool:
    """False after a reset, when what was planned comes too late."""
    return world.messages.get(message.id) is message


def show(world: World, message: Message) -> None:
    tell(world, message.person_id, {"type": "chat", "number": message.number_id})


def tell(world: World, person_id: str, event: Event) -> None:
    if world.hub.watched(person_id):
        world.hub.tell(person_id, event)
