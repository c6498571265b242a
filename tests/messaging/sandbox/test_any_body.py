"""Whatever is sent, the answer is the provider's own: never a stack trace, never a page."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from messaging.sandbox.testing import Sandbox
from tests.messaging.sandbox.conftest import NUMBER, PERSON, WABA, Send, template

JUNK: list[Any] = [
    None,
    1,
    -1,
    1.5,
    True,
    "",
    "x",
    "x" * 5000,
    [],
    {},
    [1],
    [None],
    ["a"],
    {"a": 1},
    [[]],
    [{}],
    "text",
]
TO = {"messaging_product": "whatsapp", "to": PERSON}
WORDS = {"header": {"type": "image", "image": {"id": "1"}}, "body": {"text": "x"}, "footer": {"text": "f"}}
REPLY = {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "b"}}]}
LIST = {"button": "b", "sections": [{"title": "t", "rows": [{"id": "a", "title": "b", "description": "c"}]}]}
VALUES = [{"type": "text", "text": "Ana"}, {"type": "currency", "currency": {"fallback_value": "1"}}]
USED = {"name": "order_shipped", "language": {"code": "en"}, "components": [{"type": "body", "parameters": VALUES}]}
BODIES: list[dict[str, Any]] = [
    {**TO, "type": "text", "text": {"body": "x", "preview_url": False}, "context": {"message_id": "a"}},
    {**TO, "type": "contacts", "contacts": [{"name": {"formatted_name": "a", "first_name": "b"}}]},
    {**TO, "type": "interactive", "interactive": {"type": "button", **WORDS, "action": REPLY}},
    {**TO, "type": "interactive", "interactive": {"type": "list", "body": {"text": "x"}, "action": LIST}},
    {**TO, "type": "template", "template": USED},
]  # fmt: skip


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def spoiled(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """One to three places of the body are gone or hold something else."""
    found: Any = copy.deepcopy(body)
    for _ in range(chance.randint(1, 3)):
        if not (known := list(places(found))):
            break
        *path, last = chance.choice(known)
        inner = found
        for key in path:
            inner = inner[key]
        if chance.random() < 0.25:
            del inner[last]
        else:
            inner[last] = copy.deepcopy(chance.choice(JUNK))
    return dict(found)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoiled_body_gets_the_providers_error(sandbox: Sandbox, graph: Send, seed: int) -> None:
    sandbox.knobs(NUMBER, pair_limit=False)
    chance = random.Random(seed)
    for _ in range(60):
        message = spoiled(chance.choice(BODIES), chance)
        made = spoiled(template(f"made_{chance.randrange(10**9)}"), chance)
        for path, body in ((f"{NUMBER}/messages", message), (f"{WABA}/message_templates", made)):
            answer = graph("POST", path, body)
            assert answer.status == 200 or answer.body["error"]["code"], body
