"""The control API under /sandbox/api/: for tests, the demo, the phone page and the knobs page."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import BodyPartReader, web

from messaging.sandbox import accounts, errors, files, inbound, journey, knobs, past, reports, template_life, views
from messaging.sandbox.errors import GraphError
from messaging.sandbox.graph.media import WORLD
from messaging.sandbox.inbound import Impossible
from messaging.sandbox.model import JSON, Message, Number, Person, Template
from messaging.sandbox.world import World

Handler = Callable[[web.Request, World, JSON], Awaitable[Any]]
routes: list[tuple[str, str, Handler]] = []
LONG_POLL = 20.0
IDLE_STEP = 0.002


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        routes.append((method, f"/sandbox/api{path}", handler))
        return handler

    return add


def wrapped(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """JSON in, JSON out; 404 for what is not there, 400 with words for what does not work."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            found = await handler(request, request.app[WORLD], await _body(request))
        except KeyError as error:
            return web.json_response({"error": f"There is no {error}."}, status=404)
        except GraphError as error:
            return web.json_response({"error": error.details}, status=400)
        except (ValueError, TypeError, Impossible) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True} if found is None else found)

    return answer


async def _body(request: web.Request) -> JSON:
    if request.content_type != "application/json" or not request.can_read_body:
        return {}
    found = json.loads(await request.read())
    if not isinstance(found, dict):
        raise TypeError("The body must be a JSON object.")
    return found


# --- Accounts, numbers, templates, tokens ---------------------------------------------------------------------------


@route("GET", "/health")
async def health(_request: web.Request, world: World, _body: JSON) -> JSON:
    return {"ok": True, "now": world.now(), "accounts": len(world.accounts)}


@route("GET", "/accounts")
async def list_accounts(_request: web.Request, world: World, _body: JSON) -> list[JSON]:
    return [views.account(world, one) for one in world.accounts.values()]


@route("PUT", "/accounts/{account}")
async def put_account(request: web.Request, world: World, body: JSON) -> JSON:
    return views.account(world, accounts.put(world, request.match_info["account"], body))


@route("POST", "/accounts/{account}/verify")
async def verify_callback(request: web.Request, world: World, _body: JSON) -> JSON:
    """The provider's GET to the callback address, as when an admin saves it in the app's settings."""
    account = world.accounts[request.match_info["account"]]
    right, why = await world.outbox.verify(account.webhook_url, account.verify_token)
    return {"verified": right, "detail": why}


@route("POST", "/accounts/{account}/event")
async def any_event(request: web.Request, world: World, body: JSON) -> None:
    """`{"field", "value"}`: any event of §8.5, as it is."""
    account = world.accounts[request.match_info["account"]]
    reports.report_event(world, account, str(body["field"]), body["value"])


@route("POST", "/accounts/{account}/limit")
async def set_limit(request: web.Request, world: World, body: JSON) -> None:
    account = world.accounts[request.match_info["account"]]
    account.messaging_limit = str(body["messaging_limit"])
    world.save("account", account)
    value = {"max_daily_conversations_per_business": account.messaging_limit, "max_phone_numbers_per_business": 25}
    reports.report_event(world, account, "business_capability_update", value)


@route("POST", "/accounts/{account}/status")
async def set_account_status(request: web.Request, world: World, body: JSON) -> None:
    """ACTIVE, DISABLED or RESTRICTED, with the account_update that belongs to it."""
    account = world.accounts[request.match_info["account"]]
    account.status = str(body["status"])
    world.save("account", account)
    if account.status == "RESTRICTED":
        kind = "RESTRICTED_BIZ_INITIATED_MESSAGING"
        info = [{"restriction_type": kind, "expiration": int(world.now() + 86_400)}]
        value: JSON = {"event": "ACCOUNT_RESTRICTION", "restriction_info": info}
    else:
        state = "DISABLE" if account.status == "DISABLED" else "REINSTATE"
        value = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state, "waba_ban_date": "today"}}
    reports.report_event(world, account, "account_update", value)


