"""The public rate table: found by name, country or calling code."""

from __future__ import annotations

import pytest

from billing.rating.card import whatsapp_card
from billing.rating.price_table import PriceTable, price_table
from tests.billing.cards import TODAY, card


def asked(query: str = "", *, currency: str = "USD", language: str = "en") -> PriceTable:
    return price_table(whatsapp_card(), currency=currency, on_date=TODAY, language=language, query=query)


def names(table: PriceTable) -> list[str]:
    return [row.market.name for row in table.rows]


def test_every_market_of_today_stands_in_it_once() -> None:
    table = asked()
    assert sorted(names(table)) == [market.name for market in whatsapp_card().markets(TODAY)]
    assert table.is_complete
    assert names(table)[-1] == "Other"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("germany", ["Germany"]),
        ("  Germany ", ["Germany"]),
        ("+49", ["Germany"]),
        ("0049", ["Germany"]),
        ("+49 30 1234", ["Germany"]),
        ("43", ["Rest of Western Europe"]),
        ("Austria", ["Rest of Western Europe"]),
        ("82", ["Other"]),
        ("turkiye", ["Turkey"]),
        ("Atlantis", []),
    ],
)
def test_a_market_is_found_by_name_country_or_calling_code(query: str, found: list[str]) -> None:
    assert names(asked(query)) == found


def test_accents_do_not_hide_a_country() -> None:
    (row,) = asked("osterreich", language="de").rows
    assert row.matches == ["Österreich"]


def test_markets_without_a_price_are_named_apart() -> None:
    table = asked(currency="EUR")
    assert (table.held, table.total) == (13, 47)
    assert "Germany" in table.without_price
    assert "Germany" not in names(table)


def test_each_source_stands_there_once() -> None:
    table = price_table(
        card(
            "Germany,49,EUR,marketing,0.1,2026-10-01,a list",
            "France,33,EUR,marketing,0.1,2026-10-01,a list",
            "France,33,EUR,utility,0.1,2026-10-01,a letter",
        ),
        currency="EUR",
        on_date=TODAY,
        language="en",
    )
    assert sorted(table.sources) == ["a letter", "a list"]
    notes = {row.market.name: [table.sources[note - 1] for note in row.notes] for row in table.rows}
    assert sorted(notes["France"]) == ["a letter", "a list"]
    assert notes["Germany"] == ["a list"]
