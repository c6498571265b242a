"""Keys of usage as people read them: markets, categories, origins, and how a price is written."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.rating.names import market_name
from billing.rating.rate import known_category
from billing.usage.models import Origin

# The same colour for a category wherever it is drawn.
TONES = {"utility": 1, "marketing": 2, "service": 3, "authentication": 4, "authentication-international": 5}
OTHER_TONE = 6


def market_of(market: str) -> str:
    return market_name(market) if market else _("Market not known")


def category_of(category: str) -> str:
    """The category in words; the provider's own word when it is none of ours."""
    known = known_category(category)
    return str(known.label) if known else category


def origin_of(origin: str) -> str:
    return str(Origin(origin).label) if origin in Origin.values else origin


def by_tone(category: str) -> tuple[int, str]:
    return TONES.get(category, OTHER_TONE), category


def short_price(price: Decimal | None) -> Decimal | None:
    """With the places it needs, at least two."""
    if price is None:
        return None
    short = price.normalize()
    return short if int(short.as_tuple().exponent) <= -2 else price.quantize(Decimal("0.01"))
