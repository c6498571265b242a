"""Python's garbage collector runs after every few hundred new objects, and often goes through the whole program.

Here that took a third of a pump's time. What is loaded at the start stays to the end, and nearly all that is made
later is freed by its count of references alone.
"""

from __future__ import annotations

import gc

# New objects until a collection of the youngest generation, and collections of each until one of the next.
THRESHOLDS = (20_000, 10, 10)


def collect_rarely() -> None:
    """Call it once all is loaded, before a process forks: what is frozen stays shared memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
