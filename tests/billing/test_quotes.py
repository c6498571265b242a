"""What a broadcast is told before it is sent follows the published markets, as its invoice will."""

from __future__ import annotations

from datetime import date

from billing.plans import quotes
from billing.rating.cards import move_markets
from billing.usage.metering import record_usage
from billing.usage.models import UsageRecord
from tenants.models import Company
from tests.billing.metered import FRENCH, NOVEMBER, fact

BEFORE, DAY = date(2026, 10, 31), date(2026, 11, 1)


def test_a_country_that_a_published_card_moves_is_asked_for_in_its_new_market(acme: Company) -> None:
    move_markets("whatsapp", {"Europe": ["33", "49"], "Other": [""]}, DAY)
    record_usage(acme, [fact(address=FRENCH)])
    assert UsageRecord.objects.get().market == "Europe"
    assert (quotes.prefixes_on(BEFORE)["33"], quotes.prefixes_on(DAY)["33"]) == ("France", "Europe")
    assert quotes.by_market({"FR": 2, "DE": 1, "Peru": 4}, DAY) == {"Europe": 3, "Peru": 4}
    asked = quotes.quote(acme, {"FR": 1, "Europe": 1}, "marketing", number="1065", now=NOVEMBER)
    assert [(line.market, line.number) for line in asked.lines] == [("Europe", 2)]


def test_numbers_of_no_prefix_are_of_other(acme: Company) -> None:
    assert "" not in quotes.prefixes_on(DAY)
    assert quotes.by_market({"LU": 1, "Other": 1}, DAY) == {"Other": 2}
