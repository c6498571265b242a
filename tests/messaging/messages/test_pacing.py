"""Exact rates by a clock that is passed in."""

from __future__ import annotations

from random import Random

import pytest

from messaging.messages.models import Lane
from messaging.messages.pacing import Breaker, Bucket, jittered, lane_rate


def sent_in(bucket: Bucket, *, until: float) -> int:
    """How many leave when somebody takes as fast as the bucket lets them."""
    now, sent = bucket.at, 0
    while now < until:
        pause = bucket.take(now)
        sent += not pause
        now += pause
    return sent


@pytest.mark.parametrize("rate", [0.1, 4, 16, 64, 80, 1000])
def test_a_rate_is_kept_to_the_message(rate: float) -> None:
    assert sent_in(Bucket(rate, 0.0), until=100.0) == pytest.approx(rate * 100, abs=1)


@pytest.mark.parametrize("rate", [16, 80, 1000])
def test_turns_one_after_another_keep_the_rate_too(rate: float) -> None:
    sent = sum(sent_in(Bucket(rate, float(turn)), until=turn + 1.0) for turn in range(50))
    assert rate * 50 * 0.98 - 50 <= sent <= rate * 50


def test_a_pause_is_caught_up_only_a_little() -> None:
    bucket = Bucket(80, 0.0)
    bucket.take(0.0)
    assert sent_in(Bucket(80, 0.0, idle=3600), until=0.001) == 8


def test_an_answer_after_a_quiet_while_leaves_at_once() -> None:
    assert Bucket(4, 0.0, idle=60).take(0.0) == 0


def test_the_lanes_share_a_number_s_rate() -> None:
    assert (lane_rate(80, Lane.REPLIES), lane_rate(80, Lane.BULK)) == (16, 64)


def test_the_breaker_opens_over_half_of_twenty_calls() -> None:
    breaker = Breaker()
    for failed in [True] * 10 + [False] * 9:
        breaker.record(failed=failed)
    assert not breaker.is_open()
    breaker.record(failed=False)
    assert not breaker.is_open(), "exactly half"
    breaker.record(failed=True)
    assert not breaker.is_open(), "the oldest fault is forgotten"
    for _ in range(11):
        breaker.record(failed=True)
    assert breaker.is_open()


def test_retries_spread_between_a_second_and_their_delay() -> None:
    waits = [jittered(64, Random(seed)) for seed in range(200)]
    assert 1 <= min(waits) < 10
    assert 55 < max(waits) <= 64
