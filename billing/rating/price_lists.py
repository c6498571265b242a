"""Our prices over time: a new list ends the one before it, and nothing is rewritten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.rating.models import ExchangeRate, PriceList, PriceOverride
from tenants.models import Company, User
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused


class LaterList(Exception):
    """There is a list from a later day on, or from the same: choose a day after it."""


@transaction.atomic
def set_prices(
    company: Company | None,
    *,
    currency: str,
    label: str,
    valid_from: date,
    markup_percent: Decimal,
    floor: Decimal = Decimal(0),
    fixed: Mapping[tuple[str, str], Decimal] | None = None,
    by: User | None,
) -> PriceList:
    """How prices are made from a day on, for one company or for all without a list of their own.

    `fixed` holds prices per (market, category); an empty market is every one. Raises LaterList.
    """
    lists = PriceList.objects.select_for_update().filter(company=company, currency=currency)
    if lists.filter(valid_from__gte=valid_from).exists():
        raise LaterList
    lists.filter(valid_to=None).update(valid_to=valid_from - timedelta(days=1))
    made = PriceList.objects.create(
        company=company,
        currency=currency,
        label=label,
        valid_from=valid_from,
        markup_percent=markup_percent,
        floor=floor,
        created_by_id=by.pk if by else None,
    )
    PriceOverride.objects.bulk_create(
        PriceOverride(price_list=made, market=market, category=category, unit_price=price)
        for (market, category), price in (fixed or {}).items()
    )
    since = {"valid_from": valid_from.isoformat(), "markup_percent": str(markup_percent), "floor": str(floor)}
    audit.record(Actor(user=by), "price_list.set", company=company, target=f"{label} ({currency})", after=since)
    return made


@transaction.atomic
def enter_exchange_rate(
    base: str, quote: str, *, valid_from: date, rate: Decimal, source: str, by: User | None
) -> ExchangeRate:
    """What a unit of `base` is in `quote` from a day on. The same twice is one; another rate of one day is Refused."""
    entered, made = ExchangeRate.objects.get_or_create(
        base=base,
        quote=quote,
        valid_from=valid_from,
        defaults={"rate": rate, "source": source, "entered_by_id": by.pk if by else None},
    )
    if entered.rate != rate:
        raise Refused(_("There is another rate for this day already. Choose a later day."), field="valid_from")
    if made:
        told = {"rate": str(rate), "valid_from": valid_from.isoformat()}
        audit.record(Actor(user=by), "exchange_rate.entered", target=f"{base} → {quote}", after=told)
    return entered
