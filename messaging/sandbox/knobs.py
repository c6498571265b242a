"""What a number does to whoever sends through it: slow, wrong, twice, late, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

SILENCES = ("off", "reports", "answer")
GARBAGES = ("off", "html", "json", "huge", "empty")
WEBHOOKS = ("on", "off", "late")
CONVERSATIONS = ("v24", "v23")
CHOICES = {"silence": SILENCES, "garbage": GARBAGES, "webhooks": WEBHOOKS, "conversation": CONVERSATIONS}


@dataclass(slots=True)
class Knobs:
    """Shares go from 0 to 1, times are milliseconds."""

    latency_ms: int = 0
    latency_jitter_ms: int = 0
    throughput: int | None = None  # messages a second; None: by the number's level, 0: no limit
    pair_limit: bool = True
    magic: bool = True  # recipients whose last four digits decide (§13.5)
    errors: list[dict[str, Any]] = field(default_factory=list)  # {"code", "share", "times"?, "http"?}: refused at once
    late_errors: list[dict[str, Any]] = field(default_factory=list)  # the same: accepted, then `failed`
    silence: str = "off"  # "reports": accepted, no webhook ever; "answer": accepted, the request is never answered
    silence_share: float = 1.0
    garbage: str = "off"
    garbage_share: float = 1.0
    garbage_accepts: bool = True  # was the message taken before the answer went to pieces?
    webhooks: str = "on"
    webhook_delay_ms: int = 0
    batch: int = 50  # elements in one webhook body at most
    duplicates: float = 0.0
    disorder: float = 0.0
    disorder_ms: int = 2000
    sent_ms: int = 60
    delivered_ms: int = 400
    read_ms: int = 2500
    read_share: float = 0.7
    skip_delivered: float = 0.0
    contacts_share: float = 1.0  # statuses that carry `contacts`
    conversation: str = "v24"
    held_share: float = 0.0  # templates answered with held_for_quality_assessment


KINDS = {field_.name: field_.type for field_ in fields(Knobs)}


def changed(knobs: Knobs, wanted: dict[str, Any]) -> Knobs:
    """New knobs; ValueError names the first that does not exist or does not fit."""
    values = {name: getattr(knobs, name) for name in KINDS}
    for name, value in wanted.items():
        if name not in KINDS:
            raise ValueError(f"There is no knob {name!r}.")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}.")
        if not _fits(KINDS[name], value):
            raise ValueError(f"{name} must be {KINDS[name]}.")
        values[name] = value
    return Knobs(**values)


def _fits(kind: Any, value: Any) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "str":
        return isinstance(value, str)
    if str(kind).startswith("list"):
        return isinstance(value, list) and all(isinstance(row, dict) and "code" in row for row in value)
    if value is None:
        return "None" in str(kind)
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
