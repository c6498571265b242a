"""What can be asked and told about a business phone number (reference §3)."""

from __future__ import annotations

from messaging.sandbox.dialling import country_code, digits_of, wa_id
from messaging.sandbox.errors import ERRORS, GraphError, invalid, missing, title_of
from messaging.sandbox.graph.call import Call, chosen, paged
from messaging.sandbox.model import JSON, Number, Person
from messaging.sandbox.world import World

DEFAULT = ("verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type",
           "throughput", "id")  # fmt: skip
REGISTER_CALLS, REGISTER_SECONDS = 10, 72 * 3600.0
MOST_BLOCKED = 64_000
PROFILE = {"about": 139, "address": 256, "description": 512, "email": 128}


def display(digits: str) -> str:
    code = country_code(digits)
    return f"+{code} {digits[len(code) : len(code) + 3]} {digits[len(code) + 3 :]}"


def described(world: World, number: Number) -> JSON:
    account = world.account_of(number)
    return {
        "id": number.id,
        "display_phone_number": display(number.digits),
        "verified_name": number.verified_name,
        "status": number.status,
        "quality_rating": number.quality_rating,
        "code_verification_status": "VERIFIED",
        "name_status": number.name_status,
        "account_mode": number.account_mode,
        "platform_type": "CLOUD_API" if number.registered else "NOT_APPLICABLE",
        "throughput": {"level": number.throughput},
        "is_official_business_account": number.official,
        "username": number.username,
        "health_status": health(world, number),
        "whatsapp_business_manager_messaging_limit": account.messaging_limit,
        "webhook_configuration": {
            "application": account.webhook_url,
            **({"phone_number": number.override_url} if number.override_url else {}),
        },
    }


def health(world: World, number: Number) -> JSON:
    account = world.account_of(number)
    blocked = {
        "PHONE_NUMBER": number.status not in {"CONNECTED", "FLAGGED", "RATE_LIMITED"} or not number.registered,
        "WABA": account.status != "ACTIVE",
    }
    entities: list[JSON] = []
    for kind, key in (("PHONE_NUMBER", number.id), ("WABA", account.id), ("BUSINESS", account.portfolio_id)):
        row: JSON = {"entity_type": kind, "id": key}
        row["can_send_message"] = "BLOCKED" if blocked.get(kind) else "AVAILABLE"
        if blocked.get(kind):
            code = 133010 if not number.registered else 131031
            row["errors"] = [
                {"error_code": code, "error_description": title_of(code), "possible_solution": "See the account page."}
            ]
        entities.append(row)
    worst = "BLOCKED" if any(blocked.values()) else "LIMITED" if number.quality_rating == "RED" else "AVAILABLE"
    return {"can_send_message": worst, "entities": entities}


def get(call: Call, number: Number) -> JSON:
    return chosen(described(call.world, number), call.query.get("fields"), DEFAULT)


async def change(call: Call, number: Number) -> JSON:
    body = await call.body()
    if "pin" in body:
        number.pin = _pin(body)
    hook = body.get("webhook_configuration")
    if isinstance(hook, dict):
        await _override(call, number, hook)
    call.world.save("number", number)
    return {"success": True}


async def _override(call: Call, number: Number, hook: JSON) -> None:
    url = str(hook.get("override_callback_uri") or "")
    if url:
        right, why = await call.world.outbox.verify(url, str(hook.get("verify_token") or ""))
        if not right:
            raise GraphError(100, f"The callback could not be verified: {why}")
    number.override_url = url


def _pin(body: JSON) -> str:
    pin = str(body.get("pin", ""))
    if len(pin) != 6 or not pin.isdecimal():
        raise invalid("pin must have six digits.")
    return pin


async def register(call: Call, number: Number) -> JSON:
    body = await call.body()
    _count_registration(call, number)
    pin = _pin(body)
    if number.pin and pin != number.pin:
        raise GraphError(133005, "The PIN does not match.")
    number.pin, number.registered, number.status = pin, True, "CONNECTED"
    call.world.save("number", number)
    return {"success": True}


