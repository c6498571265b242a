"""What decisions add up to, and whether somebody may be written to. Plain values, no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from messaging.contacts.consent.models import ConsentState


class Told(Protocol):
    """A decision as the ledger has it."""

    state: str
    at: datetime

    @property
    def is_by_person(self) -> bool: ...


class Why(StrEnum):
    """The reason of an answer."""

    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"


@dataclass(frozen=True)
class Standing:
    """How one scope (a number, or all of them) stands; `since` is the decision that made it so."""

    state: str
    is_by_person: bool
    since: datetime


def counts(before: Standing | None, told: Told) -> bool:
    """Whether a decision that comes after `before` changes it: what a person has stopped only they start again."""
    stopped = before is not None and before.state == ConsentState.OPTED_OUT and before.is_by_person
    return not (stopped and not told.is_by_person)


T = TypeVar("T", bound=Told)


def standing(events: Iterable[T]) -> tuple[Standing, T] | None:
    """What the decisions of one scope add up to, by the time they were made and not by the time we heard of them.

    `events` come in the order of their time.
    """
    found: tuple[Standing, T] | None = None
    for event in events:
        if counts(found[0] if found else None, event):
            found = Standing(event.state, event.is_by_person, event.at), event
    return found


def decide(everywhere: Standing | None, here: Standing | None) -> Why:
    """Whether one may write through a number, from what holds for all numbers and what for this one.

    A stop holds wherever it was said. Only the person's own later word for this number goes before a general stop.
    """
    if here and here.state == ConsentState.OPTED_OUT:
        return Why.OPTED_OUT
    if everywhere and everywhere.state == ConsentState.OPTED_OUT:
        own_word = here and here.is_by_person and here.since > everywhere.since
        return Why.OPTED_IN if own_word else Why.OPTED_OUT
    return Why.OPTED_IN if here or everywhere else Why.NO_CONSENT
