"""Build .venv and keep it in step with the requirement files.

    python3 config/demo/venv.py requirements.txt [tests/requirements.txt]

Runs before anything is installed, so it is a plain script on the standard
library and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Present while files are being written: a process killed half way leaves it,
# and packages it left behind look installed to pip although they are not whole.
UNFINISHED = VENV / ".unfinished"


class SetupFailed(Exception):
    """Something the reader can mend; the text says how."""


def main(names: list[str]) -> int:
    files = [ROOT / name for name in names]
    try:
        if not is_current(files):
            with only_one():
                if not is_current(files):
                    build(files)
    except SetupFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def stamp(file: Path) -> Path:
    """The mark that this very content is installed."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return VENV / f".installed-{file.relative_to(ROOT).as_posix().replace('/', '-')}-{digest}"


def is_current(files: list[Path]) -> bool:
    whole = os.access(PYTHON, os.X_OK) and not UNFINISHED.exists()
    return whole and all(stamp(file).exists() for file in files)


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two commands in one checkout must not install at the same time."""
    try:
        handle = (ROOT / ".venv.lock").open("a")
    except OSError as error:
        raise SetupFailed(f"Cannot write to {ROOT}: run this as the owner of the checkout.") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command that is setting up this folder")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(files: list[Path]) -> None:
    started = time.monotonic()
    if UNFINISHED.exists() or not works():
        create()
    install(files)
    say(f"Python packages are ready ({time.monotonic() - started:.0f} s)")


def works() -> bool:
    """False when there is none, or the Python it was made from has gone."""
    with contextlib.suppress(OSError):
        return subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    return False


def create() -> None:
    require_ensurepip()
    say("Creating .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        raise SetupFailed(f"python -m venv failed:\n{made.stdout}{made.stderr}")


def require_ensurepip() -> None:
    """Debian and Ubuntu ship the module that fills a venv as a package of its own."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    check = [sys.executable, "-c", "import ensurepip"]
    if subprocess.run(check, capture_output=True, check=False).returncode and not (
        apt_install(package) and subprocess.run(check, capture_output=True, check=False).returncode == 0
    ):
        raise SetupFailed(f"Python's venv module is missing: sudo apt install {package}, then run this again.")


def apt_install(package: str) -> bool:
    """Install a Debian package when we may; False when we may not or it failed."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing the system package {package}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", *command], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return done.returncode == 0


def install(files: list[Path]) -> None:
    say("Installing Python packages (about a minute the first time)")
    command: list[str | Path] = [PYTHON, "-m", "pip", "install"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    for file in files:
        command += ["-r", file]
    UNFINISHED.touch()
    output: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  no threads
    ) as pip:
        for line in pip.stdout or ():
            output.append(line)
            show_progress(line)
    show_progress("")
    if pip.returncode >= 0:  # pip undoes a failure of its own, but not a kill
        UNFINISHED.unlink()
    if pip.returncode:
        raise SetupFailed("".join(output[-15:]) + "\npip could not install the packages; its words are above.")
    for file in files:
        remember(file)


def die_with_parent() -> None:
    """No pip goes on writing into an environment that the next start builds anew."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def remember(file: Path) -> None:
    current = stamp(file)
    for old in VENV.glob(current.name.rpartition("-")[0] + "-*"):
        old.unlink()
    current.touch()


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def show_progress(line: str) -> None:
    """One line that is written over, where somebody watches."""
    if sys.stdout.isatty():
        words = line.split()
        if not words or words[0] in {"Collecting", "Installing", "Building"}:
            print("\r\033[K" + (f"    {' '.join(words[:2])}" if words else ""), end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
