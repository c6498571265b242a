"""A sandbox for tests and benchmarks: on a free port, in a thread of this process, steered over its control API."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from messaging.sandbox.server import application
from messaging.sandbox.world import World

JSON = dict[str, Any]
AT_ONCE = {"sent_ms": 0, "delivered_ms": 0, "read_ms": 0, "read_share": 1.0}
PATIENCE = 5.0
STEP = 0.003


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Received:
    """A POST that the product's place got."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Stands where the product's webhook address would be. `answers` are given in turn, the last for ever."""

    url: str = ""
    verify_token: str = "verify-me"  # noqa: S105
    answers: list[int] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)

    async def get(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query.get("hub.challenge", ""))

    async def post(self, request: web.Request) -> web.Response:
        self.received.append(Received(dict(request.headers), await request.read()))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status)

    def values(self, field_name: str = "messages") -> list[JSON]:
        """Every `value` of that field, in the order of arrival."""
        changes = (change for post in self.received for entry in post.json["entry"] for change in entry["changes"])
        return [change["value"] for change in changes if change["field"] == field_name]

    def elements(self, part: str) -> list[JSON]:
        return [element for value in self.values() for element in value.get(part, ())]

    def statuses(self, wamid: str = "") -> list[JSON]:
        return [one for one in self.elements("statuses") if wamid in {"", one["id"]}]

    def messages(self) -> list[JSON]:
        return self.elements("messages")


class Sandbox:
    """The handle: what the control API can do, as methods."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.receiver = Receiver()

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: JSON | None = None,
        timeout: float = 30,
    ) -> Answer:
        sent = {"Content-Type": "application/json"} if body is not None and not isinstance(body, bytes) else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        target = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(target, data, {**sent, **(headers or {})}, method=method)  # noqa: S310  ours
        try:
            with urllib.request.urlopen(request, timeout=timeout) as found:  # noqa: S310
                return _answer(found.status, found.read(), dict(found.headers))
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), dict(error.headers))

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The control API; anything but 200 is an AssertionError with its words."""
        found = self.call(method, f"/sandbox/api{path}", body)
        assert found.status == 200, f"{method} {path}: {found.status} {found.body}"
        return found.body

    # --- What the provider has --------------------------------------------------------------------------------------

    def add_account(self, account_id: str, **values: Any) -> JSON:
        """PUT /sandbox/api/accounts/{account_id}."""
        found: JSON = self.api("PUT", f"/accounts/{account_id}", values)
        return found

    def add_person(self, **values: Any) -> JSON:
        found: JSON = self.api("POST", "/people", values)
        return found

    def knobs(self, number_id: str, **values: Any) -> JSON:
        found: JSON = self.api("PATCH", f"/numbers/{number_id}/knobs", values)
        return found

    def number(self, number_id: str, **values: Any) -> JSON:
        """Change quality_rating, status, throughput …"""
        found: JSON = self.api("PATCH", f"/numbers/{number_id}", values)
        return found

    def template(self, key: str, **values: Any) -> JSON:
        """Change status, quality or category; `key` is an id or waba:name:language."""
        found: JSON = self.api("POST", f"/templates/{quote(key)}", values)
        return found

    def revoke_token(self, token: str, *, revoked: bool = True) -> None:
        self.api("POST", "/tokens/revoke", {"token": token, "revoked": revoked})

    def advance(self, seconds: float) -> None:
        self.api("POST", "/clock", {"advance": seconds})

    def reset(self, *, everything: bool = False) -> None:
        self.api("POST", "/reset", {"all": everything})
        self.receiver.received.clear()

    # --- What people do ---------------------------------------------------------------------------------------------

    def person_writes(self, number_id: str, sender: str, text: str = "", **values: Any) -> JSON:
        """Somebody with this number writes; any type by `type=…` and its object."""
        body = {"from": sender, **values}
        if text:
            body |= {"type": "text", "text": {"body": text}}
        found: JSON = self.api("POST", f"/numbers/{number_id}/inbound", body)
        return found

    def person(self, person_id: str, number_id: str, action: str, **values: Any) -> Any:
        """messages, tap, open, played, edit, revoke, marketing, block of one chat."""
        return self.api("POST", f"/people/{person_id}/chats/{number_id}/{action}", values)

    def change_person(self, person_id: str, **values: Any) -> JSON:
        found: JSON = self.api("PATCH", f"/people/{person_id}", values)
        return found

    def upload(self, person_id: str, number_id: str, data: bytes, mime_type: str, filename: str = "file") -> str:
        """A file on the person's phone; its id goes into a message."""
        body, headers = multipart({}, data, mime_type, filename)
        found = self.call("POST", f"/sandbox/api/people/{person_id}/chats/{number_id}/files", body, headers=headers)
        assert found.status == 200, found.body
        return str(found.body["id"])

    # --- What happened ----------------------------------------------------------------------------------------------

    def accepted(self, number_id: str = "", *, items: bool = True) -> JSON:
        """total, unique, doubled, by_status, refused and, if wanted, each message."""
        query = ("number=" + number_id if number_id else "") + ("&items=1" if items else "")
        found: JSON = self.api("GET", f"/accepted?{query}")
        return found

    def webhooks_sent(self) -> JSON:
        found: JSON = self.api("GET", "/webhooks")
        return found

    def settle(self, within: float = 0.0, timeout: float = PATIENCE) -> None:
        """Come back when nothing is on its way and nothing due in the next `within` seconds."""
        assert self.api("GET", f"/idle?within={within}&timeout={timeout}")["idle"], "the sandbox does not come to rest"

    def wait_until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        """The first true value of `condition`; AssertionError when it stays false."""
        pause = threading.Event()
        for _ in range(int(timeout / STEP)):
            if found := condition():
                return found
            pause.wait(STEP)
        raise AssertionError("it did not come true in time")


