"""`python -m messaging.sandbox`: the providers, on SANDBOX_PORT (PORT + 1 when it is not set)."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from messaging.sandbox import accounts, seed
from messaging.sandbox.server import application
from messaging.sandbox.world import World


def port() -> int:
    return int(os.environ.get("SANDBOX_PORT") or int(os.environ.get("PORT") or 8000) + 1)


def main() -> None:
    """SANDBOX_URL is how the product reaches us, SANDBOX_WEBHOOK_URL how we reach the product.

    SANDBOX_KEEP=0 forgets everything at the end. With DEMO=1 the demo companies' accounts are there at once.
    """
    number = port()
    folder = Path(os.environ.get("DATA_DIR") or "var") / "sandbox"
    base_url = os.environ.get("SANDBOX_URL") or f"http://localhost:{number}"
    world = World(folder, base_url=base_url.rstrip("/"), keep=os.environ.get("SANDBOX_KEEP") != "0")
    if os.environ.get("DEMO") == "1":
        for demo in seed.DEMO:
            accounts.put(world, demo.account_id, seed.account(demo, os.environ.get("SANDBOX_WEBHOOK_URL", "")))
    host = os.environ.get("SANDBOX_BIND") or os.environ.get("BIND") or "127.0.0.1"
    gc.set_threshold(100_000, 50, 100)  # all that is made here stays: looking for rubbish is most of the work
    uvloop.install()
    try:
        web.run_app(
            application(world),
            host=host,
            port=number,
            access_log=None,
            print=None,
            shutdown_timeout=0.5,
            loop=uvloop.new_event_loop(),
        )
    except OSError as error:
        sys.exit(f"Port {number} of {host} cannot be used ({error.strerror}); SANDBOX_PORT names another.")


if __name__ == "__main__":
    main()
