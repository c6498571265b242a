"""From a request body to an accepted message, or to the refusal the provider would give (reference §2, §5, §13.5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from messaging.sandbox import dialling, ids, journey, links
from messaging.sandbox.errors import GraphError, invalid, missing
from messaging.sandbox.model import JSON, TIERS, Account, Message, Number, Person, Template
from messaging.sandbox.validation import content, template_message
from messaging.sandbox.world import ENTRY_WINDOW, WINDOW, World

LONGEST_REFERENCE = 512
LEVELS = {"STANDARD": 80, "HIGH": 1000}
SUFFIX_REFUSES = {"0056": (131056, ""), "0500": (131000, ""), "0190": (190, "")}
BURST, PAUSED, NO_ANSWER = "0029", "0015", "0999"
BURST_LENGTH = 3
STATES = {"RESTRICTED": 131031, "BANNED": 131031, "DISCONNECTED": 133010, "DELETED": 33, "MIGRATED": 33}


def accept(world: World, number: Number, body: JSON, *, marketing_api: bool = False) -> tuple[Message, JSON]:
    """The stored message and the answer. Raises GraphError."""
    account = world.account_of(number)
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product is required and must be whatsapp.")
    _number_works(number)
    person, wanted = _recipient(world, account, number, body)
    kind = body.get("type", "text")
    if not isinstance(kind, str):
        raise invalid("type must be a string.")
    _magic(world, number, person, kind)
    _knob_errors(world, number)
    _throughput(world, number)
    message = Message(ids.wamid(person.phone or person.id), 0, number.id, person.id, False, kind, {}, world.now())
    message.to, message.reference = wanted, _reference(body)
    message.reply_to = _quoted(body)
    template, fails_with = take_content(world, account, number, message, body, marketing_api=marketing_api)
    _identity(number, body)
    _pairs(world, number, person)
    if template is not None:
        _reach(world, account, number, person)
    message.seq = next(world.sequence)
    message.silent = _silent(world, number)
    world.add_message(message)
    _after(world, message, fails_with or _late_by_knob(world, number))
    return message, _answer(world, number, person, message)


# --- Who ------------------------------------------------------------------------------------------------------------


def _number_works(number: Number) -> None:
    if not number.registered:
        raise GraphError(133010, "The phone number is not registered.")
    if code := STATES.get(number.status):
        raise GraphError(code, f"The phone number is {number.status}.")
    if number.name_status == "DECLINED":
        raise GraphError(131037)


def _recipient(world: World, account: Account, number: Number, body: JSON) -> tuple[Person, str]:
    if body.get("recipient_type", "individual") not in {"individual", "group"}:
        raise GraphError(100, "recipient_type must be individual or group.")
    to, user_id = body.get("to"), body.get("recipient")
    if to:
        return _by_phone(world, account, number, to), to
    if not user_id:
        raise GraphError(100, "The parameter to is required.")
    person = world.person_of_user_id(account, user_id) if isinstance(user_id, str) else None
    if person is None:
        raise invalid("recipient is no user id of this business portfolio.")
    return person, user_id


def _by_phone(world: World, account: Account, number: Number, to: Any) -> Person:
    if not isinstance(to, str):
        raise GraphError(100, "The parameter to must be a string.")
    digits = dialling.dialled(to, number.digits)
    if not 7 <= len(digits) <= 15:
        raise GraphError(100, "The parameter to is not a phone number.")
    if dialling.wa_id(digits) == dialling.wa_id(number.digits):
        raise GraphError(131021, "The recipient is the sender.")
    if number.allow_list and not {digits, dialling.wa_id(digits)} & set(number.allow_list):
        raise GraphError(131030, "The recipient is not in the list of allowed numbers of this test number.")
    person = world.person_at(digits)
    if person.hides_phone:
        world.phone_known[account.portfolio_id, person.id] = world.now()
    return person


def _magic(world: World, number: Number, person: Person, kind: str) -> None:
    """Recipients whose last four digits decide."""
    suffix = person.phone[-4:]
    if not number.knobs.magic or not suffix:
        return
    if suffix in SUFFIX_REFUSES:
        code, details = SUFFIX_REFUSES[suffix]
        raise GraphError(code, details)
    if suffix == PAUSED and kind == "template":
        raise GraphError(132015, "The template is paused due to low quality.")
    if suffix == BURST:
        key = (number.id, person.id)
        world.bursts[key] = world.bursts.get(key, 0) + 1
        if world.bursts[key] <= BURST_LENGTH:
            raise GraphError(130429, "Cloud API message throughput has been reached.")


# --- Limits ---------------------------------------------------------------------------------------------------------


def _knob_errors(world: World, number: Number) -> None:
    if number.knobs.errors and (row := _drawn(world, number.knobs.errors)):
        raise GraphError(int(row["code"]), str(row.get("details", "")), http=int(row.get("http", 0)))


def _late_by_knob(world: World, number: Number) -> int:
    row = _drawn(world, number.knobs.late_errors) if number.knobs.late_errors else None
    return int(row["code"]) if row else 0


def _drawn(world: World, rows: list[JSON]) -> JSON | None:
    chance = world.random.random()
    for row in rows:
        if row.get("times") == 0:
            continue
        chance -= float(row.get("share", 1))
        if chance < 0:
            if "times" in row:
                row["times"] -= 1
            return row
    return None


def _throughput(world: World, number: Number) -> None:
    rate = number.knobs.throughput
    if rate is None:
        rate = LEVELS.get(number.throughput, 80)
    if rate and not world.limits.number_may(number.id, rate, world.now()):
        raise GraphError(130429, "Cloud API message throughput has been reached.")


def _pairs(world: World, number: Number, person: Person) -> None:
    if number.knobs.pair_limit and not world.limits.pair_may(number.id, person.id, world.now()):
        raise GraphError(131056, "Too many messages sent from this phone number to the same recipient.")


def _reach(world: World, account: Account, number: Number, person: Person) -> None:
    """Different people a day, for messages that the business begins."""
    most = TIERS.get(account.messaging_limit)
    if most is None or world.window_open(number.id, person.id):
        return
    if not world.limits.portfolio_may(account.portfolio_id, person.id, most, world.now()):
        raise GraphError(131048, "The messaging limit of the business portfolio is reached.")


# --- What -----------------------------------------------------------------------------------------------------------


def _reference(body: JSON) -> str:
    found = body.get("biz_opaque_callback_data", "")
    if not isinstance(found, str) or len(found) > LONGEST_REFERENCE:
        raise invalid(f"biz_opaque_callback_data must be a string of at most {LONGEST_REFERENCE} characters.")
    return found


def _quoted(body: JSON) -> str:
    context = body.get("context")
    if context is None:
        return ""
    if not isinstance(context, dict) or not isinstance(context.get("message_id"), str):
        raise missing("context.message_id is required.")
    return str(context["message_id"])


def _identity(number: Number, body: JSON) -> None:
    asked = number.settings.get("user_identity_change", {}).get("enable_identity_key_check")
    if asked and body.get("recipient_identity_key_hash") == "mismatch":
        raise GraphError(137000, "The identity of the user has changed.")


def take_content(
    world: World,
    account: Account,
    number: Number,
    message: Message,
    body: JSON,
    *,
    marketing_api: bool = False,
) -> tuple[Template | None, int]:
    """Check and keep what the message says; the template it uses, and the code it will fail with later."""
    if message.type != "template":
        if marketing_api:
            raise GraphError(134100, "Only template messages can be sent here.")
        fails = content.check(world, number, message.type, body)
        message.content = body[message.type] if message.type != "contacts" else {"contacts": body["contacts"]}
        return None, fails
    wanted = body.get("template")
    if not isinstance(wanted, dict):
        raise missing("The parameter template is required.")
    template = template_message.find(world, account, wanted)
    _right_api(account, template, marketing_api=marketing_api)
    if template.category == "AUTHENTICATION" and not body.get("to"):
        raise GraphError(131062, "Authentication templates need a phone number.")
    message.rendered, fails = template_message.check(world, number, template, wanted)
    message.content = {"name": template.name, "language": template.language}
    message.category = "marketing_lite" if marketing_api else template.category.lower()
    if template.ttl > 0:
        message.expires = message.at + template.ttl
    to = world.people[message.person_id].phone
    if message.category.startswith("marketing") and dialling.gets_no_marketing(to):
        return template, fails or 131049
    return template, fails


def _right_api(account: Account, template: Template, *, marketing_api: bool) -> None:
    marketing = template.category == "MARKETING"
    if marketing_api and not marketing:
        raise GraphError(131055, "Only marketing templates can be sent with the Marketing Messages API.")
    if not marketing_api and marketing and account.cloud_marketing_disabled:
        raise GraphError(131063, "Marketing templates must be sent with the Marketing Messages API.")


# --- Then -----------------------------------------------------------------------------------------------------------


def _silent(world: World, number: Number) -> bool:
    knobs = number.knobs
    return knobs.silence == "reports" and world.random.random() < knobs.silence_share


def _after(world: World, message: Message, fails_with: int) -> None:
    key = (message.number_id, message.person_id)
    arrived = world.ad_arrival.pop(key, 0.0)
    if arrived > message.at - WINDOW:
        world.entry_until[key] = message.at + ENTRY_WINDOW
    if message.type == "reaction":
        target = world.messages[message.content["message_id"]]
        target.reactions["business"] = message.content.get("emoji", "")
        world.save("message", target)
    journey.tell(world, message.person_id, {"type": "typing", "number": message.number_id, "on": False})
    if links.linked(message):
        links.fetch_then(world, message, partial(journey.begin, world, message, fails_with))
    else:
        journey.begin(world, message, fails_with)


def _answer(world: World, number: Number, person: Person, message: Message) -> JSON:
    account, wanted = world.account_of(number), message.to
    contact = {"input": wanted}
    if wanted[:2].isalpha():
        contact["user_id"] = world.user_id(account, person)
    else:
        contact["wa_id"] = person.phone
    answer: JSON = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": message.id}]}
    if message.type == "template":
        held = number.knobs.held_share and world.random.random() < number.knobs.held_share
        answer["messages"][0]["message_status"] = "held_for_quality_assessment" if held else "accepted"
    return answer
