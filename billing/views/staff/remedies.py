"""What a month waits for, in words, each with a link to what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from billing.invoices.models import MonthClose
from billing.invoices.month_words import words_of
from billing.rating.problems import Missing


@dataclass(frozen=True, slots=True)
class Trouble:
    words: str
    url: str = ""
    action: str = ""


# Code of a block → the page that mends it, whose key it takes, and what its link says.
REMEDIES = {
    "buyer": ("staff_company_billing_profile", "company", gettext_lazy("Edit the invoice details")),
    "recipients": ("staff_company_billing_profile", "company", gettext_lazy("Edit the invoice details")),
    "rules": ("staff_company_billing_profile", "company", gettext_lazy("Edit the invoice details")),
    "vat_check": ("staff_company", "company", gettext_lazy("See the company")),
    "currencies": ("staff_company_billing_plan", "company", gettext_lazy("Change the plan")),
    "tax_currency": ("staff_company_billing_plan", "company", gettext_lazy("Change the plan")),
    "seller": ("staff_billing_books", "", gettext_lazy("See what is missing")),
    "not_sent": ("staff_billing_send", "invoice", gettext_lazy("Send again")),
    "nothing_left": ("staff_billing_collect", "month", gettext_lazy("Collect again")),
    "not_approved": ("staff_billing_collect", "month", gettext_lazy("Collect again")),
}
# The same for what has no price.
MISSING = {
    Missing.EXCHANGE: ("staff_billing_exchange", "", gettext_lazy("Enter an exchange rate")),
    Missing.PRICE: ("staff_billing_price_add", "", gettext_lazy("Set a price list")),
    Missing.SUBSCRIPTION: ("staff_company_billing_plan", "company", gettext_lazy("Choose a plan")),
}
RATES = ("staff_billing_cards", "", gettext_lazy("Look at the rate cards"))


def troubles_of(month: MonthClose) -> list[Trouble]:
    return [_trouble(block, month) for block in month.blocks]


def _trouble(block: Mapping[str, Any], month: MonthClose) -> Trouble:
    is_rating = block["code"] == "rating"
    remedy = MISSING.get(Missing(block["missing"]), RATES) if is_rating else REMEDIES.get(block["code"])
    keys = {
        "company": month.company.public_id,
        "invoice": month.invoice.public_id if month.invoice else None,
        "month": month.pk,
        "": None,
    }
    if remedy is None or (remedy[1] and keys[remedy[1]] is None):
        return Trouble(words_of(block))
    name, of, action = remedy
    return Trouble(words_of(block), reverse(name, args=[keys[of]] if of else []), str(action))
