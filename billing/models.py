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
from billing.payments.models import Allocation, Payment
from billing.plans.models import Plan

__all__ = [
    "Allocation",
    "BillingProfile",
    "Invoice",
    "InvoiceDelivery",
    "InvoiceLine",
    "InvoiceSeries",
    "IssuedDocument",
    "MonthClose",
    "Payment",
    "Plan",
    "VatCheck",
]
