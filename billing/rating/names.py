"""Markets in the reader's language. The provider's English name stays the key."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_lazy as _

MARKET_NAMES = {
    "Argentina": _("Argentina"),
    "Bangladesh": _("Bangladesh"),
    "Brazil": _("Brazil"),
    "Chile": _("Chile"),
    "Colombia": _("Colombia"),
    "Egypt": _("Egypt"),
    "France": _("France"),
    "Germany": _("Germany"),
    "Hong Kong": _("Hong Kong"),
    "Hungary": _("Hungary"),
    "India": _("India"),
    "Indonesia": _("Indonesia"),
    "Iraq": _("Iraq"),
    "Israel": _("Israel"),
    "Italy": _("Italy"),
    "Kazakhstan": _("Kazakhstan"),
    "Kuwait": _("Kuwait"),
    "Malaysia": _("Malaysia"),
    "Mexico": _("Mexico"),
    "Morocco": _("Morocco"),
    "Nepal": _("Nepal"),
    "Netherlands": _("Netherlands"),
    "Nigeria": _("Nigeria"),
    "North America": _("North America"),
    "Oman": _("Oman"),
    "Other": _("Other countries"),
    "Pakistan": _("Pakistan"),
    "Peru": _("Peru"),
    "Poland": _("Poland"),
    "Qatar": _("Qatar"),
    "Rest of Africa": _("Rest of Africa"),
    "Rest of Asia Pacific": _("Rest of Asia Pacific"),
    "Rest of Central & Eastern Europe": _("Rest of Central & Eastern Europe"),
    "Rest of Latin America": _("Rest of Latin America"),
    "Rest of Middle East": _("Rest of Middle East"),
    "Rest of Western Europe": _("Rest of Western Europe"),
    "Romania": _("Romania"),
    "Russia": _("Russia"),
    "Saudi Arabia": _("Saudi Arabia"),
    "Singapore": _("Singapore"),
    "South Africa": _("South Africa"),
    "Spain": _("Spain"),
    "Sri Lanka": _("Sri Lanka"),
    "Turkey": _("Turkey"),
    "Ukraine": _("Ukraine"),
    "United Arab Emirates": _("United Arab Emirates"),
    "United Kingdom": _("United Kingdom"),
}
REGIONS = frozenset(name for name in MARKET_NAMES if name.startswith("Rest of ") or name in {"North America", "Other"})


def market_name(market: str) -> str:
    """The market in the reader's language; one we have no word for keeps the provider's name."""
    return str(MARKET_NAMES.get(market, market))


def fold(text: str) -> str:
    """Text as it is looked for: without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
