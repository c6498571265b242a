"""The tax decision of a draft, from the newest proof of the company's VAT id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from billing.einvoice import tax
from billing.einvoice.tax import Decision, Outcome, Proof
from billing.einvoice.vies import Answer
from billing.invoices.models import VatCheck
from billing.invoices.profiles import profile_of
from tenants.models import Company

# The day of an invoice is the seller's day.
SELLER_ZONE = ZoneInfo(settings.BILLING_TIME_ZONE)
AskVies = Callable[..., Answer]
# A proof is asked for anew while the old one still holds, so that a register that is away stops nothing.
ASK_AGAIN = timedelta(days=21)


def decide(company: Company, now: datetime) -> Decision:
    """The decision for a service to this company; ProofMissing while its VAT id is not checked."""
    return tax.decide(
        country=company.country,
        postcode=profile_of(company).postcode,
        vat_id=company.vat_id,
        proof=latest_proof(company),
        on_date=seller_day(now),
    )


def latest_proof(company: Company) -> Proof | None:
    """The newest verdict about the VAT id the company has now."""
    checks = VatCheck.objects.filter(company=company, vat_id=company.vat_id).exclude(outcome=Outcome.UNKNOWN)
    check = checks.order_by("-checked_at", "-pk").first()
    return Proof(check.vat_id, Outcome(check.outcome), check.checked_at, check.request_id) if check else None


def check_vat_id(company: Company, *, now: datetime, ask: AskVies) -> None:
    """Ask the register when the decision hangs on it and no young proof is there. Outside any transaction.

    An id that was not valid is asked for each time: it may have been registered since.
    """
    if not tax.needs_proof(company.country, profile_of(company).postcode, company.vat_id):
        return
    proof = latest_proof(company)
    if proof is not None and proof.outcome == Outcome.VALID and now - proof.checked_at < ASK_AGAIN:
        return
    requester = str(settings.OPERATOR["vat_id"])
    answer = ask(company.vat_id, requester=requester, now=now)
    VatCheck.objects.create(company=company, vat_id=company.vat_id, requester=requester, **asdict(answer))


def as_json(decision: Decision) -> dict[str, Any]:
    """The decision with its proof, to be frozen on the invoice."""
    proof = decision.proof
    return {
        "category": str(decision.category),
        "rate": str(decision.rate),
        "rule": str(decision.rule),
        "reason_code": decision.reason_code,
        "proof": proof
        and {
            "vat_id": proof.vat_id,
            "outcome": str(proof.outcome),
            "checked_at": proof.checked_at.isoformat(),
            "request_id": proof.request_id,
        },
    }


def proof_is_stale(frozen: dict[str, Any], now: datetime) -> bool:
    """Whether the proof on an approved draft is too old for an invoice of today."""
    if not frozen.get("proof"):
        return False
    checked = datetime.fromisoformat(frozen["proof"]["checked_at"])
    return seller_day(now) - checked.date() > tax.PROOF_HOLDS


def seller_day(now: datetime) -> date:
    return now.astimezone(SELLER_ZONE).date()