@route("GET", "/errors")
async def list_errors(_request: web.Request, _world: World, _body: JSON) -> list[JSON]:
    return [{"code": code, "title": title} for code, (_status, title) in errors.ERRORS.items()]


@route("GET", "/numbers/{number}")
async def get_number(request: web.Request, world: World, _body: JSON) -> JSON:
    return views.number(_number(request, world))


@route("PATCH", "/numbers/{number}")
async def patch_number(request: web.Request, world: World, body: JSON) -> JSON:
    """quality_rating, status, throughput, name_status …; a change of quality or throughput is reported."""
    number = _number(request, world)
    account, before = world.account_of(number), (number.quality_rating, number.throughput)
    accounts.put_number(world, account, {**body, "id": number.id})
    event = ""
    if number.quality_rating != before[0]:
        event = "FLAGGED" if number.quality_rating == "RED" else "UNFLAGGED" if before[0] == "RED" else "ONBOARDING"
    if number.throughput != before[1] and number.throughput == "HIGH":
        event = "THROUGHPUT_UPGRADE"
    if event:
        value = {
            "display_phone_number": number.digits,
            "event": event,
            "current_limit": account.messaging_limit,
            "max_daily_conversations_per_business": account.messaging_limit,
        }
        reports.report_event(world, account, "phone_number_quality_update", value)
    return views.number(number)


@route("GET", "/numbers/{number}/knobs")
async def get_knobs(request: web.Request, world: World, _body: JSON) -> JSON:
    return views.knobs(_number(request, world))


@route("PATCH", "/numbers/{number}/knobs")
async def patch_knobs(request: web.Request, world: World, body: JSON) -> JSON:
    number = _number(request, world)
    number.knobs = knobs.changed(number.knobs, body)
    world.save("number", number)
    return views.knobs(number)


@route("DELETE", "/numbers/{number}/knobs")
async def reset_knobs(request: web.Request, world: World, _body: JSON) -> JSON:
    number = _number(request, world)
    number.knobs = knobs.Knobs()
    world.save("number", number)
    return views.knobs(number)


@route("POST", "/numbers/{number}/past")
async def put_past(request: web.Request, world: World, body: JSON) -> list[JSON]:
    """`{"people": [...]}` of past.py: phones that have been written with for a while. Nobody is told."""
    number = _number(request, world)
    return [views.person(world, past.put(world, number, row)) for row in body["people"]]


@route("POST", "/numbers/{number}/trouble")
async def trouble(request: web.Request, world: World, body: JSON) -> None:
    reports.report_trouble(world, _number(request, world), int(body.get("code", 131000)), str(body.get("details", "")))


@route("POST", "/tokens/revoke")
async def revoke(_request: web.Request, world: World, body: JSON) -> None:
    token = world.tokens[body["token"]]
    token.revoked = bool(body.get("revoked", True))
    world.save("token", token)


@route("POST", "/templates/{template}")
async def change_template(request: web.Request, world: World, body: JSON) -> JSON:
    """status (with reason, title), quality, category (with warning): each is reported. By id or waba:name:language."""
    template = _template(request, world)
    if body.get("status"):
        if body["status"] not in template_life.STATES:
            raise ValueError(f"status is one of {', '.join(sorted(template_life.STATES))}.")
        template_life.set_status(world, template, body["status"], body.get("reason", ""), body.get("title", ""))
    if body.get("quality"):
        template_life.set_quality(world, template, body["quality"])
    if body.get("category"):
        template_life.recategorise(world, template, body["category"], warning=bool(body.get("warning")))
    return {"id": template.id, "status": template.status, "category": template.category, "quality": template.quality}


def _number(request: web.Request, world: World) -> Number:
    return world.numbers[request.match_info["number"]]


