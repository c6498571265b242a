"""Which exchange rates are needed, and which of them are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing.plans.models import Subscription
from billing.rating.models import CardState, ExchangeRate, PriceList, RateCard
from billing.rating.tariff import FALLBACK

# Older than this a rate is worth a look.
OLD = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two currencies that have to be converted, and the rate of today, if there is one."""

    base: str
    quote: str
    rate: ExchangeRate | None

    def is_old(self, today: date) -> bool:
        return self.rate is not None and today - self.rate.valid_from > OLD


def pairs_needed(today: date) -> list[Pair]:
    """From the currency that cards fall back on to each one that companies are charged in. Four queries."""
    charged = set(Subscription.objects.on(today).values_list("currency", flat=True))
    charged |= set(PriceList.objects.values_list("currency", flat=True))
    has_fallback = RateCard.objects.filter(currency=FALLBACK, state=CardState.PUBLISHED).exists()
    if not has_fallback:
        return []
    held = ExchangeRate.objects.filter(base=FALLBACK, valid_from__lte=today).order_by("valid_from")
    latest = {row.quote: row for row in held}
    return [Pair(FALLBACK, quote, latest.get(quote)) for quote in sorted(charged - {FALLBACK})]
