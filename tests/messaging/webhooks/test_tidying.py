"""Old bodies go, in batches; what still waits never does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from messaging.channels.models import Channel
from messaging.webhooks import processing, storing, tidying
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.tasks import tidy_webhooks
from tenants.context import company_context
from tenants.models import Company, DueWork
from tests.messaging.webhooks import meta

PROBLEM = [{"reason": "from is missing", "raw": {"x": 1}, "why": "unreadable"}]


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def keep(age: float, *, processed: bool = True, problems: list[dict[str, object]] | None = None) -> WebhookEvent:
    at = days_ago(age)
    return WebhookEvent.objects.create(
        body=b"{}",
        body_hash=f"{age}{processed}{bool(problems)}",
        received_at=at,
        processed_at=at if processed else None,
        problems=problems or [],
    )


def test_what_was_worked_on_goes_after_two_weeks(inside: Company) -> None:
    keep(15)
    young = keep(13)
    tidying.tidy()
    assert list(WebhookEvent.objects.all()) == [young]


def test_what_could_not_be_read_stays_for_three_months(inside: Company) -> None:
    keep(91, problems=PROBLEM)
    broken = keep(89, problems=PROBLEM)
    tidying.tidy()
    assert list(WebhookEvent.objects.all()) == [broken]


def test_what_still_waits_is_never_dropped(inside: Company) -> None:
    waiting = keep(400, processed=False)
    tidying.tidy()
    assert list(WebhookEvent.objects.all()) == [waiting]


def test_the_days_are_the_operator_s(inside: Company, settings: Settings) -> None:
    settings.WEBHOOKS_KEPT_DAYS = 3
    keep(4)
    tidying.tidy()
    assert not WebhookEvent.objects.exists()


def test_many_go_in_batches(inside: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "BATCH", 3)
    for number in range(8):
        keep(30 + number / 100)
    broken = keep(20, problems=PROBLEM)
    assert not tidying.tidy()
    assert list(WebhookEvent.objects.all()) == [broken]


def test_a_turn_has_an_end_and_says_that_there_is_more(inside: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "BATCH", 2)
    monkeypatch.setattr(tidying, "MOST_BATCHES", 2)
    for number in range(9):
        keep(30 + number / 100)
    assert tidying.tidy()
    assert WebhookEvent.objects.count() == 5


def test_young_bodies_cost_one_look(
    inside: Company, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(tidying, "BATCH", 3)
    for number in range(9):
        keep(number / 100)
    with django_assert_num_queries(1):
        tidying.tidy()


def test_work_on_bodies_asks_for_tidying_a_day_later(
    acme: Company, channel: Channel, work: Callable[..., None]
) -> None:
    work(meta.said(meta.text()))
    due = DueWork.objects.get(kind="tidy-webhooks", company=acme)
    assert timedelta(hours=23) < due.due_at - timezone.now() < timedelta(hours=25)
    work(meta.said(meta.text("wamid.2")))
    assert DueWork.objects.get(kind="tidy-webhooks", company=acme).announced == due.announced


def test_the_task_comes_again_while_there_is_something(acme: Company, channel: Channel) -> None:
    with company_context(acme):
        keep(1)
    DueWork.objects.create(kind="tidy-webhooks", company=acme)
    tidy_webhooks(acme.schema_name)
    assert DueWork.objects.get(kind="tidy-webhooks").due_at > timezone.now() + timedelta(hours=20)
    with company_context(acme):
        WebhookEvent.objects.all().delete()
    tidy_webhooks(acme.schema_name)
    assert not DueWork.objects.filter(kind="tidy-webhooks").exists()


def test_a_body_that_comes_again_after_it_was_dropped_changes_nothing(
    acme: Company, channel: Channel, inside: Company
) -> None:
    body = meta.said(meta.text())
    for _ in range(2):
        storing.store(acme, body, channel=channel)
        processing.process(acme)
        WebhookEvent.objects.update(received_at=days_ago(20))
        tidying.tidy()
    assert channel.conversations.get().unread_count == 1
