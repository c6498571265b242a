"""Whether what was claimed is still wanted: asked in the claim's transaction, of whoever had it written unasked.

What is on its way cannot be taken back. When it comes back into the queue, somebody may have opted out or ended the
broadcast meanwhile, who found nothing to take back at that time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from messaging.messages.claiming import Change, Claimed
from messaging.messages.models import MessageState

# Of these messages, by key, those that are not sent: the code they fail with, '' for those that are only held.
Ask = Callable[[Sequence[int]], Mapping[int, str]]
_asks: list[Ask] = []


def on_claim(ask: Ask) -> None:
    """Name who is asked. It takes no lock: what is decided later finds the messages on their way."""
    _asks.append(ask)


def unwanted(claimed: Sequence[Claimed]) -> list[Change]:
    """What becomes of those that are not sent: failed, or held until somebody gives them a time again."""
    codes: dict[int, str] = {}
    for ask in _asks if claimed else ():
        codes |= ask([one.id for one in claimed])
    return [_let_be(one, codes[one.id]) for one in claimed if one.id in codes]


def _let_be(claimed: Claimed, code: str) -> Change:
    state = MessageState.FAILED if code else MessageState.QUEUED
    return Change(claimed, state, code=code, is_counted=False)
