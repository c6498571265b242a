"""What a broken rule means, for the person who can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a document does that it must not. `words` are the rule's own, English and technical."""

    rule: str
    place: str
    words: str
    fatal: bool = True


# The rules a company's or our own data can break; any other is a mistake of ours and told in the rule's own words.
WORDS = {
    "XSD": gettext_lazy("The e-invoice is not well formed."),
    "OWN-NET": gettext_lazy("A line's amount is not its quantity times its price."),
    "OWN-VAT": gettext_lazy("A VAT amount is not its rate on the sum of its lines, to the cent."),
    "OWN-DUE": gettext_lazy("The invoice has no due date."),
    "OWN-DUE-BEFORE": gettext_lazy("The due date lies before the issue date."),
    "OWN-PERIOD": gettext_lazy("A line's period of service ends before it begins."),
    "OWN-ADDRESS": gettext_lazy("Street, postcode and town of both sides must be on an invoice."),
    "OWN-FONT": gettext_lazy("The invoice's font lacks a letter of the text."),
    "BR-06": gettext_lazy("The seller's name is missing."),
    "BR-07": gettext_lazy("The buyer's name is missing."),
    "BR-09": gettext_lazy("The seller's country is missing."),
    "BR-11": gettext_lazy("The buyer's country is missing."),
    "BR-16": gettext_lazy("An invoice needs at least one line."),
    "BR-25": gettext_lazy("A line says nothing about what was done."),
    "BR-27": gettext_lazy("A price is below zero; a credit has a negative quantity instead."),
    "BR-CO-09": gettext_lazy("A VAT id lacks its country letters."),
    "BR-CO-10": gettext_lazy("The sum of the lines is not the sum of their amounts."),
    "BR-CO-13": gettext_lazy("The net amount does not follow from the lines."),
    "BR-CO-14": gettext_lazy("The VAT amount is not the sum of its parts."),
    "BR-CO-15": gettext_lazy("The gross amount is not net and VAT together."),
    "BR-CO-16": gettext_lazy("The amount due does not follow from the gross amount."),
    "BR-CO-17": gettext_lazy("A VAT amount does not follow from its net amount and rate."),
    "BR-CO-26": gettext_lazy("The seller has neither a VAT id nor a register number."),
    "BR-S-02": gettext_lazy("Without the seller's VAT id or tax number no VAT may be charged."),
    "BR-S-08": gettext_lazy("The net amount of a VAT rate is not the sum of its lines."),
    "BR-S-09": gettext_lazy("The VAT of a rate does not follow from its net amount."),
    "BR-AE-02": gettext_lazy("Reverse charge needs the VAT ids of both sides."),
    "BR-AE-05": gettext_lazy("Reverse charge has no VAT rate."),
    "BR-AE-10": gettext_lazy("Reverse charge must be named as the reason why no VAT is charged."),
    "BR-O-02": gettext_lazy("A service that is not taxable here must not name a VAT id."),
    "BR-O-10": gettext_lazy("The reason why the service is not taxable here is missing."),
    "BR-O-11": gettext_lazy("What is not taxable here cannot be on one invoice with what is."),
}


def in_words(finding: Finding) -> str:
    """One sentence for people, with the rule's name to look it up by."""
    if finding.rule in WORDS:
        return _("%(words)s (%(rule)s)") % {"words": WORDS[finding.rule], "rule": finding.rule}
    return _("The e-invoice breaks the rule %(rule)s: %(words)s") % {"rule": finding.rule, "words": finding.words}
