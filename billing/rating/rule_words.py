"""The provider's rules, and why a message got its price, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _, gettext_lazy

from billing.rating.rate import CHARGED, INCLUDED
from billing.rating.rules import Free, Rules
from tenants.templatetags import ui

WHY = {
    CHARGED: gettext_lazy("Charged: the provider's price, and ours made from it."),
    INCLUDED: gettext_lazy("The provider charges it; the plan includes it."),
    Free.ENTRY_POINT: gettext_lazy("Free: the conversation began with an ad or a page's button."),
    Free.SERVICE: gettext_lazy("Free: service messages cost nothing under these rules."),
    Free.ALLOWANCE: gettext_lazy("Free: one of the number's free service messages of the month."),
    Free.WINDOW: gettext_lazy("Free: sent inside the customer service window under the rules of then."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


def rule_in_words(rule_ref: str) -> str:
    """Of a reference such as 2026-10-01/charged; empty for what no rule prices."""
    _day, _slash, word = rule_ref.partition("/")
    return str(WHY.get(word, ""))


def rules_in_words(rules: Rules) -> list[str]:
    """What holds under a set of rules, sentence by sentence."""
    free = {"count": number_format(rules.free_service_per_number_and_month)}
    return [
        _("Marketing and authentication templates are charged when they are delivered."),
        _("Utility templates are free inside the customer service window.")
        if rules.utility_in_window_is_free
        else _("Utility templates are charged, inside the customer service window too."),
        _("Service messages cost what utility costs; the first %(count)s of a number and month are free.") % free
        if rules.service_is_charged
        else _("Service messages are free."),
        _("What follows an ad or a page's button within 72 hours is free."),
    ]


def explained(facts: Mapping[str, str]) -> list[Fact]:
    """The facts of a rated line: rule, card, rate, volume, exchange."""
    told = [Fact(_("Rule"), str(WHY.get(str(facts.get("rule", "")), "")))]
    if facts.get("card"):
        told.append(Fact(_("Rate card"), facts["card"]))
        told.append(Fact(_("The provider's rate"), ui.rate(*facts["rate"].split(" "))))
        told.append(Fact(_("Volume"), volume(facts.get("tier", "0:"))))
        if Decimal(facts.get("exchange", "1")) != 1:
            told.append(Fact(_("Exchange rate"), number_format(Decimal(facts["exchange"]))))
    return told


def volume(tier: str) -> str:
    """0:250000 as words."""
    first, _colon, last = tier.partition(":")
    if not last:
        return _("any number") if first == "0" else _("above %(first)s") % {"first": number_format(int(first))}
    return _("%(first)s to %(last)s") % {"first": number_format(int(first) + 1), "last": number_format(int(last))}
