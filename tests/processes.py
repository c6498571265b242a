"""Programs of ours, started as they really run, for tests that kill them and for benchmarks that measure them."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from config.demo.paths import CHECKOUT
from config.demo.processes import die_with_parent
from messaging.sandbox.testing import Sandbox

WEB = "uvicorn config.asgi:application --no-server-header --no-access-log --log-level=warning"
WORKER = "celery -A config.celery:app worker --loglevel=WARNING --without-gossip --without-mingle --without-heartbeat"
BEAT = "celery -A config.celery:app beat --loglevel=WARNING --pidfile="
STEP = 0.02


@dataclass
class Program:
    """One `python -m` line in a process group of its own; it may be killed and started again."""

    line: str
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Program:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *shlex.split(self.line)],
                cwd=CHECKOUT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  they are started by the main thread
            )
        return self

    @property
    def pid(self) -> int:
        assert self.popen, "it was never started"
        return self.popen.pid

    def kill(self) -> None:
        """`kill -9`, children included."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.popen is None or self.popen.poll() is not None:
            return
        os.killpg(self.popen.pid, number)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


@contextmanager
def running(program: Program) -> Iterator[Program]:
    program.start()
    try:
        yield program
    finally:
        program.stop()


@contextmanager
def running_sandbox(folder: Path, **env: str) -> Iterator[Sandbox]:
    """The provider in a process of its own, which forgets everything at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    own = {"SANDBOX_PORT": str(port), "SANDBOX_URL": url, "SANDBOX_KEEP": "0", "DATA_DIR": str(folder), "DEMO": "0"}
    with running(Program("messaging.sandbox", folder / "sandbox.log", {**own, **env})):
        wait_for(lambda: answers(f"{url}/sandbox/api/health"), "the sandbox")
        yield Sandbox(url)


def web(folder: Path, port: int, env: Mapping[str, str]) -> Program:
    return Program(f"{WEB} --port={port}", folder / "web.log", env)


def worker(folder: Path, queues: str, env: Mapping[str, str], options: str = "--pool=solo") -> Program:
    return Program(f"{WORKER} --queues={queues} {options}", folder / "worker.log", env)


def beat(folder: Path, env: Mapping[str, str]) -> Program:
    return Program(f"{BEAT} --schedule={folder / 'schedule'}", folder / "beat.log", env)


def wait_for(ask: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """The first true answer; an assertion that names what did not come."""
    until, pause = time.monotonic() + seconds, Event()
    while not (answer := ask()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        pause.wait(STEP)
    return answer


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory_mb(pid: int) -> float:
    """What a process and its children hold in memory."""
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in (pid, *children(pid))]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for logs; shown when something goes wrong, since they say why."""
    with tempfile.TemporaryDirectory(prefix="botschaft-") as name:
        folder = Path(name)
        try:
            yield folder
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}\n")
            raise
