"""Where a checkout keeps its data, and as whom its servers run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.demo.console import StartFailed

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un, without the closing zero
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Account:
    """The user that PostgreSQL and Redis run as when we are root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """None for an ordinary user, who runs everything alone.

    PostgreSQL refuses to run as root; `nobody` exists on every Debian and
    Ubuntu, so that no user has to be made.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StartFailed(
            f"User id {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs; "
            "use a named user, or set DATABASE_URL to a server of yours."
        ) from None


def base_folder() -> Path:
    """Below it lies everything we keep; never inside a checkout that others may not enter."""
    if os.geteuid() == 0:
        return Path("/var/lib/botschaft")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "botschaft"


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Home:
    """One checkout's folder (or one test run's)."""

    root: Path

    @classmethod
    def of_checkout(cls) -> Home:
        override = os.environ.get("BOTSCHAFT_DATA_DIR")
        if override:
            return cls(Path(override).resolve())
        name = re.sub(r"[^A-Za-z0-9._-]", "_", CHECKOUT.name)[:24]
        return cls(base_folder() / f"{name}-{short_hash(str(CHECKOUT))}")

    @property
    def data(self) -> Path:
        """What the application itself writes (DATA_DIR)."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.data / "log"

    @property
    def postgres(self) -> Path:
        return self.root / "postgresql"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def sockets(self) -> Path:
        """Inside the home, or in a short folder where that path is too long for a socket."""
        inside = self.root / "sockets"
        if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
            return inside
        name = f"botschaft-{os.geteuid()}-{short_hash(str(self.root))}"
        runtime = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "")
        return Path(runtime if os.access(runtime, os.W_OK) else "/tmp") / name

    def create(self) -> None:
        account = server_account()
        try:
            make_base()
            self.check_is_ours()
            self.check_way()
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The servers' user has to pass through, not to look around.
            self.root.chmod(0o711 if account else 0o700)
            for private in (self.data, self.log):
                make_private(private)
            for servers_own in (self.redis, self.sockets):
                make_private(servers_own, account)
        except OSError as error:
            raise StartFailed(
                f"Cannot use {error.filename or self.root} ({error.strerror}); "
                "choose another place with BOTSCHAFT_DATA_DIR=/some/folder."
            ) from error

    def check_is_ours(self) -> None:
        """We set modes here and `make reset` deletes: never in a folder with somebody's things."""
        if self.root.exists() and not self.data.exists() and any(self.root.iterdir()):
            raise StartFailed(f"{self.root} holds other things; BOTSCHAFT_DATA_DIR takes a new or empty folder.")

    def check_way(self) -> None:
        """A folder above that the servers' user cannot pass is named, never opened."""
        account = server_account()
        for folder in self.root.parents if account else ():
            status = folder.stat() if folder.exists() else None
            if account and status and not status.st_mode & stat.S_IXOTH and status.st_uid != account.uid:
                raise StartFailed(
                    f"PostgreSQL runs as {account.name} and cannot pass through {folder}; choose "
                    "another place with BOTSCHAFT_DATA_DIR, such as a folder in /var/lib."
                )


def make_base() -> None:
    base = base_folder()
    if not base.exists():
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            base.chmod(0o755)


def make_private(folder: Path, account: Account | None = None) -> None:
    """A folder for one user only; one that somebody else put there is refused."""
    owner = account.uid if account else os.geteuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise StartFailed(f"{folder} belongs to somebody else; remove it and start again.")
    if account and found.st_uid != owner:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def hold(path: Path, *, wait: bool = False) -> IO[str] | None:
    """Lock `path` for as long as the handle lives; None when another holds it.

    The kernel lets go when we die, however we die.
    """
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        handle.close()
        return None
    return handle
