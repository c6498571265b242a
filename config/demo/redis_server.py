"""The embedded Redis: reached by a Unix socket that only we can open."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import redis

from config.demo.binaries import redis_program
from config.demo.console import StartFailed
from config.demo.paths import Home, server_account
from config.demo.postgres_server import server_environment
from config.demo.processes import Process

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    # A nudge that is dropped to make room would be missed; better an error.
    "maxmemory-policy": "noeviction",
    "save": "",
    "daemonize": "no",
}
KEPT = {"appendonly": "yes", "appendfsync": "everysec"}
NOT_KEPT = {"appendonly": "no"}


@dataclass
class RedisServer:
    home: Home
    settings: Mapping[str, str]
    process: Process | None = None

    @property
    def socket(self) -> str:
        return str(self.home.sockets / "redis.sock")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> Process:
        """Begin to start; `wait` until it answers."""
        options = {**SETTINGS, **self.settings, "dir": str(self.home.redis), "unixsocket": self.socket}
        command: list[str] = [str(redis_program())]
        for name, value in options.items():
            command += [f"--{name}", value]
        self.process = Process(
            "redis",
            command,
            self.home.log / "redis.log",
            server_environment(self.home),
            cwd=self.home.redis,
            account=server_account(),
        )
        self.process.start()
        return self.process

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        with redis.Redis(unix_socket_path=self.socket) as client:
            while not answers(client):
                if not self.process or not self.process.running or time.monotonic() > deadline:
                    lines = self.process.last_lines(6) if self.process else []
                    raise StartFailed("\n".join(["Redis did not start:", *lines]))
                time.sleep(0.03)


def answers(client: redis.Redis) -> bool:
    """False also while it still reads its log."""
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.BusyLoadingError):
        return False
