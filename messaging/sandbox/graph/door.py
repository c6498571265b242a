"""Finds out what a path means: `/vNN.N/{id}` or `/vNN.N/{id}/{edge}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from messaging.sandbox import files
from messaging.sandbox.errors import GraphError
from messaging.sandbox.graph import accounts, media, messages, numbers
from messaging.sandbox.graph.call import VERSION, Call, answer
from messaging.sandbox.model import JSON, Account, Number, Template, Token
from messaging.sandbox.world import World

LATEST = "v25.0"
Edge = Callable[[Call, Any], Awaitable[JSON]]
NUMBER_EDGES: dict[str, tuple[Edge, str]] = {
    "media": (media.upload, "POST"),
    "register": (numbers.register, "POST"),
    "deregister": (numbers.deregister, "POST"),
    "request_code": (numbers.request_code, "POST"),
    "verify_code": (numbers.verify_code, "POST"),
    "whatsapp_business_profile": (numbers.profile, "GET POST"),
    "settings": (numbers.settings, "GET POST"),
    "block_users": (numbers.block_users, "GET POST DELETE"),
}
ACCOUNT_EDGES: dict[str, tuple[Edge, str]] = {
    "phone_numbers": (accounts.phone_numbers, "GET"),
    "subscribed_apps": (accounts.subscribed_apps, "GET POST DELETE"),
    "message_templates": (accounts.message_templates, "GET POST DELETE"),
}
MESSAGING_EDGES = {"messages", "marketing_messages", "media", "block_users", "message_history"}


async def graph(request: web.Request) -> web.StreamResponse:
    world: World = request.app[media.WORLD]
    parts = request.path.strip("/").split("/")
    version = LATEST
    if VERSION.fullmatch(parts[0]):
        version = parts.pop(0)
    try:
        call = Call(world, request, version, token_of(world, request))
        return await route(call, parts)
    except GraphError as error:
        code = str(error.code)
        world.refused[code] = world.refused.get(code, 0) + 1
        return answer(version, error.body(), error.http)


def token_of(world: World, request: web.Request) -> Token:
    given = request.headers.get("Authorization", "")
    value = given[7:].strip() if given[:7].lower() == "bearer " else request.query.get("access_token", "")
    if not value:
        raise GraphError(190, "An access token is required to request this resource.")
    token = world.tokens.get(value)
    if token is None:
        raise GraphError(190)
    if token.revoked:
        raise GraphError(190, "Error validating access token: The session has been invalidated.")
    return token


async def route(call: Call, parts: list[str]) -> web.StreamResponse:
    if not parts or not parts[0] or len(parts) > 2:
        raise GraphError(100, "Unsupported request.", subcode=33)
    world, key, edge = call.world, parts[0], parts[1] if len(parts) == 2 else ""
    number = world.numbers.get(key)
    if number is not None:
        return await at_number(call, number, edge)
    if key in world.accounts:
        return await at_account(call, world.accounts[key], edge)
    if key in world.templates:
        return await at_template(call, world.templates[key], edge)
    if key in world.media and not edge:
        return at_media(call, key)
    if key.startswith("upload:") and call.request.method == "POST":
        return answer(call.version, await media.finish_upload(call, key))
    if edge == "uploads" and any(account.app_id == key for account in world.accounts.values()):
        return answer(call.version, media.open_upload(call))
    raise GraphError(
        33,
        f"Unsupported {call.request.method.lower()} request. Object with ID '{key}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation.",
    )


async def at_number(call: Call, number: Number, edge: str) -> web.StreamResponse:
    method = call.request.method
    call.enter(call.world.account_of(number), management=edge not in MESSAGING_EDGES)
    if method == "POST" and edge == "messages":
        return await messages.send(call, number)
    if method == "POST" and edge == "marketing_messages":
        return await messages.send(call, number, marketing_api=True)
    if number.status == "DELETED":
        raise GraphError(33, "The phone number was deleted.")
    if method == "GET" and edge == "message_history":
        found = messages.history(call, number)
    elif not edge and method == "GET":
        found = numbers.get(call, number)
    elif not edge and method == "POST":
        found = await numbers.change(call, number)
    else:
        found = await _edge(call, NUMBER_EDGES, edge, number)
    return answer(call.version, found, 200, number.account_id)


async def at_account(call: Call, account: Account, edge: str) -> web.StreamResponse:
    call.enter(account)
    if edge:
        found = await _edge(call, ACCOUNT_EDGES, edge, account)
    elif call.request.method == "GET":
        found = accounts.get(call, account)
    else:
        found = await accounts.change(call, account)
    return answer(call.version, found, 200, account.id)


async def at_template(call: Call, template: Template, edge: str) -> web.StreamResponse:
    call.enter(call.world.accounts[template.account_id])
    if edge == "unpause" and call.request.method == "POST":
        found = await accounts.unpause(call, template)
    elif edge:
        raise GraphError(100, f"Unknown path components: /{edge}")
    elif call.request.method == "GET":
        found = accounts.get_template(call, template)
    else:
        found = await accounts.change_template(call, template)
    return answer(call.version, found, 200, template.account_id)


def at_media(call: Call, key: str) -> web.StreamResponse:
    found = call.world.media[key]
    account = call.world.account_of(call.world.numbers[found.number_id])
    call.enter(account, management=False)
    if call.request.method == "DELETE":
        files.delete(call.world, found)
        return answer(call.version, {"success": True}, 200, account.id)
    return answer(call.version, media.look_up(call, found), 200, account.id)


async def _edge(call: Call, edges: dict[str, tuple[Edge, str]], edge: str, thing: Any) -> JSON:
    handler, methods = edges.get(edge, (None, ""))
    if handler is None or call.request.method not in methods.split():
        raise GraphError(100, f"Unknown path components: /{edge}")
    return await handler(call, thing)
