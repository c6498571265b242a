from __future__ import annotations

import pytest

from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.billing.invoices.cast import ready


@pytest.fixture
def buyer(acme: Company) -> Company:
    """Acme, in Stuttgart, with an address for its invoices."""
    ready(acme)
    return acme


@pytest.fixture
def actor(staff: User) -> Actor:
    """The person of the operator who approves and corrects."""
    return Actor(user=staff)
