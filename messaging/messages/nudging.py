"""How the pump learns that something waits in a company's lane."""

from __future__ import annotations

from messaging.channels.services import SENDING
from messaging.messages.models import Lane
from tenants.context import current_company
from tenants.services import due

KINDS = {Lane(lane): work for lane, work in SENDING.items()}


def announce(lane: str) -> None:
    """Ask for a pump after the commit; inside the transaction that queues a message."""
    due.announce(KINDS[Lane(lane)], current_company())
