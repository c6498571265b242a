"""How much the provider lets through (reference §5)."""

from __future__ import annotations

PAIR_SECONDS, PAIR_BURST = 6.0, 45
DAY = 86_400.0


class Bucket:
    """Tokens that come back at `rate` a second; `burst` of them at once."""

    __slots__ = ("at", "burst", "rate", "tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, now

    def take(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """All buckets. They are forgotten at a restart, as nobody would notice."""

    def __init__(self) -> None:
        self.numbers: dict[str, Bucket] = {}
        self.management: dict[str, Bucket] = {}
        self.pairs: dict[tuple[str, str], float] = {}
        self.reached: dict[str, dict[str, float]] = {}  # portfolio: person: when

    def number_may(self, number_id: str, rate: float, now: float) -> bool:
        bucket = self.numbers.get(number_id)
        if bucket is None or bucket.rate != rate:
            # A second's worth at once would pass twice the rate in the first second.
            bucket = self.numbers[number_id] = Bucket(rate, max(1.0, rate / 4), now)
        return bucket.take(now)

    def account_may(self, account_id: str, now: float, per_hour: int = 5000) -> bool:
        bucket = self.management.setdefault(account_id, Bucket(per_hour / 3600, per_hour, now))
        return bucket.take(now)

    def pair_may(self, number_id: str, person_id: str, now: float) -> bool:
        """One message in six seconds; bursts of 45 borrow from the time to come."""
        key = (number_id, person_id)
        paid_until = max(self.pairs.get(key, 0.0), now)
        if paid_until - now > PAIR_SECONDS * (PAIR_BURST - 1):
            return False
        self.pairs[key] = paid_until + PAIR_SECONDS
        return True

    def portfolio_may(self, portfolio_id: str, person_id: str, most: int, now: float) -> bool:
        """Different people that a business began to write to in the last 24 hours."""
        reached = self.reached.setdefault(portfolio_id, {})
        if person_id not in reached and len(reached) >= most:
            for person in [person for person, at in reached.items() if at < now - DAY]:
                del reached[person]
            if len(reached) >= most:
                return False
        reached[person_id] = now
        return True

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]
