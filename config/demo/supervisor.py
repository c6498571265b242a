"""Keep the processes running: start again what dies, give up on what keeps dying."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.demo.console import Console, StartFailed
from config.demo.processes import Process

DELAYS = (1.0, 2.0, 4.0)  # before each new start; one death more and we give up
LONG_ENOUGH = 30.0  # a process that ran this long has not "kept dying"
ERROR = re.compile(r'\[(error|critical) *\]|"level": "(error|critical)"|^(ERROR|CRITICAL)\b|\b(FATAL|PANIC): ')
SHOWN_ERRORS, SHOWN_WITHIN = 5, 10.0  # per process, so that a flood stays readable


class LogWatch:
    """Hands out error lines that have been written since the last look."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = path.stat().st_size if path.exists() else 0
        self.shown: list[float] = []

    def new_errors(self) -> Iterator[str]:
        for line in self.new_lines():
            if ERROR.search(line) and self.may_show():
                yield line[:240]

    def new_lines(self) -> list[str]:
        if not self.path.exists() or self.path.stat().st_size == self.position:
            return []
        with self.path.open("rb") as log:
            log.seek(self.position)
            whole, _, _ = log.read(1_000_000).rpartition(b"\n")
        self.position += len(whole) + 1 if whole else 0
        return whole.decode(errors="replace").splitlines()

    def may_show(self) -> bool:
        now = time.monotonic()
        self.shown = [moment for moment in self.shown if now - moment < SHOWN_WITHIN]
        self.shown.append(now)
        return len(self.shown) <= SHOWN_ERRORS


@dataclass
class Watched:
    """A process with what we remember of its deaths."""

    process: Process
    log: LogWatch
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float | None = None

    def start(self) -> None:
        self.restart_at, self.started_at = None, time.monotonic()
        self.process.start()

    def plan_restart(self) -> float | None:
        """Seconds until the next start; None when it has died too often."""
        now = time.monotonic()
        self.deaths = 1 if now - self.started_at > LONG_ENOUGH else self.deaths + 1
        if self.deaths > len(DELAYS):
            return None
        delay = DELAYS[self.deaths - 1]
        self.restart_at = now + delay
        return delay


@dataclass
class Supervisor:
    console: Console
    watched: list[Watched] = field(default_factory=list)

    def adopt(self, processes: Sequence[Process]) -> None:
        """Watch processes that already run."""
        for process in processes:
            self.watched.append(Watched(process, LogWatch(process.log), time.monotonic()))

    def start(self, processes: Sequence[Process]) -> None:
        for process in processes:
            watched = Watched(process, LogWatch(process.log))
            self.watched.append(watched)
            watched.start()

    def run_until(self, done: Callable[[], bool], seconds: float = math.inf) -> None:
        """Look after everything until `done`; StartFailed when a process keeps dying."""
        deadline = time.monotonic() + seconds
        while not done():
            for watched in self.watched:
                self.look_after(watched)
            if time.monotonic() > deadline:
                raise StartFailed(f"No answer after {seconds:.0f} s; see the logs.")
            time.sleep(0.1)

    def look_after(self, watched: Watched) -> None:
        for line in watched.log.new_errors():
            self.console.problem(f"  {watched.process.name}: {line}")
        if watched.restart_at is not None:
            if time.monotonic() >= watched.restart_at:
                watched.start()
        elif not watched.process.running:
            self.on_death(watched)

    def on_death(self, watched: Watched) -> None:
        process = watched.process
        code = process.exit_code
        process.kill()  # its children, which would hold on to its work
        delay = watched.plan_restart()
        if delay is None:
            lines = "\n".join(f"    {line}" for line in process.last_lines())
            raise StartFailed(f"{process.name} keeps stopping; the end of {process.log}:\n{lines}")
        self.console.problem(
            f"  {process.name} stopped ({describe(code)}) and is started again in {delay:.0f} s; see {process.log}"
        )


def describe(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