def _template(request: web.Request, world: World) -> Template:
    key = request.match_info["template"]
    if key.count(":") == 2:
        account_id, name, language = key.split(":")
        key = world.by_name[account_id, name, language]
    return world.templates[key]


# --- People ---------------------------------------------------------------------------------------------------------


@route("GET", "/people")
async def people(request: web.Request, world: World, _body: JSON) -> list[JSON]:
    if "all" in request.query:
        return [views.person(world, one) for one in world.people.values()]
    return views.listed(world)


@route("POST", "/people")
async def add_person(_request: web.Request, world: World, body: JSON) -> JSON:
    return views.person(world, accounts.put_person(world, body))


@route("GET", "/people/{person}")
async def get_person(request: web.Request, world: World, _body: JSON) -> JSON:
    return views.phone(world, _person(request, world))


@route("PATCH", "/people/{person}")
async def patch_person(request: web.Request, world: World, body: JSON) -> JSON:
    person = _person(request, world)
    for name in ("name", "language", "username", "hides_phone", "by_hand", "receipts", "listed"):
        if name in body:
            setattr(person, name, body[name])
    world.save("person", person)
    if "on" in body:
        inbound.power(world, person, on=bool(body["on"]))
    return views.person(world, person)


@route("GET", "/people/{person}/chats/{number}")
async def chat(request: web.Request, world: World, _body: JSON) -> JSON:
    number, person = _number(request, world), _person(request, world)
    shown = views.visible(world, number, person)[-300:]
    line = views.chat_line(world, number, person)
    return {**line, "messages": [views.message(world, one) for one in shown]}


@route("POST", "/people/{person}/chats/{number}/messages")
async def person_writes(request: web.Request, world: World, body: JSON) -> JSON:
    return _written(inbound.write(world, _number(request, world), _person(request, world), body))


@route("POST", "/people/{person}/chats/{number}/tap")
async def person_taps(request: web.Request, world: World, body: JSON) -> JSON:
    return _written(inbound.tap(world, _person(request, world), _message(world, body), body["choice"]))


@route("POST", "/people/{person}/chats/{number}/open")
async def person_opens(request: web.Request, world: World, body: JSON) -> None:
    person = _person(request, world)
    if body.get("open", True):
        journey.read_chat(world, person, _number(request, world).id)
    else:
        world.open_chat.pop(person.id, None)


@route("POST", "/people/{person}/chats/{number}/played")
async def person_plays(request: web.Request, world: World, body: JSON) -> None:
    _person(request, world)
    journey.advance(world, _message(world, body), "played")


@route("POST", "/people/{person}/chats/{number}/edit")
async def person_edits(request: web.Request, world: World, body: JSON) -> JSON:
    return _written(inbound.edit(world, _person(request, world), _message(world, body), str(body["text"])))


@route("POST", "/people/{person}/chats/{number}/revoke")
async def person_revokes(request: web.Request, world: World, body: JSON) -> JSON:
    return _written(inbound.revoke(world, _person(request, world), _message(world, body)))


@route("POST", "/people/{person}/chats/{number}/marketing")
async def person_decides(request: web.Request, world: World, body: JSON) -> None:
    value = body.get("value", "stop")
    if value not in {"stop", "resume", "signup"}:
        raise ValueError("value is stop, resume or signup.")
    inbound.opt_out(world, _number(request, world), _person(request, world), value)


@route("POST", "/people/{person}/chats/{number}/block")
async def person_blocks(request: web.Request, world: World, body: JSON) -> None:
    inbound.block(world, _number(request, world), _person(request, world), on=bool(body.get("on", True)))


@route("POST", "/people/{person}/number")
async def person_moves(request: web.Request, world: World, body: JSON) -> JSON:
    person = _person(request, world)
    inbound.change_number(world, person, str(body["phone"]))
    return views.person(world, person)


