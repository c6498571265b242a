"""Money put aside for a broadcast's messages, given back for those that will not arrive.

Call it late in a transaction: after the messages' rows are locked and usage is told of, before live events.
"""

from __future__ import annotations

from collections.abc import Iterable

from billing.plans.entitlements import release_many
from billing.usage.metering import key_of
from tenants.context import current_company


def let_go(messages: Iterable[str]) -> int:
    """By public ids; those that nothing was put aside for do no harm. How many there were."""
    wanted = list(messages)
    if not wanted:
        return 0
    company = current_company()
    return release_many(company, [key_of(company, message) for message in wanted])
