"""What a month waits for and what a reviewer should look at, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from billing.einvoice.rule_words import Finding, in_words
from billing.invoices import seller
from billing.invoices.models import BillingProfile
from billing.rating.problems import Problem

WORDS = {
    "nothing_to_bill": gettext_lazy("Nothing to bill in this month."),
    "nothing_left": gettext_lazy("Nothing is left to bill. Collect the month again."),
    "below_zero": gettext_lazy("Credits are larger than what is charged (%(amount)s). Give them back by a correction."),
    "approved_already": gettext_lazy("The draft of this month is approved already."),
    "billed_before": gettext_lazy("The charge %(key)s is on invoice %(number)s already."),
    "currencies": gettext_lazy("Charges in several currencies (%(currencies)s) cannot be on one invoice."),
    "tax_currency": gettext_lazy("German VAT has to be charged in euros, and these charges are in %(currency)s."),
    "too_fine": gettext_lazy("A price or quantity has more than six places: %(value)s."),
    "seller": gettext_lazy("Before an invoice can be issued, set: %(missing)s."),
    "buyer": gettext_lazy("The company's invoice details lack: %(fields)s."),
    "recipients": gettext_lazy("Nobody is there to get the invoice: the company has no address for invoices."),
    "vat_check": gettext_lazy("The VAT register has not answered about %(vat_id)s yet. It is asked again by itself."),
    "rules_not_run": gettext_lazy("The official rules could not be run (%(error)s). It is tried again by itself."),
    "not_approved": gettext_lazy("The approval was taken back, or its VAT proof is too old. Collect the month again."),
    "not_sent": gettext_lazy("The invoice did not reach %(recipients)s. Correct the address and send it again."),
    "jump": gettext_lazy("%(percent)s %% against invoice %(number)s (%(amount)s)."),
    "margin": gettext_lazy("Costs more than it brings: line %(positions)s."),
    "credited": gettext_lazy("Below zero: line %(positions)s."),
}


def words_of(entry: Mapping[str, Any]) -> str:
    """One block or note as a sentence. Refusals bring their own words."""
    if "words" in entry:
        return str(entry["words"])
    if entry["code"] == "rating":
        facts = {name: value for name, value in entry.items() if name != "code"}
        return Problem(**{**facts, "day": date.fromisoformat(entry["day"])}).words()
    if entry["code"] == "rules":
        findings = [Finding(found["rule"], found["place"], found["words"]) for found in entry["findings"]]
        return " ".join(dict.fromkeys(in_words(finding) for finding in findings))
    facts = {name: _listed(name, value) for name, value in entry.items()}
    return str(WORDS[entry["code"]]) % facts


def _listed(name: str, value: Any) -> str:
    if name == "fields":
        return ", ".join(str(getattr(BillingProfile._meta.get_field(field), "verbose_name", field)) for field in value)
    if name == "missing":
        return seller.in_words(value)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value) if value != "" else _("nothing")