@route("POST", "/people/{person}/chats/{number}/files")
async def add_file(request: web.Request, world: World, _body: JSON) -> JSON:
    """Multipart `file`; the id goes into a message. What a person sends may be of any kind."""
    number = _number(request, world)
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "file":
            data = bytes(await part.read())
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            media = files.keep(world, number.id, data, mime_type, filename=part.filename or "", inbound=True)
            return {"id": media.id, "mime_type": mime_type, "size": media.size}
    raise ValueError("file is missing.")


@route("POST", "/numbers/{number}/inbound")
async def anybody_writes(request: web.Request, world: World, body: JSON) -> JSON:
    """`{"from": phone, "name"?, "type", …}`: a message of somebody who is made if need be. For tests and benchmarks."""
    row = {"phone": body["from"], "listed": False}
    row |= {name: body[name] for name in ("name", "language", "username", "hides_phone") if name in body}
    person = accounts.put_person(world, row) if len(row) > 2 else world.person_at(_digits(body["from"]))
    return _written(inbound.write(world, _number(request, world), person, body))


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


def _person(request: web.Request, world: World) -> Person:
    return world.people[request.match_info["person"]]


def _message(world: World, body: JSON) -> Message:
    return world.messages[str(body.get("message"))]


def _written(message: Message) -> JSON:
    return {"id": message.id, "person": message.person_id, "number": message.number_id}


# --- Looking on -----------------------------------------------------------------------------------------------------


@route("GET", "/accepted")
async def accepted(request: web.Request, world: World, _body: JSON) -> JSON:
    """What was taken: doubled = the same biz_opaque_callback_data more than once. `items=1` lists them."""
    wanted, account = request.query.get("number"), request.query.get("account")
    found = [
        one
        for one in world.messages.values()
        if not one.inbound
        and wanted in {None, one.number_id}
        and account in {None, world.numbers[one.number_id].account_id}
    ]
    references = Counter(one.reference for one in found if one.reference)
    answer: JSON = {
        "total": len(found),
        "unique": len(references) + sum(not one.reference for one in found),
        "doubled": {key: count for key, count in references.items() if count > 1},
        "by_status": Counter(one.status for one in found),
        "refused": world.refused,
    }
    if request.query.get("items"):
        answer["items"] = [views.sent(one) for one in found]
    if request.query.get("references"):
        answer["references"] = list(references)
    return answer


@route("GET", "/webhooks")
async def webhooks(_request: web.Request, world: World, _body: JSON) -> JSON:
    """The last 500 attempts, newest last."""
    log = [asdict(one) for one in world.outbox.log]
    return {"counts": world.outbox.counts, "waiting": world.outbox.waiting(), "attempts": log}


@route("PATCH", "/webhooks")
async def set_webhooks(_request: web.Request, world: World, body: JSON) -> None:
    world.outbox.retry_seconds = float(body["retry_seconds"])


@route("GET", "/idle")
async def idle(request: web.Request, world: World, _body: JSON) -> JSON:
    """Answers when nothing is on its way and nothing is due within `within` seconds (default 0)."""
    within = float(request.query.get("within", 0))
    end = asyncio.get_running_loop().time() + min(LONG_POLL, float(request.query.get("timeout", 5)))
    while asyncio.get_running_loop().time() < end:
        if world.outbox.idle() and not world.schedule.due_within(within):
            return {"idle": True}
        await asyncio.sleep(IDLE_STEP)
    return {"idle": False}


@route("POST", "/clock")
async def clock(_request: web.Request, world: World, body: JSON) -> JSON:
    """Move time on; what is due by then happens now."""
    world.clock.offset += float(body["advance"])
    world.schedule.run_due()
    return {"now": world.now()}


@route("POST", "/reset")
async def reset(_request: web.Request, world: World, body: JSON) -> None:
    """Messages and limits; with `all` everything, and the clock."""
    if body.get("all"):
        world.reset()
    else:
        world.forget_messages()
