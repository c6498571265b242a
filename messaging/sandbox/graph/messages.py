"""POST /{number}/messages and /marketing_messages, and what the knobs make of the answer (reference §2, §13.3)."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from aiohttp import web

from messaging.sandbox import journey
from messaging.sandbox.accept import NO_ANSWER, accept
from messaging.sandbox.errors import GraphError, invalid, missing
from messaging.sandbox.graph.call import Call, answer
from messaging.sandbox.model import JSON, Number
from messaging.sandbox.world import MONTH

HANG_SECONDS = 120.0
TYPING_SECONDS = 25.0
GARBAGE = {
    "html": (b"<!DOCTYPE html><html><title>Error</title><body>Sorry, something went wrong.</body></html>", "text/html"),
    "json": (b'{"messaging_product":"whatsapp","contacts":[{"input":"+1555', "application/json"),
    "huge": (b'{"messaging_product":"' + b"x" * 12_000_000 + b'"}', "application/json"),
    "empty": (b"", "application/json"),
}  # fmt: skip


async def send(call: Call, number: Number, *, marketing_api: bool = False) -> web.StreamResponse:
    world, knobs = call.world, number.knobs
    if knobs.latency_ms or knobs.latency_jitter_ms:
        await asyncio.sleep((knobs.latency_ms + world.random.random() * knobs.latency_jitter_ms) / 1000)
    body = await call.body()
    if "status" in body:
        return answer(call.version, mark_read(call, number, body), 200, number.account_id)
    spoiled = knobs.garbage != "off" and world.random.random() < knobs.garbage_share
    if spoiled and not knobs.garbage_accepts:
        return garbage(knobs.garbage)
    message, found = accept(world, number, body, marketing_api=marketing_api)
    if _hangs(call, number, message.person_id):
        await hang(call)
    if spoiled:
        return garbage(knobs.garbage)
    return answer(call.version, found, 200, number.account_id)


def garbage(kind: str) -> web.Response:
    body, content_type = GARBAGE[kind]
    return web.Response(body=body, content_type=content_type)


def _hangs(call: Call, number: Number, person_id: str) -> bool:
    knobs = number.knobs
    if knobs.silence == "answer" and call.world.random.random() < knobs.silence_share:
        return True
    return knobs.magic and call.world.people[person_id].phone[-4:] == NO_ANSWER


async def hang(call: Call) -> None:
    """The message was taken, and nobody says so."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(call.world.stopping.wait(), HANG_SECONDS)
    if call.request.transport:
        call.request.transport.abort()


def mark_read(call: Call, number: Number, body: JSON) -> JSON:
    """That message and all before it; the typing bubble lasts until the answer or 25 s (§2.4)."""
    world = call.world
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product is required and must be whatsapp.")
    if body.get("status") != "read":
        raise invalid("status must be read.")
    if not body.get("message_id"):
        raise missing("The parameter message_id is required.")
    message = world.messages.get(str(body["message_id"]))
    if message is None or not message.inbound or message.number_id != number.id or message.at < world.now() - MONTH:
        raise invalid("message_id is no message that this number has received in the last 30 days.")
    for earlier in world.chat(number.id, message.person_id):
        if earlier.inbound and earlier.seq <= message.seq and earlier.status != "read":
            earlier.status = "read"
            earlier.times["read"] = world.now()
            world.save("message", earlier)
    journey.show(world, message)
    if body.get("typing_indicator") is not None:
        indicator = body["typing_indicator"]
        if not isinstance(indicator, dict) or indicator.get("type") != "text":
            raise invalid("typing_indicator.type must be text.")
        typing = {"type": "typing", "number": number.id}
        journey.tell(world, message.person_id, {**typing, "on": True})
        end = partial(journey.tell, world, message.person_id, {**typing, "on": False})
        world.schedule.at(world.now() + TYPING_SECONDS, end)
    return {"success": True}


def history(call: Call, number: Number) -> JSON:
    """GET /{number}/message_history (§3)."""
    message = call.world.messages.get(call.query.get("message_id", ""))
    if message is None or message.number_id != number.id:
        raise GraphError(100, "message_id is unknown.")
    events = [
        {"delivery_status": status.upper(), "timestamp": str(int(at)), "webhook_update_state": "SUCCESS"}
        for status, at in message.times.items()
    ]
    return {"data": [{"id": message.id, "message_id": message.id, "events": {"data": events}}]}
