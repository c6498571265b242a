"""A process of ours: it dies with us, and it is stopped whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.demo.paths import Account

MARK = "BOTSCHAFT_HOME"  # in the environment of every process we start, see leftovers.py
PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Run between fork and exec: even `kill -9` of us leaves no process behind.

    The signal comes when the *thread* that started the process ends, so
    processes are started from the main thread only.
    """
    parent = os.getpid()

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        _prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # we died before the line above took effect
            os._exit(1)

    return prepare


@dataclass
class Process:
    """One command, with its log, started and stopped as a group."""

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    hurry_signal: signal.Signals = signal.SIGKILL
    patience: float = 8.0
    pass_fds: tuple[int, ...] = ()
    popen: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Own session: Ctrl-C in the terminal reaches us alone, and we decide the order."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                env=dict(self.env),
                umask=0o077,
                start_new_session=True,
                pass_fds=self.pass_fds,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
                preexec_fn=die_with_parent(self.stop_signal),  # noqa: PLW1509  we have no threads
            )

    @property
    def exit_code(self) -> int | None:
        return self.popen.poll() if self.popen else None

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def ask_to_stop(self) -> None:
        if self.running and self.popen:
            self.popen.send_signal(self.stop_signal)

    def hurry(self) -> None:
        if self.running and self.popen:
            self.popen.send_signal(self.hurry_signal)

    def kill(self) -> None:
        """The whole group, so that children whose parent fell are met too."""
        if self.popen:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=5)

    def last_lines(self, count: int = 20) -> list[str]:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 200 * count))
            return log.read().decode(errors="replace").splitlines()[-count:]


def stop_all(processes: Sequence[Process], in_a_hurry: Callable[[], bool] = lambda: False) -> None:
    """Ask, wait as long as each may take, then kill what is still there."""
    for process in processes:
        process.ask_to_stop()
    deadline = time.monotonic() + max((process.patience for process in processes), default=0)
    hurried = False
    while any(process.running for process in processes) and time.monotonic() < deadline:
        if in_a_hurry() and not hurried:
            hurried, deadline = True, min(deadline, time.monotonic() + 3)
            for process in processes:
                process.hurry()
        time.sleep(0.03)
    for process in processes:
        process.kill()
