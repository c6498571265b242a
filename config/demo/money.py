"""What the demo's companies pay: a plan, a mark-up, an exchange rate for the markets whose card is in dollars."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils import timezone

from billing.plans.budgets import set_budget
from billing.plans.models import Plan, Subscription
from billing.plans.services import subscribe
from billing.rating.models import ExchangeRate, PriceList
from billing.rating.price_lists import enter_exchange_rate, set_prices as set_price_list
from tenants.models import Company

# As long as messages are priced one by one.
SINCE = date(2025, 7, 1)


def set_prices() -> None:
    """Once per installation; an operator's own entries stay."""
    if not ExchangeRate.objects.filter(base="USD", quote="EUR").exists():
        enter_exchange_rate("USD", "EUR", valid_from=SINCE, rate=Decimal("0.86"), source="Invented, demo", by=None)
    if not PriceList.objects.filter(company=None, currency="EUR", valid_from__gte=SINCE).exists():
        set_price_list(
            None,
            currency="EUR",
            label="Demo",
            valid_from=SINCE,
            markup_percent=Decimal(15),
            floor=Decimal("0.005"),
            by=None,
        )


def put_on_plan(company: Company, *, since: date) -> None:
    """The middle plan, and a budget that tells without stopping."""
    if Subscription.objects.filter(company=company).exists():
        return
    subscribe(company, Plan.objects.get(code="team", is_public=True), since=since)
    set_budget(
        company,
        month_limit=Decimal(250),
        hard_stop=False,
        reply_reserve=Decimal(0),
        currency="EUR",
        now=timezone.now(),
    )
