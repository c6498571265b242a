"""What the tags and filters of every template write, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone, translation

from tenants.templatetags import ui

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "german"),
    [
        (Decimal("1284.07"), "EUR", "€1,284.07", f"1.284,07{SPACE}€"),
        (Decimal("0.0550"), "EUR", "€0.0550", f"0,0550{SPACE}€"),
        (Decimal(12), "EUR", "€12.00", f"12,00{SPACE}€"),
        (Decimal("-48.2"), "EUR", f"{MINUS}€48.20", f"{MINUS}48,20{SPACE}€"),
        (Decimal(5), "CHF", f"CHF{SPACE}5.00", f"5,00{SPACE}CHF"),
        (Decimal(900), "JPY", "JP¥900", f"900{SPACE}¥"),
    ],
)
def test_money_keeps_its_precision_and_never_breaks(amount: Decimal, currency: str, english: str, german: str) -> None:
    with translation.override("en"):
        assert ui.money(amount, currency) == english
    with translation.override("de"):
        assert ui.money(amount, currency) == german


def test_what_is_not_there_is_not_zero() -> None:
    assert ui.money(None, "EUR") == ""
    assert ui.number("") == ""
    assert ui.percent(None) == ""


def test_an_iban_reads_in_fours() -> None:
    assert ui.iban("DE02120300000000202051") == "DE02 1203 0000 0000 2020 51"
    assert ui.iban(None) == ""


def test_numbers_follow_the_language() -> None:
    with translation.override("de"):
        assert ui.number(12480) == "12.480"
        assert ui.number(Decimal("3.14159"), 2) == "3,14"
        assert ui.percent(Decimal("0.982"), 1) == f"98,2{SPACE}%"
        assert ui.file_size(184_320) == f"184{SPACE}kB"


def test_a_day_near_to_today_has_its_name() -> None:
    today = timezone.localdate()
    with translation.override("en"):
        assert ui.day(today) == "Today"
        assert ui.day(today - timedelta(days=1)) == "Yesterday"
        assert ui.day(today - timedelta(days=3)) == (today - timedelta(days=3)).strftime("%A")
        assert ui.day(date(2019, 7, 3)) == "Wed, 3 Jul 2019"


def test_a_time_is_told_in_the_readers_zone() -> None:
    moment = datetime(2026, 7, 3, 12, 5, tzinfo=UTC)
    with timezone.override("Europe/Berlin"), translation.override("en"):
        assert ui.date_time(moment) == "3 Jul 2026, 14:05"
        assert ui.clock(moment) == "14:05"
    with timezone.override("Europe/Berlin"), translation.override("de"):
        assert ui.short_date(moment) == "03.07.2026"


def test_a_relative_time_carries_the_exact_one() -> None:
    with translation.override("en"):
        assert ">5 minutes ago<" in ui.time_ago(timezone.now() - timedelta(minutes=5, seconds=10))
        assert ui.time_ago(None) == ""


def test_an_icon_without_a_word_beside_it_has_a_name() -> None:
    assert 'aria-hidden="true"' in ui.icon("send")
    assert 'role="img" aria-label="Send"' in ui.icon("send", label="Send")


def test_icons_escape_their_names() -> None:
    assert "<script>" not in ui.icon("send", label='"><script>')


def test_initials_are_at_most_two_letters() -> None:
    assert ui.initials("Ólafur Þór Jónsson") == "ÓJ"
    assert ui.initials(SimpleNamespace(name="Paketladen Hansen")) == "PH"
    assert ui.initials("+49 151 5550 4711") == ""


def test_the_same_name_has_the_same_tone() -> None:
    assert ui.avatar("Meike Albrecht") == ui.avatar(SimpleNamespace(name="Meike Albrecht"))


def test_only_an_address_of_ours_can_be_an_undo() -> None:
    assert ui.undo_url(SimpleNamespace(extra_tags="undo:/contacts/k1/restore/")) == "/contacts/k1/restore/"
    assert ui.undo_url(SimpleNamespace(extra_tags="undo:https://elsewhere.example/")) == ""
    assert ui.undo_url(SimpleNamespace(extra_tags="undo://elsewhere.example/")) == ""


def test_a_ring_empties_and_turns_red_at_the_end() -> None:
    assert "ring-open" in ui.ring(0.5, "half")
    assert "ring-closing" in ui.ring(0.1, "soon")
    assert "ring-closed" in ui.ring(0, "closed")
