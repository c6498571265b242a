"""What `make run` starts beside PostgreSQL and Redis: one line each."""

from __future__ import annotations

import shlex
from pathlib import Path

WORKER = "celery -A config.celery:app worker --loglevel=INFO --without-gossip --without-mingle --without-heartbeat"
WEB = "uvicorn config.asgi:application --no-server-header --timeout-graceful-shutdown=3"


def programs(data: Path, web_socket: int) -> dict[str, str]:
    """Name and `python -m` line, in the order in which they are stopped: first who makes work."""
    schedule = shlex.quote(str(data / "beat-schedule"))
    return {
        "beat": f"celery -A config.celery:app beat --loglevel=INFO --pidfile= --schedule={schedule}",
        "sandbox": "messaging.sandbox",
        # Workers of their own: a large broadcast or a large file never delays an agent's answer.
        "worker-replies": f"{WORKER} --queues=replies --hostname=replies@%h --concurrency=2",
        "worker-files": f"{WORKER} --queues=files --hostname=files@%h --concurrency=1",
        "worker": f"{WORKER} --queues=default,bulk,webhooks --hostname=general@%h --concurrency=2",
        "web": f"{WEB} --fd={web_socket}",
    }
