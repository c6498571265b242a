"""The published cards as one, for whoever only looks at prices: the public price list and its calculator."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from billing.markets.models import market_table
from billing.rating import card, models
from billing.rating.models import CardState

CHANNEL_KIND = "whatsapp"
# So long another process may show the prices from before a card was published.
KEPT_FOR = timedelta(minutes=1)
# As the provider writes its rates, unless one is finer.
PLACES = Decimal("0.0001")


_kept: dict[str, tuple[datetime, card.RateCard]] = {}


def public_card() -> card.RateCard:
    """What is published, as this process knew it within the last minute; the shipped card where nothing is."""
    now, kept = timezone.now(), _kept.get(CHANNEL_KIND)
    if kept and timedelta() <= now - kept[0] < KEPT_FOR:
        return kept[1]
    found = _load()
    _kept[CHANNEL_KIND] = (now, found)
    return found


def forget() -> None:
    """A card was published, or another test begins: the next reader asks anew."""
    _kept.clear()


def _load() -> card.RateCard:
    """Of two cards of one day the later revision holds; of tiers, the price of the first message."""
    rates = models.Rate.objects.filter(
        card__channel_kind=CHANNEL_KIND, card__state=CardState.PUBLISHED, tier_from=0
    ).order_by("card__revision", "pk")
    rows = rates.values_list("market", "card__currency", "category", "amount", "card__valid_from", "source")
    found = [
        card.Rate(market, currency, card.Category(category), _shown(amount), valid_from, source)
        for market, currency, category, amount, valid_from, source in rows
    ]
    return card.RateCard(found, market_table(CHANNEL_KIND)) if found else card.whatsapp_card()


def _shown(amount: Decimal) -> Decimal:
    plain = amount.quantize(PLACES)
    return plain if plain == amount else amount.normalize()
