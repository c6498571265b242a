"""The operator as seller: its facts from the settings, and what is missing before it may issue."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils.translation import gettext_lazy
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
# A BIC may be missing: an IBAN is enough within SEPA.
NEEDED = ("name", "street", "postcode", "city", "email", "register", "vat_id", "tax_number", "iban")
WORDS = {
    "name": gettext_lazy("the operator's name (OPERATOR_NAME)"),
    "street": gettext_lazy("its street (OPERATOR_STREET)"),
    "postcode": gettext_lazy("its postcode (OPERATOR_POSTCODE)"),
    "city": gettext_lazy("its town (OPERATOR_CITY)"),
    "email": gettext_lazy("its e-mail address (OPERATOR_EMAIL)"),
    "register": gettext_lazy("its register entry (OPERATOR_REGISTER)"),
    "vat_id": gettext_lazy("its VAT id (OPERATOR_VAT_ID)"),
    "tax_number": gettext_lazy("its tax number (OPERATOR_TAX_NUMBER)"),
    "iban": gettext_lazy("its bank account (OPERATOR_IBAN)"),
    "country": gettext_lazy("a seller in Germany (OPERATOR_COUNTRY): the VAT rules here are those of a German seller"),
    "wrong_iban": gettext_lazy("a right IBAN (OPERATOR_IBAN): its check digits do not fit"),
    "wrong_bic": gettext_lazy("a right BIC (OPERATOR_BIC)"),
    "wrong_vat_id": gettext_lazy("a right VAT id (OPERATOR_VAT_ID): it is not a German one"),
}


def seller_facts() -> dict[str, str]:
    """The operator as it is today, to be copied onto an invoice."""
    return {name: str(settings.OPERATOR.get(name, "")) for name in FACTS}


def missing_seller_facts(seller: Mapping[str, str] | None = None) -> list[str]:
    """What has to be set before an invoice may be issued, as keys of WORDS; empty when all is there."""
    facts = seller if seller is not None else seller_facts()
    missing = [name for name in NEEDED if not facts.get(name)]
    wrong = {
        "country": facts.get("country") != "DE",
        "wrong_iban": bool(facts.get("iban")) and not ibans.is_valid(facts["iban"]),
        "wrong_bic": bool(facts.get("bic")) and not bics.is_valid(facts["bic"]),
        "wrong_vat_id": bool(facts.get("vat_id")) and not _is_german(facts["vat_id"]),
    }
    return missing + [name for name, is_wrong in wrong.items() if is_wrong]


def _is_german(vat_id: str) -> bool:
    try:
        return checked(vat_id, "DE") == vat_id
    except InvalidVatId:
        return False


def in_words(missing: list[str]) -> str:
    return "; ".join(str(WORDS[name]) for name in missing)


@register(Tags.security, deploy=True)
def seller_is_complete(**_options: object) -> list[CheckMessage]:
    """An installation may go live without invoices, so this warns."""
    missing = missing_seller_facts()
    if not missing:
        return []
    return [
        Warning(
            f"No invoice can be issued; missing: {in_words(missing)}.",
            hint="Set the operator's variables, see README.",
            id="botschaft.W010",
        )
    ]