async def deregister(call: Call, number: Number) -> JSON:
    _count_registration(call, number)
    number.registered, number.status = False, "DISCONNECTED"
    call.world.save("number", number)
    return {"success": True}


def _count_registration(call: Call, number: Number) -> None:
    now = call.world.now()
    number.register_calls = [at for at in number.register_calls if at > now - REGISTER_SECONDS]
    if len(number.register_calls) >= REGISTER_CALLS:
        raise GraphError(133016, "Too many registrations in 72 hours.")
    number.register_calls.append(now)


async def request_code(call: Call, _number: Number) -> JSON:
    if (await call.body()).get("code_method") not in {"SMS", "VOICE"}:
        raise invalid("code_method must be SMS or VOICE.")
    return {"success": True}


async def verify_code(call: Call, _number: Number) -> JSON:
    if str((await call.body()).get("code")) == "000000":
        raise GraphError(136025 if 136025 in ERRORS else 100, "The code is wrong.")
    return {"success": True}


async def profile(call: Call, number: Number) -> JSON:
    if call.request.method == "GET":
        return {"data": [{**number.profile, "messaging_product": "whatsapp"}]}
    body = await call.body()
    for name, most in PROFILE.items():
        if len(str(body.get(name, ""))) > most:
            raise invalid(f"{name} has at most {most} characters.")
    if len(body.get("websites") or ()) > 2:
        raise invalid("At most two websites.")
    number.profile |= {key: value for key, value in body.items() if key != "messaging_product"}
    call.world.save("number", number)
    return {"success": True}


async def settings(call: Call, number: Number) -> JSON:
    if call.request.method == "GET":
        return {**number.settings}
    number.settings |= await call.body()
    call.world.save("number", number)
    return {"success": True}


# --- Blocked people (§3.1) ------------------------------------------------------------------------------------------


async def block_users(call: Call, number: Number) -> JSON:
    if call.request.method == "GET":
        rows = [
            {"messaging_product": "whatsapp", "wa_id": call.world.people[key].phone}
            for key in number.blocked
            if key in call.world.people
        ]
        return paged(rows, call.query, call.request.path, call.world.base_url)
    body = await call.body()
    users = body.get("block_users")
    if not isinstance(users, list) or not users:
        raise missing("The parameter block_users is required.")
    done: list[JSON] = []
    failed: list[JSON] = []
    for row in users[:1000]:
        wanted = str(row.get("user", "")) if isinstance(row, dict) else ""
        person = _known(call.world, wanted)
        problem = _block(call, number, person)
        found: JSON = {"input": wanted, "wa_id": person.phone if person else wa_id(digits_of(wanted))}
        if problem:
            failed.append({**found, "errors": [problem]})
        else:
            done.append(found)
    call.world.save("number", number)
    key = "removed_users" if call.request.method == "DELETE" else "added_users"
    result: JSON = {key: done}
    if failed:
        also = {"messaging_product": "whatsapp", "block_users": {**result, "failed_users": failed}}
        raise GraphError(139100, "Some users could not be blocked or unblocked.", also=also)
    return {"messaging_product": "whatsapp", "block_users": result}


def _known(world: World, wanted: str) -> Person | None:
    key = world.by_phone.get(wa_id(digits_of(wanted))) or world.by_user_id.get(wanted)
    return world.people.get(key) if key else None


def _block(call: Call, number: Number, person: Person | None) -> JSON | None:
    """None when it is done; otherwise why not."""
    if call.request.method == "DELETE":
        if person and person.id in number.blocked:
            number.blocked.remove(person.id)
        return None
    if person is None or not call.world.window_open(number.id, person.id):
        return {
            "message": "Re-engagement required",
            "code": 131047,
            "error_data": {"details": "No message in 24 hours"},
        }
    if len(number.blocked) >= MOST_BLOCKED:
        return {"message": title_of(139101), "code": 139101, "error_data": {"details": title_of(139101)}}
    if person.id not in number.blocked:
        number.blocked.append(person.id)
    return None
