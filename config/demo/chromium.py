"""Print the path of a Chromium for the browser tests; as root on Debian, install one.

CHROMIUM names another. Ubuntu's package is a stub that asks for a snap, so a
browser counts only when it can say its version.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys

from config.demo.venv import apt_install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """The first that works; CHROMIUM alone when it is set."""
    wanted = os.environ.get("CHROMIUM")
    candidates = [wanted] if wanted else [shutil.which(name) or "" for name in NAMES]
    return next((path for path in candidates if path and works(path)), None)


def works(path: str) -> bool:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
        return asked.returncode == 0 and "chrom" in asked.stdout.lower()
    return False


def is_debian() -> bool:
    with contextlib.suppress(OSError), open("/etc/os-release") as release:
        return "ID=debian" in release.read().splitlines()
    return False


def main() -> int:
    path = find()
    if not path and "CHROMIUM" not in os.environ and is_debian():
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for the path
            apt_install("chromium")
        path = find()
    if not path:
        print(
            "The browser tests need Chromium: sudo apt install chromium (on Ubuntu: install "
            "google-chrome), or name one with CHROMIUM=/path/to/chromium.",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
