"""Acme on a plan with prices that are easy to reckon, today, as its admin sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from billing.models import Budget
from billing.plans.budgets import set_budget
from billing.plans.periods import month_of, today
from billing.rating.models import ExchangeRate
from tenants.models import Company, User
from tests.billing import metered
from tests.conftest import Browser


@pytest.fixture
def priced(acme: Company) -> Company:
    """Prices in force since long before today, so that any day may run this."""
    metered.publish(
        [
            ("Germany", "marketing", "0.1000"),
            ("Germany", "utility", "0.0333"),
            ("France", "marketing", "0.2000"),
        ]
    )
    metered.on_plan(acme, monthly_fee=Decimal("99.00"), included_messages=2, message_fee=Decimal("0.0050"))
    assert not ExchangeRate.objects.exists()
    return acme


@pytest.fixture
def browser(acme: Company, admin: User, at: Callable[..., Browser]) -> Browser:
    return at(acme, admin)


def now() -> datetime:
    return timezone.now()


def this_month() -> str:
    return f"{today(now()):%Y-%m}"


def use(company: Company, quantity: int, *, prefix: str = "m", **fields: Any) -> None:
    """So many messages delivered a moment ago, counted and priced."""
    # A minute after midnight "a moment ago" is still this month's first minute.
    moment = max(now() - timedelta(seconds=30), _begin())
    metered.use(company, quantity, prefix=prefix, **{"occurred_at": moment, **fields})
    metered.rated(company, now=now())


def _begin() -> datetime:
    first = month_of(today(now())).first
    return datetime(first.year, first.month, 1, tzinfo=ZoneInfo(settings.BILLING_TIME_ZONE))


def budget(company: Company, limit: str, *, stop: bool = False, replies: str = "0") -> Budget:
    return set_budget(
        company,
        month_limit=Decimal(limit),
        hard_stop=stop,
        reply_reserve=Decimal(replies),
        currency="EUR",
        now=now(),
    )
