"""Python looks for rubbish after every few hundred new objects, and goes through the whole program again and again.

Here that took a third of a pump's time. What is loaded at the start stays to the end, and nearly all that is made
later is gone without being looked for.
"""

from __future__ import annotations

import gc

# New objects until the young are looked through, and how often each age is until the next older one is.
YOUNG, TO_MIDDLE, TO_OLD = 20_000, 10, 10


def look_rarely() -> None:
    """Call it once all is loaded, before a process parts into several: they share what nobody looks through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, TO_MIDDLE, TO_OLD)
