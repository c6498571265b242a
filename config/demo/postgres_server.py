"""The embedded PostgreSQL: reached by a Unix socket that only we can open."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from config.demo.binaries import build_name, postgres_program
from config.demo.console import StartFailed
from config.demo.leftovers import ours
from config.demo.paths import Home, make_private, own_name, server_account, short_hash
from config.demo.processes import MARK, Process, die_with_parent

DATABASE = "botschaft"
SUPERUSER = "postgres"
MAJOR_VERSION = "18"

CLUSTER_OPTIONS = (
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=peer",
    "--no-sync",
    "--no-instructions",
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    # A company is a schema: one statement over many companies locks many tables.
    "max_locks_per_transaction": "1024",
    "shared_buffers": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # After a crash, one sync of the file system instead of one per file.
    "recovery_init_sync_method": "syncfs",
    "log_line_prefix": "%m [%p] %d ",
}
# Nothing is to survive: a test database is made anew each time.
TEST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}
# As careful as in production, but no checkpoint falls into a measurement.
BENCH_SETTINGS = {"max_wal_size": "8GB", "checkpoint_timeout": "1h"}


@dataclass
class PostgresServer:
    home: Home
    settings: Mapping[str, str]
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"postgres://{SUPERUSER}@/{DATABASE}?host={quote(str(self.home.sockets))}"

    def conninfo(self, database: str = "postgres") -> str:
        return psycopg.conninfo.make_conninfo(host=str(self.home.sockets), user=SUPERUSER, dbname=database)

    def start(self) -> Process:
        """Begin to start; `wait` until it answers."""
        data = self.home.postgres
        if not data.exists():
            make_cluster(data, self.home)
        check_version(data)
        forget_dead_server(data)
        access = write_access_files(self.home)
        options = {**SETTINGS, **self.settings, **access, "unix_socket_directories": str(self.home.sockets)}
        command: list[str | Path] = [postgres_program("postgres"), "-D", data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self.process = Process(
            "postgresql",
            command,
            self.home.log / "postgresql.log",
            server_environment(self.home),
            cwd=data,
            account=server_account(),
            stop_signal=signal.SIGINT,
            hurry_signal=signal.SIGQUIT,
            patience=20,
        )
        self.process.start()
        return self.process

    def wait(self, seconds: float = 120) -> None:
        """Until connections are taken; after a crash it first replays its log."""
        deadline = time.monotonic() + seconds
        while pq.PGconn.ping(self.conninfo().encode()) != pq.Ping.OK:
            if not self.process or not self.process.running or time.monotonic() > deadline:
                lines = self.process.last_lines(6) if self.process else []
                raise StartFailed("\n".join(["PostgreSQL did not start:", *lines]))
            time.sleep(0.03)

    def create_database(self) -> None:
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not known.fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def make_cluster(target: Path, home: Home) -> None:
    """Made beside its place and renamed, so that a killed start leaves nothing half made."""
    own_name()
    for unfinished in target.parent.glob(f"{target.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    fresh = target.with_name(f"{target.name}.new-{secrets.token_hex(4)}")
    make_private(fresh, server_account())
    run_as_server([postgres_program("initdb"), f"--pgdata={fresh}", *CLUSTER_OPTIONS], home)
    fresh.rename(target)


def copy_cluster(template: Path, target: Path, home: Home) -> None:
    make_private(target, server_account())
    run_as_server(["cp", "-a", "--reflink=auto", f"{template}/.", target], home)


def template_cluster(folder: Path, home: Home) -> Path:
    """An empty cluster to copy: ten times quicker than making one."""
    template = folder / f"template-{build_name()}-{short_hash(repr(CLUSTER_OPTIONS))}"
    if not template.exists():
        make_cluster(template, home)
    return template


def run_as_server(command: list[str | Path], home: Home) -> None:
    """Run a helper as the servers' user, who must own what it writes."""
    account = server_account()
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env=server_environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        umask=0o077,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    if done.returncode:
        raise StartFailed(f"{Path(command[0]).name} failed:\n{done.stderr.strip() or done.stdout.strip()}")


def server_environment(home: Home) -> dict[str, str]:
    """Nothing of the person's own PG… variables reaches the embedded server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", MARK: str(home.root)}


def check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise StartFailed(f"The demo data is of PostgreSQL {found}, this is {MAJOR_VERSION}: `make reset` begins anew.")


def forget_dead_server(data: Path) -> None:
    """Remove the pid file of a server that is gone.

    PostgreSQL would believe it as soon as any process of ours has been given
    that number, which is common in containers and after a restart.
    """
    lock = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError):
        if int(lock.read_text().split("\n", 1)[0]) not in ours(data):
            lock.unlink()


def write_access_files(home: Home) -> dict[str, str]:
    """Only the user who started us may connect, and the system itself vouches for who that is."""
    rules = {
        "hba_file": "local all all peer map=starter\n",
        "ident_file": f"starter {own_name()} {SUPERUSER}\n",
    }
    paths = {}
    for name, text in rules.items():
        path = home.postgres / f"demo_{name}.conf"
        path.write_text(text)
        path.chmod(0o600)
        if account := server_account():
            os.chown(path, account.uid, account.gid)
        paths[name] = str(path)
    return paths
