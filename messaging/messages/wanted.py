"""Whether what was claimed is still wanted: asked in the claim's transaction, of templates alone.

What is on its way cannot be taken back, and what an agent has sent may wait for long. Meanwhile somebody may have opted
out or ended the broadcast, who found nothing to take back at that time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from messaging.channels.base import MessageType
from messaging.messages import agreeing
from messaging.messages.claiming import Change, Claimed
from messaging.messages.models import Lane, MessageState

# Of these messages, by key, those that are not sent: the code they fail with, '' for those that are only held.
Ask = Callable[[Sequence[int]], Mapping[int, str]]
_asks: dict[Lane, list[Ask]] = {Lane.REPLIES: [agreeing.unwanted], Lane.BULK: []}


def on_claim(lane: Lane, ask: Ask) -> None:
    """Name who is asked in a lane. It takes no lock: what is decided later finds the messages on their way."""
    _asks[lane].append(ask)


def unwanted(claimed: Sequence[Claimed], lane: Lane) -> list[Change]:
    """What becomes of those that are not sent: failed, or held until somebody gives them a time again."""
    codes: dict[int, str] = {}
    templates = [one.id for one in claimed if one.message.type == MessageType.TEMPLATE]
    for ask in _asks[lane] if templates else ():
        codes |= ask(templates)
    return [_let_be(one, codes[one.id]) for one in claimed if one.id in codes]


def _let_be(claimed: Claimed, code: str) -> Change:
    state = MessageState.FAILED if code else MessageState.QUEUED
    return Change(claimed, state, code=code, is_counted=False)
