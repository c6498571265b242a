"""What we call a message towards a provider: its `public_id`, and from the second attempt on the attempt's number."""

from __future__ import annotations

MOST_DIGITS = 5


def reference_of(public_id: str, attempt: int) -> str:
    return public_id if attempt <= 1 else f"{public_id}.{attempt}"


def read_reference(reference: str) -> tuple[str, int]:
    """The message and the attempt; what is not ours finds no message."""
    public_id, _, attempt = reference.partition(".")
    if not attempt:
        return public_id, 1
    return public_id, int(attempt) if attempt.isdecimal() and len(attempt) <= MOST_DIGITS else -1
