"""The running product with its own PostgreSQL, Redis and provider, its phones and its agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import psycopg
from psycopg import sql

from config.demo import postgres_server, redis_server
from config.demo.paths import CHECKOUT, Home
from config.demo.postgres_server import PostgresServer
from config.demo.processes import stop_all
from config.demo.redis_server import RedisServer
from config.demo.services import temporary_home
from messaging.messages import claiming, lanes
from messaging.messages.models import Lane
from messaging.sandbox.testing import Sandbox, running as running_sandbox
from messaging.webhooks import processing
from tenants.services import due
from tests.processes import Program, answers, free_port, wait_for, web, worker

ACCOUNT, NUMBER, TOKEN, SECRET = "1001", "2001", "token-of-acme", "secret-of-acme"
PEOPLE = [f"+4915112345{number:03}" for number in range(100, 108)]
CSRF = "c" * 32
# What was committed survives a server that is shot; only the disk itself is trusted.
DURABLE = {"fsync": "off", "checkpoint_timeout": "1h"}
# Past each of these nothing may be stuck.
LANE = lanes.LEASE.total_seconds() + 1
LEASES = max(claiming.ATTEMPT, processing.LEASE).total_seconds() + 1
GRACE = claiming.GRACE[Lane.REPLIES].total_seconds() + 1
SWEPT = due.PATIENCE.total_seconds() + 1


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class House:
    postgres: PostgresServer
    redis: RedisServer
    sandbox: Sandbox
    web: Program
    worker: Program
    port: int
    hand: subprocess.Popen[str]
    schema: str = ""
    session: str = ""
    conversations: list[str] = field(default_factory=list)
    # Answers the agent has pressed "send" for, that no page has confirmed yet.
    unconfirmed: list[tuple[str, str]] = field(default_factory=list)
    opener: Any = field(default_factory=lambda: build_opener(_NoRedirects))

    def do(self, deed: str, **values: Any) -> Any:
        """Let the hand do something in the product."""
        assert self.hand.stdin
        assert self.hand.stdout
        self.hand.stdin.write(json.dumps({"do": deed, **values}) + "\n")
        self.hand.stdin.flush()
        return json.loads(self.hand.stdout.readline())

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the company's schema says."""
        with psycopg.connect(self.postgres.url, autocommit=True) as database:
            database.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self.schema)))
            return database.execute(statement, values or None).fetchall()

    def sends(self) -> bool:
        return bool(self.rows("SELECT 1 FROM messaging_message WHERE state = 'sending'"))

    def be_slow(self) -> None:
        """The provider takes a message at once and answers when something may have died meanwhile."""
        self.sandbox.knobs(NUMBER, latency_ms=400)

    def be_quick(self) -> None:
        self.sandbox.knobs(NUMBER, latency_ms=5)

    # --- Both sides write -------------------------------------------------------------------------------------------

    def phone_writes(self, number: int, text: str) -> None:
        self.sandbox.person_writes(NUMBER, PEOPLE[number % len(PEOPLE)], text)

    def agent_answers(self, number: int, text: str) -> None:
        self.unconfirmed.append((self.conversations[number % len(self.conversations)], text))
        self.press_send()

    def press_send(self) -> bool:
        """Send what is not confirmed, again under the same key, as the page does; whether all is confirmed now."""
        self.unconfirmed = [answer for answer in self.unconfirmed if not self._confirmed(*answer)]
        return not self.unconfirmed

    def _confirmed(self, conversation: str, text: str) -> bool:
        fields = {"text": text, "client_key": text.replace(" ", "-"), "csrfmiddlewaretoken": CSRF}
        headers = {"Host": f"acme.localhost:{self.port}", "Cookie": f"session={self.session}; csrf={CSRF}"}
        url = f"http://127.0.0.1:{self.port}/inbox/{conversation}/reply/"
        try:
            with self.opener.open(
                Request(url, urlencode(fields).encode(), {**headers, "HX-Request": "true"}), timeout=5
            ):
                return True
        except (URLError, OSError) as problem:
            return getattr(problem, "code", 0) == 302

    # --- After the fault --------------------------------------------------------------------------------------------

    def let_all_settle(self, *, lane_is_held: bool) -> None:
        """All is confirmed, reported and worked on; leases and graces of the dead are over, people were asked.

        `lane_is_held`: a dead worker's lease is still to run out before another may send.
        """
        wait_for(self.press_send, "the agent's answers to be taken")
        if lane_is_held:
            self.do("visit", ahead=LANE)
        self._let_reports_come()
        wait_for(self._is_at_rest, "the workers")
        for ahead in (LEASES, LEASES + GRACE):
            self.do("visit", ahead=ahead)
            self._let_reports_come()
        if self.do("ask_again"):
            self.do("visit", ahead=LEASES + GRACE + LANE)
            self._let_reports_come()
        self.do("come_back")

    def _let_reports_come(self) -> None:
        wait_for(lambda: self.sandbox.api("GET", "/idle?within=0.5&timeout=1")["idle"], "the sandbox to rest")
        wait_for(lambda: self.sandbox.webhooks_sent()["waiting"] == 0, "the webhooks to be taken")
        wait_for(self._is_processed, "the webhooks to be worked on")

    def _is_processed(self) -> bool:
        """The sweep asks again for what nobody works on; a body whose worker died waits for its lease."""
        self.do("sweep", ahead=SWEPT)
        return not self.rows("SELECT 1 FROM messaging_webhookevent WHERE processed_at IS NULL AND attempts = 0")

    def _is_at_rest(self) -> bool:
        """No pump holds a lane or is needed, so that whatever still says it is on its way belongs to the dead."""
        self.do("sweep", ahead=SWEPT)
        return not self.rows(
            """
            SELECT 1 FROM messaging_sendinglane WHERE holder <> '' AND lease_until > now()
            UNION ALL
            SELECT 1 FROM messaging_message m WHERE state = 'queued' AND NOT EXISTS (
                SELECT 1 FROM messaging_message o WHERE o.identity_id = m.identity_id AND o.state = 'sending')
            """
        )

    # --- What must hold ---------------------------------------------------------------------------------------------

    def assert_nothing_is_lost_doubled_or_stuck(self, written: list[str], answered: list[str]) -> None:
        inbox = Counter(text for (text,) in self.rows("SELECT text FROM messaging_message WHERE direction = 'inbound'"))
        assert {text: inbox[text] for text in written} == dict.fromkeys(written, 1)
        told = self.sandbox.accepted(NUMBER)
        taken = Counter(item["content"]["body"] for item in told["items"])
        assert {text: taken[text] for text in answered} == dict.fromkeys(answered, 1)
        assert told["doubled"] == {}
        states = self.rows("SELECT DISTINCT state FROM messaging_message WHERE direction = 'outbound'")
        assert {state for (state,) in states} <= {"sent", "delivered", "read"}
        assert self.rows("SELECT 1 FROM messaging_webhookevent WHERE processed_at IS NULL OR problems <> '[]'") == []


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        postgres, redis = _servers(home, stack)
        sandbox = stack.enter_context(running_sandbox())
        port = free_port()
        env = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "WHATSAPP_API_URL": f"{sandbox.url}/v25.0",
            "PORT": str(port),
            "BASE_HOST": f"localhost:{port}",
            "DATA_DIR": str(folder),
            "DJANGO_ALLOW_ASYNC_UNSAFE": "",
        }
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=CHECKOUT, env={**os.environ, **env}, check=True)
        hand = subprocess.Popen(
            [sys.executable, "-m", "tests.messaging.faults.hand"],
            cwd=CHECKOUT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context((folder / "hand.log").open("w")),
            text=True,
        )
        stack.callback(hand.wait, 10)
        stack.callback(hand.kill)
        programs = (web(folder, port, env), worker(folder, "default,replies,bulk,webhooks", env))
        for program in programs:
            stack.callback(program.kill)
            program.start()
        house = House(postgres, redis, sandbox, *programs, port, hand)
        _connect(house)
        yield house


