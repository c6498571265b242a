"""What changed in messages, told to open browsers once for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from messaging.live.events import tell


class Changed(NamedTuple):
    message: str
    conversation: str
    state: str


def tell_changed(changes: Sequence[Changed]) -> None:
    """One event for all; call it last in a transaction."""
    if changes:
        tell("messages", messages=[change._asdict() for change in changes])
