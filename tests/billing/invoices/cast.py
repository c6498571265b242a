"""Charges as rating would hand them over, and companies that may be sent an invoice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.einvoice.document import Document
from billing.einvoice.tax import Outcome
from billing.einvoice.vies import Answer
from billing.invoices import drafting, issuing
from billing.invoices.documents import Built
from billing.invoices.models import BillingProfile, Invoice
from billing.invoices.month import Rating, Tools
from billing.rating.charges import Charge, Charges, Period, Problem
from tenants.models import Company, User
from tenants.services.audit import Actor

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)


def charge(key: str = "usage:1", **values: Any) -> Charge:
    """1,000 marketing messages to Germany, unless told otherwise."""
    defaults: dict[str, Any] = {
        "kind": "usage",
        "description": {"channel": "whatsapp", "category": "marketing", "market": "Germany"},
        "quantity": Decimal(1000),
        "unit": "message",
        "unit_price": Decimal("0.1365"),
        "currency": "EUR",
        "unit_cost": Decimal("0.1131"),
        "service_from": OCTOBER.first,
        "service_to": OCTOBER.last,
        "rate_ref": "meta 2026-10-01",
        "rule_ref": "2026-10-01",
    }
    return Charge(key, **{**defaults, **values})


def plan(**values: Any) -> Charge:
    defaults: dict[str, Any] = {
        "key": "plan:2026-10",
        "kind": "plan",
        "description": {"plan": "Team"},
        "quantity": Decimal(1),
        "unit": "month",
        "unit_price": Decimal("99.00"),
        "unit_cost": Decimal(0),
    }
    return charge(**{**defaults, **values})


def seats(count: int = 2, **values: Any) -> Charge:
    return plan(
        key="seats:2026-10",
        kind="seats",
        description={"seats": count},
        quantity=Decimal(count),
        unit="seat",
        unit_price=Decimal("8.00"),
        **values,
    )


def ready(company: Company, **values: Any) -> BillingProfile:
    """A company with an address to write to."""
    address = {
        "street": "Königstraße 1",
        "postcode": "70173",
        "city": "Stuttgart",
        "recipients": ["rechnung@acme.example"],
    }
    profile, _made = BillingProfile.objects.update_or_create(
        company=company, defaults={**address, "recipients": ["rechnung@acme.example"], **values}
    )
    return profile


def draft(company: Company, *charges: Charge, period: Period = OCTOBER, now: datetime = NOW) -> Invoice:
    made = drafting.write_draft(company, period, charges or (plan(), charge()), now=now)
    assert made is not None
    return made


def approved(company: Company, person: User, *charges: Charge, now: datetime = NOW, **values: Any) -> Invoice:
    made = draft(company, *charges, now=now, **values)
    assert issuing.approve(made, actor=Actor(user=person), now=now)
    return Invoice.objects.get(pk=made.pk)


def issued(company: Company, person: User, *charges: Charge, now: datetime = NOW, **values: Any) -> Invoice:
    """An issued invoice, with a document that nobody checked: for tests about what comes after."""
    made = approved(company, person, *charges, now=now, **values)
    return issuing.issue_invoice(made, now=now, build=unchecked)


def unchecked(document: Document) -> Built:
    """Bytes that only name their number, since drawing a page takes its time."""
    return Built(f"<{document.number}>".encode(), f"%PDF {document.number}".encode(), {"rule_set": "none"})


class Rater:
    """Rating, as far as invoicing knows it: charges that are open until a draft claims them."""

    def __init__(self, *charges: Charge, problems: tuple[Problem, ...] = ()) -> None:
        self.charges, self.problems = list(charges), problems
        self.claims: dict[str, str] = {}

    def charges_for(self, company: Company, period: Period, *, now: datetime) -> Charges:
        return Charges(tuple(charge for charge in self.charges if charge.key not in self.claims), self.problems)

    def claim(self, company: Company, charges: Sequence[Charge], *, by: str, now: datetime) -> None:
        assert not {charge.key for charge in charges} & set(self.claims)
        self.claims.update({charge.key: by for charge in charges})

    def release(self, company: Company, *, by: str) -> None:
        self.claims = {key: claimant for key, claimant in self.claims.items() if claimant != by}

    def as_rating(self) -> Rating:
        return Rating(self.charges_for, self.claim, self.release)


def register_says(outcome: Outcome, request_id: str = "WAPIAAAAY1") -> Callable[..., Answer]:
    """The register of VAT ids, with one answer for everybody."""
    return lambda vat_id, *, requester, now: Answer(outcome, now, request_id=request_id)


def tools(rater: Rater, *, outcome: Outcome = Outcome.UNKNOWN, **values: Any) -> Tools:
    defaults: dict[str, Any] = {
        "rating": rater.as_rating(),
        "ask_vies": register_says(outcome),
        "build": unchecked,
    }
    return Tools(**{**defaults, **values})
