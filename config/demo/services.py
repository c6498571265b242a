"""PostgreSQL and Redis: our own embedded ones, or those that the environment names.

    python -m config.demo.services run-with -- COMMAND

starts temporary ones, runs COMMAND with DATABASE_URL and REDIS_URL set, stops them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config.demo import external, postgres_server, redis_server
from config.demo.console import StartFailed
from config.demo.leftovers import stop_leftovers
from config.demo.paths import Home, base_folder, hold, make_base
from config.demo.postgres_server import PostgresServer
from config.demo.processes import Process, stop_all
from config.demo.redis_server import RedisServer


@dataclass(frozen=True)
class Profile:
    """How careful the servers are with what they are given."""

    postgres: Mapping[str, str]
    redis: Mapping[str, str]


RUN = Profile({}, redis_server.KEPT)
TESTS = Profile(postgres_server.TEST_SETTINGS, redis_server.NOT_KEPT)
BENCH = Profile(postgres_server.BENCH_SETTINGS, redis_server.KEPT)


@dataclass
class Services:
    home: Home
    processes: list[Process] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, profile: Profile) -> None:
        """Both at once; a service that the environment names is only asked whether it is there."""
        postgres = PostgresServer(self.home, profile.postgres)
        redis = RedisServer(self.home, profile.redis)
        own_postgres, own_redis = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
        if not own_postgres:
            external.check_database(os.environ["DATABASE_URL"])
        if not own_redis:
            external.check_redis(os.environ["REDIS_URL"])
        if own_redis:
            self.processes.append(redis.start())
            self.environment["REDIS_URL"] = redis.url
        if own_postgres:
            self.processes.append(postgres.start())
            self.environment["DATABASE_URL"] = postgres.url
            postgres.wait()
            postgres.create_database()
        if own_redis:
            redis.wait()

    def stop(self) -> None:
        stop_all(self.processes)


@contextlib.contextmanager
def temporary_services(profile: Profile) -> Iterator[Services]:
    """Servers of one test run; what killed runs left is removed first."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        services = Services(home)
        stack.callback(services.stop)
        services.environment["DATA_DIR"] = str(home.data)
        services.start(profile)
        # Nobody wants this data any more: do not spend time on a clean end.
        for process in services.processes:
            process.stop_signal = process.hurry_signal
        yield services


@contextlib.contextmanager
def temporary_home() -> Iterator[Home]:
    make_base()
    parent = base_folder() / "tests"
    parent.mkdir(exist_ok=True)
    parent.chmod(0o711)
    with hold(parent / ".lock", wait=True) or contextlib.nullcontext():
        remove_stale(parent)
        home = Home(parent / f"run-{secrets.token_hex(4)}")
        home.create()
        lock = hold(home.root / ".lock")
        if not os.environ.get("DATABASE_URL"):
            template = postgres_server.template_cluster(parent, home)
            postgres_server.copy_cluster(template, home.postgres, home)
    try:
        yield home
    finally:
        remove(home)
        if lock:
            lock.close()


def remove(home: Home) -> None:
    for folder in (home.sockets, home.root):
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(parent: os.PathLike[str]) -> None:
    """A run's folder whose lock nobody holds belongs to a run that was killed."""
    for entry in os.scandir(parent):
        if entry.name.startswith("run-"):
            home = Home(base_folder() / "tests" / entry.name)
            if lock := hold(home.root / ".lock"):
                with lock:
                    stop_leftovers(home.root)
                    remove(home)


def run_with(command: list[str], profile: Profile) -> int:
    """Ctrl-C goes to the command, which shares our terminal; we clean up after it."""
    with temporary_services(profile) as services:
        child = subprocess.Popen(command, env={**os.environ, **services.environment})
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.demo.services")
    parser.add_argument("action", choices=["run-with"])
    parser.add_argument("--profile", choices=["tests", "bench"], default="tests")
    parser.add_argument("command", nargs="+", help="what to run, after --")
    options = parser.parse_args()
    try:
        return run_with(options.command, BENCH if options.profile == "bench" else TESTS)
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
