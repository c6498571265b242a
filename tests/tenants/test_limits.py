"""Guessing is limited before it costs anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tenants.models import Attempt
from tenants.services import limits
from tenants.services.errors import TooManyAttempts
from tenants.services.limits import Limit

THREE = Limit(3, timedelta(minutes=5))


def test_attempts_up_to_the_limit_pass(db: None) -> None:
    for _ in range(3):
        limits.take(("key", THREE))


def test_one_more_is_refused_and_says_how_long_to_wait(db: None) -> None:
    for _ in range(3):
        limits.take(("key", THREE))
    with pytest.raises(TooManyAttempts, match="5 minutes") as refusal:
        limits.take(("key", THREE))
    assert 290 <= refusal.value.wait_seconds <= 301


def test_another_key_is_not_touched(db: None) -> None:
    for _ in range(3):
        limits.take(("key", THREE))
    limits.take(("other", THREE))


def test_the_window_begins_anew_when_it_is_over(db: None) -> None:
    for _ in range(3):
        limits.take(("key", THREE))
    Attempt.objects.update(expires_at=limits.timezone.now())
    limits.take(("key", THREE))


def test_several_limits_are_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Attempt.objects.exists()
    with django_assert_num_queries(1):
        limits.take(("user:a", THREE), ("ip:b", THREE), ("company:c", THREE))


def test_the_table_shows_no_address(db: None) -> None:
    limits.take(("sign-in:user:admin@example.com", THREE))
    assert "admin" not in Attempt.objects.get().key


def test_a_success_clears_the_count(db: None) -> None:
    for _ in range(3):
        limits.take(("key", THREE))
    limits.clear("key")
    limits.take(("key", THREE))
