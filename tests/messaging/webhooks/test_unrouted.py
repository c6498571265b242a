"""What comes to the platform's address for nobody is counted for staff, and never worked on blindly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.webhooks import storing
from messaging.webhooks.models import WebhookEvent
from tenants.context import company_context
from tenants.models import Company, UnroutedAccount, UnroutedWebhook, User
from tenants.tasks import tidy
from tests.conftest import Browser
from tests.messaging.webhooks import meta
from tests.messaging.webhooks.conftest import connect

STRANGER = "999888777"


@pytest.fixture
def console(at: Callable[..., Browser], staff: User) -> Browser:
    return at(None, staff)


def arrive(count: int = 1, number: str = STRANGER) -> None:
    for _ in range(count):
        storing.store_unknown("whatsapp", number, meta.said(meta.text(), number=number))


def shown(console: Browser) -> list[dict[str, Any]]:
    return list(console.get("/staff/webhooks/").context["rows"])


def test_reports_of_one_number_are_one_row_with_their_count(db: None) -> None:
    arrive(3)
    [account] = UnroutedAccount.objects.all()
    assert (account.external_id, account.count, account.webhooks.count()) == (STRANGER, 3, 3)
    assert account.first_seen_at < account.last_seen_at


def test_only_the_newest_bodies_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "KEPT_UNROUTED", 3)
    arrive(5)
    newest = list(UnroutedWebhook.objects.order_by("pk").values_list("pk", flat=True))
    assert (UnroutedAccount.objects.get().count, len(newest)) == (5, 3)
    arrive(1)
    assert list(UnroutedWebhook.objects.order_by("pk").values_list("pk", flat=True))[:2] == newest[1:]


def test_old_bodies_go_and_then_the_account(db: None) -> None:
    arrive()
    UnroutedWebhook.objects.update(received_at=timezone.now() - timedelta(days=15))
    tidy()
    assert (UnroutedAccount.objects.count(), UnroutedWebhook.objects.count()) == (1, 0)
    UnroutedAccount.objects.update(last_seen_at=timezone.now() - timedelta(days=91))
    tidy()
    assert not UnroutedAccount.objects.exists()


def test_staff_see_number_count_and_times_and_no_body(console: Browser) -> None:
    arrive(2)
    page = console.get("/staff/webhooks/").content.decode()
    assert STRANGER in page
    assert "wamid" not in page
    assert shown(console)[0]["company"] is None


def test_without_any_the_page_says_so(console: Browser) -> None:
    assert "Everything found its company" in console.get("/staff/webhooks/").content.decode()


def test_who_connects_the_number_later_is_named_and_nothing_is_worked_on(console: Browser, acme: Company) -> None:
    arrive()
    connect(acme, STRANGER, "1")
    assert shown(console)[0]["company"] == acme
    with company_context(acme):
        assert not WebhookEvent.objects.exists()


def test_a_dismissed_account_comes_back_with_its_next_report(console: Browser) -> None:
    arrive()
    console.post(f"/staff/webhooks/{UnroutedAccount.objects.get().pk}/dismiss/")
    assert not UnroutedWebhook.objects.exists()
    arrive()
    assert UnroutedAccount.objects.get().count == 1


def test_the_page_asks_as_much_for_one_as_for_many(
    console: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    arrive()
    console.get("/staff/webhooks/")
    with django_assert_num_queries(6) as few:
        console.get("/staff/webhooks/")
    for number in range(20):
        arrive(number=f"9{number:05}")
    with django_assert_num_queries(len(few.captured_queries)):
        console.get("/staff/webhooks/")
