"""What a broadcast is told before it is sent follows the published markets, as its invoice will."""

from __future__ import annotations

from datetime import UTC, date, datetime

from billing.plans import quotes
from billing.rating.cards import move_markets
from billing.usage.metering import record_usage
from billing.usage.models import UsageRecord
from tenants.models import Company
from tests.billing.metered import FRENCH, NOVEMBER, fact

# Midnight in Berlin is 23:00 in Greenwich.
BEFORE, AFTER = datetime(2026, 10, 31, 22, 59, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_a_country_that_a_published_card_moves_is_asked_for_in_its_new_market(acme: Company) -> None:
    move_markets("whatsapp", {"Europe": ["33", "49"], "Other": [""]}, date(2026, 11, 1))
    for at, market in ((BEFORE, "France"), (AFTER, "Europe")):
        record_usage(acme, [fact(f"m{at.hour}", address=FRENCH, occurred_at=at)])
        assert UsageRecord.objects.get(occurred_at=at).market == market
        assert quotes.prefixes_at(at)["33"] == market
        assert quotes.by_market({"FR": 2, "Peru": 4}, at=at) == {market: 2, "Peru": 4}
    asked = quotes.quote(acme, {"FR": 1, "Europe": 1}, "marketing", number="1065", now=NOVEMBER)
    assert [(line.market, line.number) for line in asked.lines] == [("Europe", 2)]


def test_numbers_of_no_prefix_are_of_other(db: None) -> None:
    assert "" not in quotes.prefixes_at(NOVEMBER)
    assert quotes.by_market({"LU": 1, "Other": 1}, at=NOVEMBER) == {"Other": 2}
