"""What a provider's error code means: one table per kind of channel, decided on by the code alone."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from messaging.channels import error_table_ours, error_table_whatsapp
from messaging.channels.error_rules import ErrorClass, ErrorRule, Mender, Retry

__all__ = ["ErrorClass", "ErrorRule", "Mender", "Retry", "rule_for"]

# Refused for a reason nobody told us: trying again blindly could go on for ever, so a person looks at it.
UNKNOWN = ErrorRule(
    codes=[],
    means=ErrorClass.NEVER,
    mender=Mender.STAFF,
    what=_("The provider refused the message for a reason we do not know yet."),
    todo=_("Write it anew later. If it happens again, give the operator the error code."),
)

TABLES: Mapping[str, Mapping[str, ErrorRule]] = {
    "whatsapp": {code: rule for rule in error_table_whatsapp.ROWS for code in rule.codes},
}
OURS: Mapping[str, ErrorRule] = {code: rule for rule in error_table_ours.ROWS for code in rule.codes}


def rule_for(kind: str, code: str) -> ErrorRule:
    """The row of a code; a refusal without a code of its own, and what we refuse ourselves, count for every kind."""
    return TABLES.get(kind, {}).get(code) or OURS.get(code) or UNKNOWN
