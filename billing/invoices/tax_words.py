"""Why an invoice bears the VAT it bears, with the proof, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from billing.einvoice.tax import Outcome, Rule

WORDS = {
    Rule.DOMESTIC: gettext_lazy("The buyer is in Germany, so German VAT is charged."),
    Rule.REVERSE_CHARGE: gettext_lazy(
        "The buyer is a business in another member state with a valid VAT id: it owes the VAT itself (reverse charge)."
    ),
    Rule.EU_WITHOUT_ID: gettext_lazy(
        "The buyer is in another member state and has no valid VAT id, so German VAT is charged."
    ),
    Rule.THIRD_COUNTRY: gettext_lazy("The buyer is outside the European Union: not taxable in Germany."),
    Rule.SPECIAL_TERRITORY: gettext_lazy("The buyer is in a place where the union's VAT law does not hold."),
}


def decision_in_words(tax: Mapping[str, Any]) -> str:
    """Empty while nothing is decided."""
    return str(WORDS[Rule(tax["rule"])]) if tax else ""


def proof_of(tax: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the register said: `words`, when, and its receipt."""
    proof = (tax or {}).get("proof")
    if not proof:
        return None
    is_valid = proof["outcome"] == Outcome.VALID
    said = _("The register says that %(vat_id)s is valid.") if is_valid else _("The register does not know %(vat_id)s.")
    return {
        "words": said % {"vat_id": proof["vat_id"]},
        "checked_at": datetime.fromisoformat(proof["checked_at"]),
        "receipt": proof["request_id"],
        "is_valid": is_valid,
    }
