"""`make run`: everything the demo needs, in one terminal, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

from config.demo.console import Console, StartFailed
from config.demo.keys import demo_keys, write_private
from config.demo.leftovers import stop_leftovers
from config.demo.paths import CHECKOUT, Home, hold
from config.demo.processes import MARK, Process, die_with_parent, stop_all
from config.demo.programs import programs
from config.demo.services import RUN, Services
from config.demo.supervisor import Supervisor
from config.demo.web import answers, listen, port_number

FAILED, ALREADY_RUNNING = 1, 3
WEB_SECONDS = 90.0
Addresses = list[dict[str, str]]


class Stopped(BaseException):
    """Somebody asked us to stop: no error, so no `except Exception` may catch it."""


class Run:
    """One run from its first process to its last."""

    def __init__(self, console: Console, home: Home) -> None:
        self.console = console
        self.home = home
        self.port = port_number()
        self.services = Services(home)
        self.supervisor = Supervisor(console)
        self.programs: list[Process] = []
        self.web: socket.socket | None = None
        self.stopping = False
        self.hurry = False

    def up(self) -> None:
        """Start everything in order; the web answers when this returns."""
        started = time.monotonic()
        if stop_leftovers(self.home.root):
            self.console.line("  Stopped what an earlier run had left behind")
        # Stays open until we end: a web process that is started again needs it.
        self.web = listen(self.port)
        self.notes.unlink(missing_ok=True)
        keep_last_logs(self.home.log)
        with self.console.step("Start PostgreSQL and Redis"):
            self.services.start(RUN)
        env = self.environment()
        addresses = self.prepare(env)
        with self.console.step("Start web, workers and beat"):
            self.start_programs(env, self.web)
        with self.console.step("Connect their numbers, tell their weeks"):
            self.connect(env)
        self.welcome(addresses, time.monotonic() - started)

    @property
    def notes(self) -> Path:
        """What a second start in this folder tells its reader."""
        return self.home.root / "run.json"

    def environment(self) -> dict[str, str]:
        """What the person has set wins over what the demo would set."""
        ours = {
            **demo_keys(self.home.data),
            **self.services.environment,
            "DATA_DIR": str(self.home.data),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.port + 1),
            "SANDBOX_URL": f"http://localhost:{os.environ.get('SANDBOX_PORT') or self.port + 1}",
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        theirs = {name: value for name, value in os.environ.items() if value}
        return {**ours, **theirs, MARK: str(self.home.root)}

    def prepare(self, env: dict[str, str]) -> Addresses:
        """Migrate and load the demo; returns where to sign in."""
        log = self.home.log / "prepare.log"
        with log.open("ab") as errors:
            child = subprocess.Popen(
                [sys.executable, "-m", "config.demo.prepare"],
                cwd=CHECKOUT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                umask=0o077,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  we have no threads
            )
        try:
            addresses = follow(child.stdout or (), self.console)
            if child.wait():
                raise StartFailed(tail(log, "The database could not be prepared"))
        finally:
            child.kill()
        return addresses

    def start_programs(self, env: dict[str, str], web: socket.socket) -> None:
        for name, line in programs(self.home.data, web.fileno()).items():
            command = [sys.executable, "-m", *shlex.split(line)]
            handed_on = (web.fileno(),) if name == "web" else ()
            log = self.home.log / f"{name}.log"
            self.programs.append(Process(name, command, log, env, cwd=CHECKOUT, pass_fds=handed_on))
        self.supervisor.adopt(self.services.processes)
        self.supervisor.start(self.programs)
        self.supervisor.run_until(lambda: answers(self.port), WEB_SECONDS)

    def connect(self, env: dict[str, str]) -> None:
        """The sandbox must run for this: a number is checked at its provider before it is connected."""
        log = self.home.log / "connect.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "manage.py", "connect_demo"],
                cwd=CHECKOUT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise StartFailed(tail(log, "The demo companies could not be connected"))

    def welcome(self, addresses: Addresses, seconds: float) -> None:
        write_private(self.notes, json.dumps({"pid": os.getpid(), "addresses": addresses}))
        self.console.line(f"\n  Ready in {seconds:.1f} s. Ctrl-C stops everything. Logs: {self.home.log}\n")
        show_addresses(self.console, addresses)

    def down(self) -> None:
        """Those who make work first, the database last."""
        self.stopping = True
        started = time.monotonic()
        if self.programs or self.services.processes:
            self.console.line("\n  Stopping (Ctrl-C again to stop at once)")
            for group in (self.programs[:-1], self.programs[-1:], self.services.processes):
                stop_all(group, lambda: self.hurry)
            self.console.line(f"  Stopped ({time.monotonic() - started:.1f} s)")
        if self.web:
            self.web.close()
        stop_leftovers(self.home.root)  # a process whose start was interrupted
        self.notes.unlink(missing_ok=True)

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            self.hurry = True
        else:
            self.stopping = True
            raise Stopped


def follow(lines: Iterable[str], console: Console) -> Addresses:
    """Show each step that prepare.py reports while it takes place."""
    addresses: Addresses = []
    with contextlib.ExitStack() as step:
        for line in lines:
            message = json.loads(line)
            step.close()
            if "step" in message:
                step.enter_context(console.step(message["step"]))
            addresses = message.get("addresses", addresses)
        step.pop_all()  # the output ended within a step: it has failed, and shows no tick
    return addresses


def show_addresses(console: Console, addresses: Addresses) -> None:
    keys = ("label", "url", "email", "password", "note")
    if addresses:
        console.table([[str(row.get(key) or "") for key in keys] for row in addresses])
        console.line()


def keep_last_logs(folder: Path) -> None:
    """One file per process and run; those of the run before are kept as .1."""
    for log in folder.glob("*.log"):
        log.rename(log.with_suffix(".log.1"))


def tail(log: Path, headline: str) -> str:
    lines = log.read_text(errors="replace").splitlines()[-20:]
    return "\n".join([f"{headline}; the end of {log}:", *(f"    {line}" for line in lines)])


@contextlib.contextmanager
def only_run(home: Home, console: Console) -> Iterator[bool]:
    """Hold the home; False, with the other run's addresses shown, when it is taken."""
    home.create()
    lock = hold(home.root / "run.lock")
    if lock is None:
        tell_of_other(home, console)
        yield False
        return
    with lock:
        yield True


def tell_of_other(home: Home, console: Console) -> None:
    try:
        other = json.loads((home.root / "run.json").read_text())
    except (OSError, ValueError):
        console.problem("  This checkout is being started or stopped in another terminal.")
        return
    console.problem(f"  This checkout runs already (process {other['pid']}); Ctrl-C there stops it.\n")
    show_addresses(console, other["addresses"])


def supervise(run: Run) -> int:
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, run.on_signal) for number in ends}
    try:
        run.up()
        run.supervisor.run_until(lambda: False)
    except Stopped:
        return 0
    except StartFailed as error:
        run.console.problem(f"  {error}")
        return FAILED
    finally:
        run.down()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def main() -> int:
    console = Console()
    try:
        home = Home.of_checkout()
        with only_run(home, console) as ours:
            return supervise(Run(console, home)) if ours else ALREADY_RUNNING
    except StartFailed as error:
        console.problem(f"  {error}")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
