"""How workers learn that something waits: messages in a company's lane, files to be fetched or handed over."""

from __future__ import annotations

from messaging.channels.services import SENDING
from messaging.messages.models import Lane
from tenants.context import current_company
from tenants.services import due

KINDS = {Lane(lane): work for lane, work in SENDING.items()}
FETCH, UPLOAD = "fetch-media", "upload-media"


def announce(lane: str) -> None:
    """Ask for a pump after the commit; inside the transaction that queues a message."""
    due.announce(KINDS[Lane(lane)], current_company())


def announce_files(kind: str) -> None:
    """Ask for a worker for FETCH or UPLOAD after the commit."""
    due.announce(kind, current_company())
