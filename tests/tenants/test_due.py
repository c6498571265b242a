"""Due work: announced once, swept when a nudge is lost, settled without losing what came meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from tenants.models import Company, DueWork
from tenants.services import due

KIND = "tests"


@pytest.fixture
def nudged() -> Iterator[list[Company | None]]:
    calls: list[Company | None] = []
    due.on_due(KIND, calls.append)
    yield calls
    due._nudges.pop(KIND)


def test_announcing_twice_makes_one_row(acme: Company) -> None:
    due.announce(KIND, acme)
    due.announce(KIND, acme)
    assert DueWork.objects.filter(kind=KIND).count() == 1


def test_work_of_no_company_has_one_row_too(db: None) -> None:
    due.announce(KIND)
    due.announce(KIND)
    assert DueWork.objects.filter(kind=KIND).count() == 1


def test_an_earlier_time_stands(acme: Company) -> None:
    early, late = timezone.now(), timezone.now() + timedelta(hours=1)
    due.announce(KIND, acme, at=early)
    due.announce(KIND, acme, at=late)
    assert DueWork.objects.get(kind=KIND).due_at == early


def test_the_sweep_asks_for_what_is_due(acme: Company, globex: Company, nudged: list[Company | None]) -> None:
    due.announce(KIND, acme, at=timezone.now())
    due.announce(KIND, globex, at=timezone.now() + timedelta(hours=1))
    due.sweep(timezone.now())
    assert nudged == [acme]


def test_the_sweep_asks_again_only_after_a_while(acme: Company, nudged: list[Company | None]) -> None:
    now = timezone.now()
    due.announce(KIND, acme, at=now)
    due.sweep(now)
    due.sweep(now + timedelta(seconds=5))
    due.sweep(now + due.PATIENCE)
    assert nudged == [acme, acme]


def test_settled_work_is_gone(acme: Company) -> None:
    due.announce(KIND, acme)
    assert due.settle(due.begin(KIND, acme), None)
    assert not DueWork.objects.filter(kind=KIND).exists()


def test_work_announced_during_a_round_is_not_lost(acme: Company) -> None:
    due.announce(KIND, acme)
    round = due.begin(KIND, acme)
    due.announce(KIND, acme)
    assert not due.settle(round, None)
    assert DueWork.objects.filter(kind=KIND).exists()


def test_what_is_left_is_due_at_its_time(acme: Company) -> None:
    later = timezone.now() + timedelta(hours=2)
    due.announce(KIND, acme)
    due.settle(due.begin(KIND, acme), later)
    assert DueWork.objects.get(kind=KIND).due_at == later


def test_announcing_asks_a_worker_on_commit(
    acme: Company, nudged: list[Company | None], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        due.announce(KIND, acme)
        assert nudged == []
    assert nudged == [acme]


def test_ending_a_round_is_one_statement_so_that_nothing_announced_meanwhile_is_lost(
    acme: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    due.announce(KIND, acme)
    round = due.begin(KIND, acme)
    with django_assert_num_queries(1):
        assert due.settle(round, None)
    assert not DueWork.objects.filter(kind=KIND).exists()


def test_nobody_is_asked_again_while_somebody_is_at_it(
    acme: Company, nudged: list[Company | None], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def announce() -> int:
        nudged.clear()
        with django_capture_on_commit_callbacks(execute=True):
            due.announce(KIND, acme, asks_again=False)
        return len(nudged)

    assert [announce(), announce(), announce()] == [1, 0, 0]
    DueWork.objects.update(due_at=timezone.now() - due.AT_IT)
    assert announce() == 1, "whoever was asked does not come"
    due.settle(due.begin(KIND, acme), timezone.now() + timedelta(hours=1))
    assert announce() == 1
    due.settle(due.begin(KIND, acme), None)
    assert announce() == 1
