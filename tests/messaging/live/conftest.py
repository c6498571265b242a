"""Streams of acme that really commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from messaging.inbox import live
from messaging.live import hub
from messaging.live.models import LiveEvent
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Cast


@pytest.fixture
def acme(committed: Cast) -> Iterator[Company]:
    company = Company.objects.get(pk=committed.acme)
    yield company
    with company_context(company):
        LiveEvent.objects.all().delete()


@pytest.fixture
def agent(committed: Cast) -> User:
    return User.objects.get(pk=committed.agent)


@pytest.fixture(autouse=True)
def fresh_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub belongs to one event loop, and each test has its own."""
    monkeypatch.setattr(live, "hub", hub.Hub())
