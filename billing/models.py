"""Hands on what lies below, since Django looks here."""

from billing.markets.models import MarketPrefix
from billing.plans.budget_models import Budget, BudgetAlert, BudgetMonth, Reservation
from billing.plans.models import Plan, SeatPeak, Subscription
from billing.rating.models import (
    ExchangeRate,
    PriceList,
    PriceOverride,
    Rate,
    RateCard,
    RatedLine,
    UnratedUsage,
)
from billing.usage.models import DailyUsage, DirtyDay, UsageRecord

__all__ = [
    "Budget",
    "BudgetAlert",
    "BudgetMonth",
    "DailyUsage",
    "DirtyDay",
    "ExchangeRate",
    "MarketPrefix",
    "Plan",
    "PriceList",
    "PriceOverride",
    "Rate",
    "RateCard",
    "RatedLine",
    "Reservation",
    "SeatPeak",
    "Subscription",
    "UnratedUsage",
    "UsageRecord",
]
