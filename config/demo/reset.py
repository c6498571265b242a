"""`make reset`: delete this checkout's demo data, after asking."""

from __future__ import annotations

import shutil
import sys

from config.demo.leftovers import stop_leftovers
from config.demo.paths import Home, hold


def main() -> int:
    home = Home.of_checkout()
    if not (home.root / "run.lock").exists():
        print(f"  There is no demo data in {home.root}.")
        return 0
    lock = hold(home.root / "run.lock")
    if lock is None:
        print("  The demo is running: stop it first (Ctrl-C in its terminal).")
        return 1
    with lock:
        if "--force" not in sys.argv and not agreed(f"  Delete all demo data in {home.root}? [y/N] "):
            return 1
        stop_leftovers(home.root)
        for folder in (home.sockets, home.root):
            if folder.exists():
                shutil.rmtree(folder)
    print(f"  Deleted {home.root}")
    return 0


def agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes", "j", "ja"}
    except EOFError:
        print("\n  Nobody to ask: FORCE=1 make reset")
        return False


if __name__ == "__main__":
    sys.exit(main())
