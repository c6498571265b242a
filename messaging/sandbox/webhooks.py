"""Notifications on their way out: gathered, signed, tried again (reference §8)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from messaging.sandbox.clock import Clock, Schedule

CONCURRENCY = 4  # bodies on their way to one address
TIMEOUT = aiohttp.ClientTimeout(total=15)
DROPPED_AFTER = 7 * 86_400.0
LONGEST_WAIT = 3600.0
LOGGED = 500


@dataclass(slots=True)
class Item:
    """One element of a body: `part` is "messages" or "statuses", or "" when `element` is the whole value."""

    account_id: str
    field: str
    part: str
    element: dict[str, Any]
    at: float
    metadata: dict[str, str] | None = None
    contact: dict[str, Any] | None = None


@dataclass(slots=True)
class Line:
    """What waits for one address."""

    url: str
    secret: str
    waiting: deque[Item] = field(default_factory=deque)
    in_flight: int = 0
    most: int = 50


@dataclass(slots=True)
class Parcel:
    """One body until somebody has taken it."""

    url: str
    secret: str
    body: bytes
    elements: int
    first_at: float
    tries: int = 0


@dataclass(slots=True)
class Attempt:
    at: float
    url: str
    status: int
    tries: int
    elements: int
    signature: str
    body: str
    error: str = ""


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def body_of(items: Iterable[Item]) -> bytes:
    """One body for several elements; everything beyond ASCII is escaped with small letters, as the vendor does."""
    entries: dict[str, dict[str, Any]] = {}
    values: dict[tuple[str, str, str], dict[str, Any]] = {}
    for item in items:
        entry = entries.setdefault(item.account_id, {"id": item.account_id, "time": int(item.at), "changes": []})
        if not item.part:
            entry["changes"].append({"field": item.field, "value": item.element})
            continue
        metadata = item.metadata or {}
        key = (item.account_id, metadata.get("phone_number_id", ""), item.part)
        value = values.get(key)
        if value is None:
            value = values[key] = {"messaging_product": "whatsapp", "metadata": metadata}
            entry["changes"].append({"field": item.field, "value": value})
        if item.contact and item.contact not in value.setdefault("contacts", []):
            value["contacts"].append(item.contact)
        value.setdefault(item.part, []).append(item.element)
    body = {"object": "whatsapp_business_account", "entry": list(entries.values())}
    return json.dumps(body, separators=(",", ":")).encode()


class Outbox:
    """Posts what happens to the addresses that want to know."""

    def __init__(self, clock: Clock, schedule: Schedule) -> None:
        self.clock = clock
        self.schedule = schedule
        self.lines: dict[tuple[str, str], Line] = {}
        self.log: deque[Attempt] = deque(maxlen=LOGGED)
        self.counts = {"posted": 0, "elements": 0, "failed": 0, "dropped": 0}
        self.underway: dict[int, Parcel] = {}
        self.retrying: dict[int, Parcel] = {}
        self.retry_seconds = 1.0
        self.session: aiohttp.ClientSession | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.session = aiohttp.ClientSession(timeout=TIMEOUT, headers={"User-Agent": "facebookexternalua"})

    async def stop(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.session:
            await self.session.close()

    def push(self, url: str, secret: str, item: Item, most: int) -> None:
        line = self.lines.get((url, secret))
        if line is None:
            line = self.lines[url, secret] = Line(url, secret)
        line.most = max(1, most)
        line.waiting.append(item)
        self.start_posting(line)

    def start_posting(self, line: Line) -> None:
        while line.waiting and line.in_flight < CONCURRENCY:
            # One that is alone goes at once; while four are on their way the others gather.
            line.in_flight += 1
            self.start_task(self.post_waiting(line))
            if len(line.waiting) <= line.most * line.in_flight:
                break

    async def post_waiting(self, line: Line) -> None:
        try:
            while line.waiting:
                items = [line.waiting.popleft() for _ in range(min(line.most, len(line.waiting)))]
                await self.post(Parcel(line.url, line.secret, body_of(items), len(items), self.clock.now()))
        finally:
            line.in_flight -= 1

    async def post(self, parcel: Parcel) -> None:
        parcel.tries += 1
        signed = signature(parcel.secret, parcel.body)
        self.underway[id(parcel)] = parcel
        status, error = await self.send(parcel.url, parcel.body, signed)
        del self.underway[id(parcel)]
        now = self.clock.now()
        self.log.append(
            Attempt(now, parcel.url, status, parcel.tries, parcel.elements, signed, parcel.body.decode(), error)
        )
        self.counts["posted"] += 1
        if status == 200:
            self.counts["elements"] += parcel.elements
            return
        self.counts["failed"] += 1
        if now - parcel.first_at > DROPPED_AFTER:
            self.counts["dropped"] += parcel.elements
            return
        self.retry_later(parcel)

    def retry_later(self, parcel: Parcel) -> None:
        """The whole body again, ever more rarely, for up to seven days."""
        self.retrying[id(parcel)] = parcel

        def again() -> None:
            if self.retrying.pop(id(parcel), None) is parcel:
                self.start_task(self.post(parcel))

        wait = min(LONGEST_WAIT, self.retry_seconds * 2 ** min(parcel.tries - 1, 20))
        self.schedule.at(self.clock.now() + wait, again)

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def unfinished(self) -> list[dict[str, Any]]:
        """What nobody has taken yet, for the next start."""
        parcels = [*self.retrying.values(), *self.underway.values()]
        for line in self.lines.values():
            items = list(line.waiting)
            for start in range(0, len(items), line.most):
                part = items[start : start + line.most]
                parcels.append(Parcel(line.url, line.secret, body_of(part), len(part), self.clock.now()))
        return [{**asdict(parcel), "body": parcel.body.decode()} for parcel in parcels]

    def resume(self, parcels: list[dict[str, Any]]) -> None:
        for parcel in parcels:
            self.start_task(self.post(Parcel(**{**parcel, "body": parcel["body"].encode()})))

    async def send(self, url: str, body: bytes, signed: str) -> tuple[int, str]:
        assert self.session
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signed}
        try:
            async with self.session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status, ""
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return 0, type(error).__name__

    async def verify(self, url: str, token: str) -> tuple[bool, str]:
        """The GET of §8.1: the address must answer with the bare challenge."""
        assert self.session
        challenge = "1158201444"
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        try:
            async with self.session.get(url, params=query, allow_redirects=False) as answer:
                text = await answer.text()
                right = answer.status == 200 and text.strip() == challenge
                return right, f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return False, type(error).__name__

    def idle(self) -> bool:
        return not self.tasks and not any(line.waiting for line in self.lines.values())

    def waiting(self) -> int:
        return sum(len(line.waiting) for line in self.lines.values()) + len(self.retrying)

    def clear(self) -> None:
        self.retrying.clear()
        self.lines.clear()
        self.log.clear()
        self.counts = dict.fromkeys(self.counts, 0)
