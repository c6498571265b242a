"""Why a message cost nothing, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from billing.rating.rate import INCLUDED, RatedUsage
from billing.rating.rules import Free

WORDS = {
    Free.ENTRY_POINT: lambda: _("the person came by an advertisement"),
    Free.SERVICE: lambda: _("answers cost nothing"),
    Free.ALLOWANCE: lambda: _("one of the month's free messages"),
    Free.WINDOW: lambda: _("the person had written within 24 hours"),
    INCLUDED: lambda: _("included in what you pay each month"),
}


def reason_of(rated: RatedUsage) -> str:
    """'' for a message that costs something."""
    rule = rated.explanation.get("rule", "")
    return str(WORDS[rule]()) if rule in WORDS else ""
