"""Which VAT a service of a German seller bears, decided from facts and proof, the same for the same inputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _, override

from tenants.lib.countries import EU, VAT_PREFIX

# How long a proof of a VAT id may lie before the invoice date; it is asked anew each month.
PROOF_HOLDS = timedelta(days=31)
GERMAN_RATE = Decimal(19)


class Category(StrEnum):
    """The standard's letters for what we can come to (UNCL 5305)."""

    STANDARD = "S"
    REVERSE_CHARGE = "AE"
    NOT_SUBJECT = "O"


class Rule(StrEnum):
    """Why."""

    DOMESTIC = "domestic"
    REVERSE_CHARGE = "reverse_charge"
    EU_WITHOUT_ID = "eu_without_id"
    THIRD_COUNTRY = "third_country"
    SPECIAL_TERRITORY = "special_territory"


class Outcome(StrEnum):
    """What a register says of a VAT id. No answer is no verdict."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """A register's answer about one VAT id."""

    vat_id: str
    outcome: Outcome
    checked_at: datetime
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    category: Category
    rate: Decimal
    rule: Rule
    proof: Proof | None = None

    @property
    def reason_code(self) -> str:
        return "" if self.category == Category.STANDARD else f"VATEX-EU-{self.category}"


class ProofMissing(Exception):
    """The VAT id must be asked for (again) before anybody can decide."""


# Parts of a member state in which its VAT does not hold, by postcode. Directive 2006/112/EC, article 6; Campione and
# Livigno by their own codes, since their former ones (22060, 23030) are those of many places around; Helgoland and
# Büsingen: section 1 (2) UStG. Of the French 98 those overseas; 980 is Monaco.
TERRITORIES = {
    "DE": re.compile(r"27498|78266"),
    "ES": re.compile(r"(35|38|51|52)\d{3}"),
    "FI": re.compile(r"22\d{3}"),
    "FR": re.compile(r"97\d{3}|98[4-9]\d{2}"),
    "GR": re.compile(r"63086"),
    "IT": re.compile(r"23041|22061"),
}
# Places with a country code of their own that belong to a member state's VAT.
WITHIN = {"MC": "FR"}


def decide(*, country: str, postcode: str, vat_id: str, proof: Proof | None, on_date: date) -> Decision:
    """The category and rate for a company as buyer; ProofMissing while its VAT id has no fresh verdict."""
    state = WITHIN.get(country, country)
    if in_territory(state, postcode):
        return Decision(Category.NOT_SUBJECT, Decimal(0), Rule.SPECIAL_TERRITORY)
    if state == "DE":
        return Decision(Category.STANDARD, GERMAN_RATE, Rule.DOMESTIC)
    if state not in EU:
        return Decision(Category.NOT_SUBJECT, Decimal(0), Rule.THIRD_COUNTRY)
    if not vat_id:
        return Decision(Category.STANDARD, GERMAN_RATE, Rule.EU_WITHOUT_ID)
    if proof is None or not holds(proof, vat_id, on_date):
        raise ProofMissing(vat_id)
    if proof.outcome == Outcome.VALID:
        return Decision(Category.REVERSE_CHARGE, Decimal(0), Rule.REVERSE_CHARGE, proof)
    return Decision(Category.STANDARD, GERMAN_RATE, Rule.EU_WITHOUT_ID, proof)


def holds(proof: Proof, vat_id: str, on_date: date) -> bool:
    """Whether a proof is about this id, is a verdict, and is fresh on that day."""
    fresh = on_date - proof.checked_at.date() <= PROOF_HOLDS
    return proof.vat_id == vat_id and proof.outcome != Outcome.UNKNOWN and fresh


def needs_proof(country: str, postcode: str, vat_id: str) -> bool:
    """Whether the decision hangs on the VAT id."""
    state = WITHIN.get(country, country)
    return bool(vat_id) and state in EU and state != "DE" and not in_territory(state, postcode)


def in_territory(state: str, postcode: str) -> bool:
    found = TERRITORIES.get(state)
    return bool(found and found.fullmatch("".join(postcode.split())))


def reason(category: str, language: str) -> str:
    """What the invoice must say when no VAT is charged (section 14a UStG; BT-120)."""
    with override(language):
        if category == Category.REVERSE_CHARGE:
            return _("Reverse charge: the recipient of the service owes the VAT.")
        if category == Category.NOT_SUBJECT:
            return _("Not taxable in Germany: the place of supply is where the recipient is (section 3a (2) UStG).")
        return ""


def split_id(vat_id: str) -> tuple[str, str]:
    """Country letters and number, as the register wants them."""
    return (vat_id[:2], vat_id[2:]) if vat_id[:2] in VAT_PREFIX.values() else ("", vat_id)
