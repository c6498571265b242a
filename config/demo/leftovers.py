"""Find and stop what a killed run left behind, before the next one starts."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from config.demo.processes import MARK

SERVERS = {"postgres", "redis-server"}


def stop_leftovers(home: Path) -> int:
    """Stop every process of an earlier run in `home`; returns how many there were.

    Only call it while holding the home's lock: then none of them can be wanted.
    """
    found = ours(home)
    for pid, name in found.items():
        # PostgreSQL takes SIGINT as "shut down now, cleanly"
        send(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + (6 if found else 0)
    while time.monotonic() < deadline and ours(home):
        time.sleep(0.05)
    for pid in ours(home):
        send(pid, signal.SIGKILL)
    deadline += 5
    while found and time.monotonic() < deadline and ours(home):
        time.sleep(0.05)
    return len(found)


def ours(home: Path) -> dict[int, str]:
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]
    names = {pid: name_if_ours(pid, home) for pid in pids if pid != os.getpid()}
    return {pid: name for pid, name in names.items() if name}


def name_if_ours(pid: int, home: Path) -> str | None:
    """By the mark in its environment, or as a server that works inside our folder.

    The servers write their title over the environment, so they are known by
    program and working folder. A number in a file would prove nothing: the
    kernel gives numbers out again.
    """
    process = Path("/proc", str(pid))
    with contextlib.suppress(OSError):
        name = Path(os.readlink(process / "exe").removesuffix(" (deleted)")).name
        mark = os.fsencode(f"{MARK}={home}")
        if mark in (process / "environ").read_bytes().split(b"\0"):
            return name
        if name in SERVERS and Path(os.readlink(process / "cwd")).is_relative_to(home):
            return name
    return None


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
