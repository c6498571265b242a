"""The sandbox in a process of its own, and workers of ours that may be killed at any moment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from django.test import override_settings

from messaging.sandbox.testing import Sandbox
from tenants.models import Company
from tests.benchmarks.people import ACCOUNT, BODY, NUMBER, TOKEN

KNOBS = {"throughput": 0, "pair_limit": False, "magic": False}
TEMPLATE = {
    "name": "opening",
    "language": "en",
    "category": "UTILITY",
    "components": [{**BODY[0], "example": {"body_text": [["Ana"]]}}],
}


@contextmanager
def provider() -> Iterator[Sandbox]:
    """A sandbox that takes everything and reports nothing by itself."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    with TemporaryDirectory() as folder:
        env = {"SANDBOX_PORT": str(port), "SANDBOX_KEEP": "0", "DATA_DIR": folder}
        process = subprocess.Popen([sys.executable, "-m", "messaging.sandbox"], env={**os.environ, **env})
        try:
            sandbox = Sandbox(f"http://127.0.0.1:{port}")
            wait_for(lambda: _answers(sandbox), "the sandbox")
            sandbox.add_account(
                ACCOUNT,
                name="Acme",
                app_secret="secret-of-the-benchmark",
                token=TOKEN,
                messaging_limit="TIER_UNLIMITED",
                numbers=[{"id": NUMBER, "display_phone_number": "+49 40 5551200", "knobs": KNOBS}],
                templates=[TEMPLATE],
            )
            with override_settings(WHATSAPP_API_URL=api_url(sandbox)):
                yield sandbox
        finally:
            process.terminate()
            process.wait(10)


def api_url(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/v25.0"


@contextmanager
def worker(sandbox: Sandbox, company: Company, role: str, *, ahead: float = 0) -> Iterator[subprocess.Popen[bytes]]:
    """A process that feeds, or sends, or both; killed at the end of the block without a word."""
    line = [sys.executable, "-m", "tests.benchmarks.broadcasting", company.schema_name, role, str(ahead)]
    env = {**os.environ, "WHATSAPP_API_URL": api_url(sandbox)}
    with subprocess.Popen(line, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline(), "the worker did not start"
            yield process
        finally:
            process.kill()


def accepted(sandbox: Sandbox) -> int:
    return int(sandbox.accepted(NUMBER, items=False)["total"])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30, *, every: float = 0.02) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited for {what} in vain"
        time.sleep(every)


def _answers(sandbox: Sandbox) -> bool:
    try:
        return sandbox.call("GET", "/sandbox/api/accepted", timeout=2).status == 200
    except OSError:
        return False
