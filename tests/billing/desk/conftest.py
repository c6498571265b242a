from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.invoices import month
from billing.invoices.models import Invoice, MonthClose
from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.billing.invoices.cast import NOW, OCTOBER, Rater, charge, issued, plan, ready, tools
from tests.conftest import Browser

REASON = {"reason": "The customer told us so on the phone"}


@pytest.fixture
def console(staff: User, at: Callable[..., Browser]) -> Browser:
    return at(None, staff)


@pytest.fixture
def actor(staff: User) -> Actor:
    return Actor(user=staff)


@pytest.fixture
def buyer(acme: Company) -> Company:
    ready(acme)
    return acme


@pytest.fixture
def sent(buyer: Company, staff: User) -> Invoice:
    """An issued invoice over 235.50 net: the plan and a thousand messages."""
    return issued(buyer, staff, plan(), charge())


@pytest.fixture
def rater() -> Rater:
    return Rater(plan(), charge())


@pytest.fixture
def reviewed(buyer: Company, rater: Rater) -> MonthClose:
    """October of acme, waiting for a person."""
    made = MonthClose.objects.create(company=buyer, first=OCTOBER.first, last=OCTOBER.last, due_at=NOW)
    return month.close_month(made, now=NOW, tools=tools(rater))
