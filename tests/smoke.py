"""Start the demo twice as a newcomer would, look at its pages, stop it with Ctrl-C.

Run by .ci/run; not collected by pytest, since it needs minutes and a port.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from config.demo.console import Console
from config.demo.leftovers import ours
from config.demo.paths import CHECKOUT

FIRST_START, SECOND_START, STOP = 180.0, 30.0, 40.0
IGNORED_SERVICES = ("DATABASE_URL", "REDIS_URL", "BASE_HOST")


class SmokeFailed(Exception):
    pass


def main() -> int:
    console = Console()
    # As root PostgreSQL runs as another user, who could not enter a private temporary folder.
    parent = "/var/lib" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="botschaft-smoke-", dir=parent))
    port = free_port()
    try:
        with demo(home, port, FIRST_START) as (seconds, output):
            console.line(f"smoke: first start {seconds:.1f} s")
            expect(port, f"http://localhost:{port}/", "</html>")
            expect(port, company_address(output, port), 'type="password"')
        with demo(home, port, SECOND_START) as (seconds, _):
            console.line(f"smoke: second start {seconds:.1f} s")
    except SmokeFailed as error:
        console.problem(f"smoke: {error}")
        for log in sorted(home.glob("data/log/*.log")):
            console.line(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        return 1
    finally:
        shutil.rmtree(home, ignore_errors=True)
    console.line("smoke: passed")
    return 0


@contextmanager
def demo(home: Path, port: int, patience: float) -> Iterator[tuple[float, str]]:
    """A running demo; afterwards Ctrl-C, and nothing of it may be left."""
    env = {name: value for name, value in os.environ.items() if name not in IGNORED_SERVICES}
    env |= {"BOTSCHAFT_DATA_DIR": str(home), "PORT": str(port)}
    started = time.monotonic()
    with tempfile.NamedTemporaryFile() as output:
        make = subprocess.Popen(
            ["make", "run"],
            cwd=CHECKOUT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the group that Ctrl-C reaches
        )
        try:
            text = wait_until_ready(make, Path(output.name), started + patience)
            yield time.monotonic() - started, text
            os.killpg(make.pid, signal.SIGINT)
            wait_until_gone(make, home, port)
        finally:
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGTERM)
                make.wait(timeout=STOP)


def wait_until_ready(make: subprocess.Popen[bytes], output: Path, deadline: float) -> str:
    while "Ready in" not in (text := output.read_text()):
        if make.poll() is not None:
            raise SmokeFailed(f"make run ended before it was ready:\n{text}")
        if time.monotonic() > deadline:
            raise SmokeFailed(f"make run was not ready in time:\n{text}")
        time.sleep(0.1)
    time.sleep(0.2)  # the addresses follow
    return output.read_text()


def wait_until_gone(make: subprocess.Popen[bytes], home: Path, port: int) -> None:
    try:
        make.wait(timeout=STOP)
    except subprocess.TimeoutExpired:
        raise SmokeFailed("Ctrl-C did not end make run") from None
    if left := ours(home):
        raise SmokeFailed(f"processes are left: {left}")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SmokeFailed(f"port {port} is still taken")


def company_address(output: str, port: int) -> str:
    found = re.search(rf"http://[a-z0-9-]+\.localhost:{port}[^\s]*", output)
    if not found:
        raise SmokeFailed(f"make run showed no company's address:\n{output}")
    return found.group()


def expect(port: int, url: str, words: str) -> None:
    """The page behind `url`, after its redirects, holds `words`."""
    for _ in range(5):
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", f"{parts.path or '/'}?{parts.query}", headers={"Host": parts.netloc})
        answer = connection.getresponse()
        page = answer.read().decode()
        if answer.status not in (301, 302, 303, 307, 308):
            break
        url = urljoin(url, answer.getheader("Location", "/"))
    if answer.status != 200 or words not in page:
        raise SmokeFailed(f"{url} answered {answer.status} and lacks {words!r}:\n{page[:2000]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
