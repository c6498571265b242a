"""How fast a lane may send, when to try again, and when to rest. Plain arithmetic: the caller brings the time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random

from messaging.messages.models import Lane

# Replies keep this share of a number's rate for themselves, so that a broadcast never delays an answer.
REPLIES_SHARE = 0.2
# What may be caught up at once after a pause, in seconds of the rate.
BURST = 0.1
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 3600.0

# Seeded by the system; only spreads retries, guards nothing.
_random = Random()  # noqa: S311


def lane_rate(messages_per_second: int, lane: str) -> float:
    """The part of a number's messages per second that a lane may use."""
    share = REPLIES_SHARE if lane == Lane.REPLIES else 1 - REPLIES_SHARE
    return max(messages_per_second * share, 0.1)


@dataclass
class Bucket:
    """A token bucket: never more than `rate` a second, but for the little it catches up. `idle` is the pause before."""

    rate: float
    at: float
    idle: float = 0.0
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = min(self.most, max(self.idle, 0.0) * self.rate)

    @property
    def most(self) -> float:
        return max(1.0, self.rate * BURST)

    def take(self, now: float) -> float:
        """Take one: 0 when there was one, else the seconds until there is, and nothing is taken."""
        self.tokens = min(self.most, self.tokens + (now - self.at) * self.rate)
        self.at = now
        # A hair less than one counts: arithmetic of fractions must not cost a turn of the clock.
        if self.tokens >= 1 - 1e-9:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.rate


@dataclass
class Breaker:
    """More than half of the last `looked_at` calls failed by the provider's fault: it is open, and nothing is tried."""

    looked_at: int = 20
    calls: deque[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.calls = deque(maxlen=self.looked_at)

    def record(self, *, failed: bool) -> None:
        self.calls.append(failed)

    def is_open(self) -> bool:
        return len(self.calls) == self.looked_at and sum(self.calls) * 2 > self.looked_at


def jittered(delay: float, random: Random | None = None) -> float:
    """Full jitter: somewhere between a second and `delay`, so that those who failed together do not return together."""
    return (random or _random).uniform(SHORTEST_WAIT, max(SHORTEST_WAIT, min(delay, LONGEST_WAIT)))