def multipart(values: dict[str, str], data: bytes, mime_type: str, filename: str) -> tuple[bytes, dict[str, str]]:
    """A form with a file, as bytes and the header that belongs to it."""
    edge = "sandbox-edge-of-parts"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
    parts.append(f"{head}Content-Type: {mime_type}\r\n\r\n".encode() + data + b"\r\n")
    parts.append(f"--{edge}--\r\n".encode())
    return b"".join(parts), {"Content-Type": f"multipart/form-data; boundary={edge}"}


def _answer(status: int, body: bytes, headers: dict[str, str]) -> Answer:
    try:
        return Answer(status, json.loads(body), headers)
    except ValueError:
        return Answer(status, body, headers)


class _Server:
    """The loop's thread."""

    def __init__(self, folder: Path, *, keep: bool) -> None:
        self.folder, self.keep = folder, keep
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.receiver = Receiver()
        self.url = ""
        self.problem: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name="sandbox", daemon=True)

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            runners = self.loop.run_until_complete(self.start())
        except BaseException as error:  # noqa: BLE001  told to the thread that waits
            self.problem = error
            self.ready.set()
            return
        self.ready.set()
        self.loop.run_forever()
        for runner in runners:
            self.loop.run_until_complete(runner.cleanup())
        self.loop.close()

    async def start(self) -> list[web.AppRunner]:
        world = World(self.folder, keep=self.keep, seed=1)
        runner, self.url = await _serve(application(world))
        world.base_url = self.url
        target = web.Application()
        target.router.add_get("/hook", self.receiver.get)
        target.router.add_post("/hook", self.receiver.post)
        other, address = await _serve(target)
        self.receiver.url = f"{address}/hook"
        return [runner, other]


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@contextmanager
def running(folder: Path | None = None) -> Iterator[Sandbox]:
    """A sandbox for as long as the block runs; with a folder it keeps its memory there."""
    place = folder or Path(tempfile.mkdtemp(prefix="sandbox-"))
    server = _Server(place, keep=folder is not None)
    server.thread.start()
    server.ready.wait(10)
    if server.problem:
        raise server.problem
    sandbox = Sandbox(server.url)
    sandbox.receiver = server.receiver
    try:
        yield sandbox
    finally:
        server.loop.call_soon_threadsafe(server.loop.stop)
        server.thread.join(10)
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
