"""What stands against a document, as a code with facts: stored, and read by everybody in their language."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from billing.einvoice.rules import RulesNotRun, RulesRefused
from billing.invoices.drafting import CannotDraft
from billing.invoices.issuing import NotApproved, ProofIsStale
from billing.invoices.totals import TooFine
from tenants.services.errors import Refused

AGAINST = (CannotDraft, TooFine, RulesRefused, RulesNotRun, Refused)


def block(code: str, **facts: Any) -> dict[str, Any]:
    return {"code": code, **facts}


def stands_against(problem: Exception) -> dict[str, Any]:
    """One of AGAINST as a block; month_words has its sentence."""
    match problem:
        case CannotDraft():
            found = block(problem.code, **problem.facts)
        case TooFine():
            found = block("too_fine", value=str(problem))
        case RulesRefused():
            found = block("rules", findings=[asdict(finding) for finding in problem.findings])
        case RulesNotRun():
            found = block("rules_not_run", error=str(problem)[:300])
        case NotApproved() | ProofIsStale():
            found = block("not_approved")
        case _:
            found = block("refused", words=str(problem))
    return found