def _servers(home: Home, stack: ExitStack) -> tuple[PostgresServer, RedisServer]:
    postgres = PostgresServer(home, DURABLE)
    template = postgres_server.template_cluster(home.root.parent, home)
    postgres_server.copy_cluster(template, home.postgres, home)
    redis = RedisServer(home, redis_server.NOT_KEPT)
    for server in (postgres, redis):
        server.start()
        stack.callback(lambda server=server: stop_all([server.process]))
    postgres.wait()
    postgres.create_database()
    redis.wait()
    return postgres, redis


def _connect(house: House) -> None:
    sandbox = house.sandbox
    knobs = {"pair_limit": False, "sent_ms": 30, "delivered_ms": 60, "read_share": 0.0}
    number = {"id": NUMBER, "display_phone_number": "+49 40 5551200", "throughput": "HIGH", "knobs": knobs}
    sandbox.api("PATCH", "/webhooks", {"retry_seconds": 0.1})
    sandbox.add_account(ACCOUNT, name="Acme", app_secret=SECRET, token=TOKEN, numbers=[number])
    made = house.do(
        "prepare",
        external_id=NUMBER,
        account_external_id=ACCOUNT,
        token=TOKEN,
        app_secret=SECRET,
        verify_token="a word",
    )
    house.schema, house.session = made["schema"], made["session"]
    sandbox.add_account(ACCOUNT, webhook_url=f"http://localhost:{house.port}{made['webhook']}")
    wait_for(lambda: answers(f"http://localhost:{house.port}/health/live"), "the web")
    for number in range(len(PEOPLE)):
        house.phone_writes(number, f"hello {number}")
    find = "SELECT c.public_id FROM messaging_conversation c ORDER BY c.id"
    wait_for(lambda: len(house.rows(find)) == len(PEOPLE), "the first conversations")
    house.conversations = [public_id for (public_id,) in house.rows(find)]


def shoot(server: PostgresServer) -> None:
    """An immediate shutdown: nothing is written down any more."""
    assert server.process
    assert server.process.popen
    server.process.popen.send_signal(signal.SIGQUIT)
    server.process.popen.wait(10)
