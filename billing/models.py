"""Hands on what lies below, since Django looks here."""

from billing.invoices.models import (
    BillingProfile,
    Invoice,
    InvoiceDelivery,
    InvoiceLine,
    InvoiceSeries,
    IssuedDocument,
    MonthClose,
    VatCheck,
)
from billing.markets.models import MarketPrefix
from billing.payments.models import Allocation, Payment, Refund
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
    "Allocation",
    "BillingProfile",
    "Budget",
    "BudgetAlert",
    "BudgetMonth",
    "DailyUsage",
    "DirtyDay",
    "ExchangeRate",
    "Invoice",
    "InvoiceDelivery",
    "InvoiceLine",
    "InvoiceSeries",
    "IssuedDocument",
    "MarketPrefix",
    "MonthClose",
    "Payment",
    "Plan",
    "PriceList",
    "PriceOverride",
    "Rate",
    "RateCard",
    "RatedLine",
    "Refund",
    "Reservation",
    "SeatPeak",
    "Subscription",
    "UnratedUsage",
    "UsageRecord",
    "VatCheck",
]
