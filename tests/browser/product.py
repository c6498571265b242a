"""The product as it really runs: web, worker and scheduler in processes of their own, on a database of their own."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psycopg
from psycopg import sql

from config.demo import mail as caught

DATABASE = "botschaft_browser"
SANDBOX = "messaging.sandbox"
WEB = "uvicorn config.asgi:application --log-level warning --port"
WORKER = (
    "celery -A config.celery:app worker --pool solo --without-gossip --without-mingle --loglevel WARNING"
    " --queues default,replies,bulk,webhooks"
)
# Without a memory of former runs: what it does by the hour does not begin by itself when the clock is put forward.
BEAT = "celery -A config.celery:app beat --loglevel WARNING --pidfile= --schedule"


@dataclass(frozen=True)
class Product:
    """Where the running product is, and what it has mailed."""

    port: int
    data: Path
    database_url: str
    sandbox: str
    environment: Mapping[str, str]
    programs: ExitStack

    @property
    def public(self) -> str:
        return f"http://localhost:{self.port}"

    def company(self, address_name: str) -> str:
        return f"http://{address_name}.localhost:{self.port}"

    @contextmanager
    def at_time(self, at: datetime) -> Iterator[None]:
        """Web and worker as they are at `at`; the provider and its phones stay where they are."""
        self.programs.close()
        self.start(at)
        try:
            yield
        finally:
            self.programs.close()
            self.start()

    def start(self, at: datetime | None = None) -> None:
        schedule = self.data / f"schedule-{time.monotonic_ns()}"
        for program in (f"{WEB} {self.port}", WORKER, f"{BEAT} {schedule}"):
            line = f"tests.browser.at_time {at.isoformat()} {program}" if at else program
            self.programs.enter_context(_running(line, self.environment, self.data))
        wait_for(lambda: _answers(self.port), "the web", 60)

    def let_speak(self, email: str, language: str) -> None:
        """The demo's people have their own languages; a test chooses."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("UPDATE tenants_user SET language = %s WHERE email = %s", [language, email])

    def forget_attempts(self) -> None:
        """All people of the tests come from one address, which may sign in forty times in ten minutes."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("DELETE FROM tenants_attempt")

    def ask_sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The sandbox's own API: what a customer does with their phone."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.sandbox}/sandbox/api/{path}", data, headers, method=method)
        with urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def link_mailed_to(self, email: str, part: str) -> str:
        """The newest link holding `part` that was mailed to `email`; mail takes a moment, so it is waited for."""
        return wait_for(lambda: self._link(email, part), f"a mail to {email} with {part}")

    def _link(self, email: str, part: str) -> str:
        for file in sorted((self.data / "mail").glob("*.eml"), reverse=True):
            found = caught._read(file)
            if found.to == email and (link := re.search(rf"http://\S*{part}\S*", found.text)):
                return link[0]
        return ""


def wait_for(ask: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """The first true answer; an assertion that names what did not come."""
    until = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        select.select([], [], [], 0.1)
    return answer


@contextmanager
def running_product(database_url: str, redis_url: str, data: Path) -> Iterator[Product]:
    _make_database(database_url)
    port, sandbox_port = _free_port(), _free_port()
    own_database = database_url.replace("/botschaft?", f"/{DATABASE}?")
    environment = {
        **os.environ,
        "DATABASE_URL": own_database,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "SANDBOX_URL": f"http://localhost:{sandbox_port}",
        "BASE_HOST": f"localhost:{port}",
        "DATA_DIR": str(data),
        "LOG_LEVEL": "WARNING",
    }
    for command in ("migrate --verbosity 0", "load_demo"):
        subprocess.run([sys.executable, "manage.py", *shlex.split(command)], env=environment, check=True)
    with _running(SANDBOX, environment, data), ExitStack() as programs:
        product = Product(port, data, own_database, environment["SANDBOX_URL"], environment, programs)
        product.start()
        subprocess.run([sys.executable, "manage.py", "connect_demo"], env=environment, check=True)
        yield product


@contextmanager
def _running(line: str, environment: Mapping[str, str], data: Path) -> Iterator[None]:
    with (data / "product.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *shlex.split(line)], env={**environment}, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        _end(process)


def _make_database(database_url: str) -> None:
    with psycopg.connect(database_url.replace("/botschaft?", "/postgres?"), autocommit=True) as connection:
        name = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://localhost:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
