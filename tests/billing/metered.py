"""Usage as messaging would tell it, and a small tariff whose prices are easy to reckon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.plans.models import Plan, Subscription
from billing.plans.services import subscribe
from billing.rating.card import Category
from billing.rating.lines import refresh
from billing.rating.models import CardState, ExchangeRate, PriceList, Rate, RateCard
from billing.rating.tariff import Conversion, PriceRule, Prices, Step, Tariff
from billing.usage.metering import UsageFact, record_usage
from tenants.models import Company

GERMAN, FRENCH, NOWHERE = "+4915112345678", "+33612345678", ""
NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
START = date(2026, 10, 1)


def fact(message: str = "m1", **fields: Any) -> UsageFact:
    """A marketing message that a German number got in November, as the provider reported it."""
    values: dict[str, Any] = {
        "message_public_id": message,
        "conversation_public_id": "c1",
        "channel_kind": "whatsapp",
        "channel_public_id": "channel",
        "number": "1065",
        "address": GERMAN,
        "category": "marketing",
        "pricing_type": "regular",
        "verified": True,
        "origin": "broadcast",
        "occurred_at": NOVEMBER,
        **fields,
    }
    return UsageFact(**values)


def use(company: Company, quantity: int, *, prefix: str = "m", **fields: Any) -> int:
    """So many messages of one kind."""
    return record_usage(company, [fact(f"{prefix}{number}", **fields) for number in range(quantity)])


def rated(company: Company, *, now: datetime = NOVEMBER) -> None:
    """Bring days and lines up to date."""
    refresh(company, now=now)


def on_plan(company: Company, *, since: date = date(2025, 7, 1), **figures: Any) -> Subscription:
    """A plan without any fee, so that only messages cost."""
    values = {"monthly_fee": 0, "seats": 10, "extra_seat_fee": 0, "message_fee": 0, "is_public": False, **figures}
    included = values.pop("included", None)
    plan = Plan.objects.create(code=f"test-{Plan.objects.count()}", name="Test", **values)
    return subscribe(company, plan, since=since, included=included)


def publish(
    rates: Iterable[tuple[str, str, str]], *, valid_from: date = START, currency: str = "EUR", revision: int = 1
) -> RateCard:
    """A card of (market, category, amount), published past its approval."""
    card = RateCard.objects.create(
        channel_kind="whatsapp",
        currency=currency,
        label=f"{valid_from} test",
        valid_from=valid_from,
        revision=revision,
        is_partial=True,
        file_hash="0" * 64,
    )
    Rate.objects.bulk_create(
        Rate(card=card, market=market, category=category, amount=Decimal(amount)) for market, category, amount in rates
    )
    card.state, card.published_at = CardState.PUBLISHED, NOVEMBER
    card.save()
    return card


def dollars(rate: str = "0.90", *, since: date = date(2025, 7, 1)) -> ExchangeRate:
    return ExchangeRate.objects.create(base="USD", quote="EUR", valid_from=since, rate=Decimal(rate), source="test")


def own_prices(company: Company, markup: str, *, since: date, until: date | None = None) -> PriceList:
    return PriceList.objects.create(
        company=company,
        currency="EUR",
        label="own",
        markup_percent=Decimal(markup),
        valid_from=since,
        valid_to=until,
    )


def tariff(*steps: tuple[str, str, str], exchange: str = "", **fields: Any) -> Tariff:
    """Rates of (market, category, amount) in euro, as values alone."""
    values = {"currency": "EUR", "valid_from": date(2025, 7, 1), **fields}
    made = [
        (market, Category(category), Step(rate_id=str(number), card="test", amount=Decimal(amount), **values))
        for number, (market, category, amount) in enumerate(steps, start=1)
    ]
    return Tariff(made, [("USD", "EUR", Conversion(Decimal(exchange), date(2025, 7, 1)))] if exchange else [])


def prices(markup: str = "0", floor: str = "0", **fields: Any) -> Prices:
    rule = PriceRule("list", "EUR", Decimal(markup), Decimal(floor), date(2025, 7, 1), **fields)
    return Prices("EUR", common=[rule])
