"""One request to the Graph API: who asks, what for, and how the answer is dressed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from messaging.sandbox import ids
from messaging.sandbox.errors import GraphError
from messaging.sandbox.model import JSON, Account, Token
from messaging.sandbox.world import World

VERSION = re.compile(r"v\d+\.\d+")
ONE_FIELD = re.compile(r"[\w.]+")


@dataclass(slots=True)
class Call:
    world: World
    request: web.Request
    version: str
    token: Token

    async def body(self) -> JSON:
        """JSON, or a form whose values may be JSON."""
        kind = self.request.content_type
        if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            return {key: _value(value) for key, value in (await self.request.post()).items()}
        raw = await self.request.read()
        if not raw:
            return {}
        try:
            found = json.loads(raw)
        except ValueError:
            raise GraphError(100, "The body is no valid JSON.") from None
        if not isinstance(found, dict):
            raise GraphError(100, "The body must be a JSON object.")
        return found

    @property
    def query(self) -> Any:
        return self.request.query

    def enter(self, account: Account, *, management: bool = True) -> None:
        """403/10 for a token of somebody else; 80007 for too many calls."""
        if account.id not in self.token.account_ids:
            raise GraphError(10, "(#10) Application does not have permission for this action")
        wanted = "whatsapp_business_management" if management else "whatsapp_business_messaging"
        if wanted not in self.token.scopes:
            raise GraphError(10, f"(#10) This needs the permission {wanted}")
        if management and not self.world.limits.account_may(account.id, self.world.now()):
            raise GraphError(80007, "There have been too many calls to this WhatsApp Business account.")


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def fields(text: str) -> list[str]:
    """The outermost names of a `fields` parameter; what is in braces or after a dot does not matter here."""
    found: list[str] = []
    depth, word = 0, ""
    for sign in text + ",":
        if sign in "{(":
            depth += 1
        elif sign in "})":
            depth -= 1
        elif sign == "," and not depth:
            found.append(word.strip().partition(".")[0])
            word = ""
        elif not depth:
            word += sign
    return [name for name in found if name]


def chosen(whole: JSON, wanted: str | None, default: tuple[str, ...]) -> JSON:
    names = fields(wanted) if wanted else list(default)
    return {name: whole[name] for name in dict.fromkeys([*names, "id"]) if name in whole}


def paged(rows: list[JSON], query: Any, path: str, base: str) -> JSON:
    """Cursor paging: `limit` (25, at most 100), `after`."""
    try:
        limit = max(1, min(int(query.get("limit", 25)), 100))
    except ValueError:
        raise GraphError(100, "limit must be a number.") from None
    after = query.get("after", "")
    start = int(after) if after.isdecimal() else 0
    shown = rows[start : start + limit]
    answer: JSON = {"data": shown}
    if shown:
        answer["paging"] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
        if start + len(shown) < len(rows):
            others = "&".join(f"{key}={value}" for key, value in _others(query))
            answer["paging"]["next"] = f"{base}{path}?{others}&after={start + len(shown)}".replace("?&", "?")
    return answer


def _others(query: Any) -> Iterator[tuple[str, str]]:
    return ((key, value) for key, value in query.items() if key not in {"after", "access_token"})


def answer(call_version: str, body: Any, status: int = 200, account_id: str = "") -> web.Response:
    headers = {
        "Content-Type": "application/json",
        "facebook-api-version": call_version,
        "x-fb-trace-id": ids.trace(),
    }
    if account_id:
        headers["x-business-use-case-usage"] = (
            f'{{"{account_id}":[{{"type":"whatsapp","call_count":1,"total_cputime":1,"total_time":1,'
            '"estimated_time_to_regain_access":0}]}'
        )
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
