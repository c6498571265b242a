"""The words of the error tables: what an error stops, when to try again, and who can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class ErrorClass(StrEnum):
    """What an error means for what is to be sent next.

    Retry later, slow number, reconnect, money and the two pauses reach beyond one message; the others end with it.
    """

    RETRY_LATER = "retry_later"
    SLOW_NUMBER = "slow_number"
    NEVER = "never"
    NEVER_FOR_CONTACT = "never_for_contact"
    PAUSE_TEMPLATE = "pause_template"
    PAUSE_NUMBER = "pause_number"
    RECONNECT = "reconnect"
    OPTED_OUT = "opted_out"
    MONEY = "money"
    WINDOW_CLOSED = "window_closed"
    CONTENT = "content"
    OPERATOR = "operator"


class Mender(StrEnum):
    """Who can do something about it."""

    AGENT = "agent"
    ADMIN = "admin"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Retry:
    """`tries` counts the first one; the waits grow by `factor` up to `most` seconds. Jitter is the sender's."""

    tries: int
    first: int
    factor: int = 4
    most: int = 900

    def delay(self, tried: int) -> int | None:
        """Seconds to wait after `tried` tries; None when that was the last."""
        return min(self.first * self.factor ** (tried - 1), self.most) if tried < self.tries else None


@dataclass(frozen=True)
class ErrorRule:
    """One row. `waits`: the message stays queued until what is stopped goes on again, and burns no try.

    `charged` tells what people may be shown; bills follow the provider's own pricing.
    """

    codes: Sequence[str]
    means: ErrorClass
    what: Promise
    todo: Promise
    mender: Mender = Mender.NOBODY
    retry: Retry | None = None
    waits: bool = False
    charged: bool = False
