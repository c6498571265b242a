"""What an attempt's outcome means for its message, and for the channel it went through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.channels.base import Accepted, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.errors import ErrorClass, ErrorRule, rule_for
from messaging.messages.claiming import GRACE, Change, Claimed
from messaging.messages.models import Lane, MessageState
from messaging.messages.pacing import jittered
from messaging.messages.stopping import STOPS, words_of

# What the adapter answered, or what it raised.
Answer = Accepted | Exception
UNREACHABLE = 10.0
# A message whose template is paused asks again after so long; how often is nobody's fault.
WAITS = 900.0
SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """`is_fault`: the call counts against the provider. `rest`: seconds the whole channel keeps quiet."""

    change: Change
    is_fault: bool = False
    rest: float = 0.0
    stops: ProviderError | None = None


def decide(kind: str, lane: str, claimed: Claimed, answer: Answer, now: datetime) -> Decision:
    """Every outcome ends in exactly one of sent, queued again, failed or unknown."""
    match answer:
        case Accepted(external_id=external_id):
            return Decision(Change(claimed, MessageState.SENT, external_id=external_id))
        case NotSent():
            return Decision(_again(claimed, now, UNREACHABLE, is_counted=False), is_fault=True)
        case SendFailed(error=error):
            return _refused(rule_for(kind, error.code), error, claimed, now)
        case _:
            # A fault of our own counts like no answer: the request may have left.
            unknown = Change(claimed, MessageState.UNKNOWN, later=now + GRACE[Lane(lane)])
            return Decision(unknown, is_fault=isinstance(answer, NoAnswer))


def put_back(claimed: Claimed, now: datetime) -> Change:
    """Never started: it is due as before."""
    return Change(claimed, MessageState.QUEUED, is_counted=False, later=now)


def _refused(rule: ErrorRule, error: ProviderError, claimed: Claimed, now: datetime) -> Decision:
    is_fault = error.http_status >= SERVER_FAULT
    if rule.means in STOPS:
        wait = _again(claimed, now, 0, error=error, is_counted=False) if rule.waits else _failed(claimed, error)
        return Decision(wait, is_fault, stops=error)
    if rule.means == ErrorClass.SLOW_NUMBER:
        delay = error.retry_after or jittered((rule.retry and rule.retry.delay(1)) or 1)
        return Decision(_again(claimed, now, delay, error=error, is_counted=False, exact=True), rest=delay)
    if rule.waits:
        return Decision(_again(claimed, now, WAITS, error=error, is_counted=False), is_fault)
    next_delay = rule.retry.delay(claimed.attempt) if rule.retry else None
    if next_delay is None:
        return Decision(_failed(claimed, error), is_fault)
    if error.retry_after:
        return Decision(_again(claimed, now, error.retry_after, error=error, exact=True), is_fault)
    return Decision(_again(claimed, now, next_delay, error=error), is_fault)


def _failed(claimed: Claimed, error: ProviderError) -> Change:
    return Change(claimed, MessageState.FAILED, code=error.code, details=words_of(error))


def _again(
    claimed: Claimed,
    now: datetime,
    delay: float,
    *,
    error: ProviderError | None = None,
    is_counted: bool = True,
    exact: bool = False,
) -> Change:
    wait = delay if exact or not delay else jittered(delay)
    return Change(
        claimed,
        MessageState.QUEUED,
        code=error.code if error else "",
        details=words_of(error) if error else "",
        is_counted=is_counted,
        later=now + timedelta(seconds=wait),
    )
