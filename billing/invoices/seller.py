"""The operator as seller: its facts from the settings, and what is missing before it may issue."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils.translation import gettext as _, gettext_lazy
from stdnum import bic as bics, iban as ibans

from tenants.lib.vat_ids import InvalidVatId, checked

FACTS = (
    "name",
    "street",
    "postcode",
    "city",
    "country",
    "email",
    "register",
    "directors",
    "vat_id",
    "tax_number",
    "iban",
    "bic",
)
# bic may be missing: an IBAN is enough within SEPA.
NEEDED = {
    "name": gettext_lazy("the operator's name (OPERATOR_NAME)"),
    "street": gettext_lazy("its street (OPERATOR_STREET)"),
    "postcode": gettext_lazy("its postcode (OPERATOR_POSTCODE)"),
    "city": gettext_lazy("its town (OPERATOR_CITY)"),
    "email": gettext_lazy("its e-mail address (OPERATOR_EMAIL)"),
    "register": gettext_lazy("its register entry (OPERATOR_REGISTER)"),
    "vat_id": gettext_lazy("its VAT id (OPERATOR_VAT_ID)"),
    "tax_number": gettext_lazy("its tax number (OPERATOR_TAX_NUMBER)"),
    "iban": gettext_lazy("its bank account (OPERATOR_IBAN)"),
}


def seller_facts() -> dict[str, str]:
    """The operator as it is today, to be copied onto an invoice."""
    return {name: str(settings.OPERATOR.get(name, "")) for name in FACTS}


def missing_seller_facts(seller: Mapping[str, str] | None = None) -> list[str]:
    """What has to be set before an invoice may be issued, in words; empty when all is there."""
    facts = seller if seller is not None else seller_facts()
    missing = [str(words) for name, words in NEEDED.items() if not facts.get(name)]
    if facts.get("country") != "DE":
        missing.append(_("a seller in Germany (OPERATOR_COUNTRY): the VAT rules here are those of a German seller"))
    if facts.get("iban") and not ibans.is_valid(facts["iban"]):
        missing.append(_("a right IBAN (OPERATOR_IBAN): its check digits do not fit"))
    if facts.get("bic") and not bics.is_valid(facts["bic"]):
        missing.append(_("a right BIC (OPERATOR_BIC)"))
    return missing + _vat_id_problem(facts)


def _vat_id_problem(facts: Mapping[str, str]) -> list[str]:
    if not facts.get("vat_id") or facts.get("country") != "DE":
        return []
    try:
        checked(facts["vat_id"], "DE")
    except InvalidVatId:
        return [_("a right VAT id (OPERATOR_VAT_ID): it is not a German one")]
    return []


@register(Tags.security, deploy=True)
def seller_is_complete(**_options: object) -> list[CheckMessage]:
    """An installation may go live without invoices, so this warns."""
    missing = missing_seller_facts()
    if not missing:
        return []
    return [
        Warning(
            f"No invoice can be issued; missing: {', '.join(missing)}.",
            hint="Set the operator's variables, see README.",
            id="botschaft.W010",
        )
    ]
