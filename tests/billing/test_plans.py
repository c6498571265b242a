"""Plans: what is on offer from the first day, and what a month costs beside the provider."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.plans.models import Plan

TEAM = Plan(monthly_fee=Decimal("99.00"), included_messages=10_000, message_fee=Decimal("0.0060"))


@pytest.mark.django_db
def test_three_plans_are_on_offer_from_the_first_day() -> None:
    assert [plan.name for plan in Plan.objects.on_offer()] == ["Start", "Team", "Haus"]


@pytest.mark.django_db
def test_a_withdrawn_plan_is_not_on_offer() -> None:
    Plan.objects.filter(code="start").update(is_public=False)
    assert [plan.name for plan in Plan.objects.on_offer()] == ["Team", "Haus"]


@pytest.mark.parametrize(
    ("messages", "fee"), [(0, "99.00"), (10_000, "99.00"), (10_001, "99.01"), (12_500, "114.00"), (10_002, "99.01")]
)
def test_only_messages_beyond_the_included_ones_cost(messages: int, fee: str) -> None:
    assert TEAM.fee_for(messages) == Decimal(fee)


@pytest.mark.parametrize(("kept", "shown"), [("0.010000", "0.0100"), ("0.012345", "0.012345"), ("0", "0.0000")])
def test_the_fee_of_a_message_shows_no_needless_zeros(kept: str, shown: str) -> None:
    assert str(Plan(message_fee=Decimal(kept)).fee_per_message()) == shown
