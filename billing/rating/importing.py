"""A provider's card from a file: refused as a whole with every line that is wrong, kept as a draft otherwise."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.markets.csv_rows import (
    CardError,
    Cells,
    at_line,
    currency_of,
    day_of,
    decimal_of,
    market_of,
    prefixes_of,
    read_rows,
    text_of,
)
from billing.markets.models import market_table
from billing.markets.table import OTHER
from billing.rating.card import Category, category_of
from billing.rating.models import Rate, RateCard, hold_cards
from tenants.models import User
from tenants.services import audit
from tenants.services.audit import Actor

PLAIN = ("market", "country_codes", "currency", "category", "rate", "effective_from", "source")
TIERED = (*PLAIN, "tier_from", "tier_to")
# What every market must have a rate for, unless the file is known to be a part; service follows utility.
NEEDED = (Category.MARKETING, Category.UTILITY, Category.AUTHENTICATION)
LARGEST = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    market: str
    prefixes: frozenset[str]
    currency: str
    category: Category
    amount: Decimal
    valid_from: date
    source: str
    tier_from: int = 0
    tier_to: int | None = None


def read_card(
    data: bytes, *, channel_kind: str, currency: str, valid_from: date, is_partial: bool = False
) -> list[tuple[int, Row]]:
    """The lines of a file that is right throughout, each with its number. Raises CardError."""
    text = decoded(data)
    tiered = text.partition("\n")[0].rstrip("\r").split(",") == list(TIERED)
    rows = read_rows(text, TIERED if tiered else PLAIN, row_of)
    problems = [
        *expected(rows, currency, valid_from),
        *doubled(rows),
        *overlapping(rows),
        *strangers(rows, channel_kind, valid_from, is_partial=is_partial),
        *([] if is_partial else holes(rows)),
    ]
    if not rows:
        problems.append(at_line(1, _("there is no rate below the columns")))
    if problems:
        raise CardError(problems)
    return rows


@transaction.atomic
def import_card(
    data: bytes,
    *,
    channel_kind: str,
    currency: str,
    label: str,
    valid_from: date,
    is_partial: bool = False,
    by: User | None,
) -> RateCard:
    """A draft with the rates of the file. Raises CardError."""
    rows = read_card(data, channel_kind=channel_kind, currency=currency, valid_from=valid_from, is_partial=is_partial)
    # Two files of one day that come at once are two revisions.
    hold_cards(channel_kind)
    same_day = RateCard.objects.filter(channel_kind=channel_kind, currency=currency, valid_from=valid_from)
    card = RateCard.objects.create(
        channel_kind=channel_kind,
        currency=currency,
        label=label,
        valid_from=valid_from,
        revision=(same_day.order_by("-revision").values_list("revision", flat=True).first() or 0) + 1,
        memberships={row.market: sorted(row.prefixes) for _line, row in rows},
        is_partial=is_partial,
        file_hash=hashlib.sha256(data).hexdigest(),
        imported_by_id=by.pk if by else None,
    )
    Rate.objects.bulk_create(
        Rate(
            card=card,
            market=row.market,
            category=row.category,
            tier_from=row.tier_from,
            tier_to=row.tier_to,
            amount=row.amount,
            source=row.source[:200],
        )
        for _line, row in rows
    )
    audit.record(Actor(user=by), "rate_card.imported", target=str(card))
    return card


def decoded(data: bytes) -> str:
    if len(data) > LARGEST:
        raise CardError([_("The file is larger than a rate card can be.")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CardError([at_line(line, _("this is not UTF-8: save the file as “CSV UTF-8”"))]) from error


def row_of(cells: Cells) -> Row:
    first, last = cells.get("tier_from", ""), cells.get("tier_to", "")
    return Row(
        market=market_of(cells["market"]),
        prefixes=frozenset(prefixes_of(cells["country_codes"])),
        currency=currency_of(cells["currency"]),
        category=category_of(cells["category"]),
        amount=decimal_of(cells["rate"]),
        valid_from=day_of(cells["effective_from"]),
        source=text_of(cells["source"]),
        tier_from=volume_of(first) if first else 0,
        tier_to=volume_of(last) if last and last != "MAX" else None,
    )


def volume_of(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError(_("“%(text)s” is not a volume such as 25000000") % {"text": text})
    return int(text)


def expected(rows: Iterable[tuple[int, Row]], currency: str, valid_from: date) -> Iterable[str]:
    for line, row in rows:
        if row.currency != currency:
            yield at_line(line, _("the card is in %(currency)s") % {"currency": currency})
        if row.valid_from != valid_from:
            yield at_line(line, _("the card begins on %(day)s") % {"day": valid_from.isoformat()})


def doubled(rows: Iterable[tuple[int, Row]]) -> Iterable[str]:
    """One membership per market; one market per prefix."""
    markets: dict[str, frozenset[str]] = {}
    owners: dict[str, str] = {}
    for line, row in rows:
        if markets.setdefault(row.market, row.prefixes) != row.prefixes:
            yield at_line(line, _("this market has other prefixes further up"))
        for prefix in sorted(row.prefixes):
            if owners.setdefault(prefix, row.market) != row.market:
                yield at_line(
                    line, _("prefix %(prefix)s already has a market at that time") % {"prefix": prefix or "*"}
                )


def overlapping(rows: Iterable[tuple[int, Row]]) -> Iterable[str]:
    """The volumes of a market and category follow each other from nothing to any number."""
    ladders: dict[tuple[str, Category], list[tuple[int, Row]]] = defaultdict(list)
    for line, row in rows:
        ladders[row.market, row.category].append((line, row))
    for ladder in ladders.values():
        at: int | None = 0
        for line, row in sorted(ladder, key=lambda entry: (entry[1].tier_from, entry[0])):
            if at is None or row.tier_from < at:
                yield at_line(line, _("these volumes already have a rate"))
            elif row.tier_from > at:
                yield at_line(line, _("the volumes below these have no rate"))
            if row.tier_to is not None and row.tier_to <= row.tier_from:
                yield at_line(line, _("it ends before it begins"))
            at = row.tier_to
        if at is not None:
            yield at_line(ladder[-1][0], _("the volumes above these have no rate"))


def strangers(rows: list[tuple[int, Row]], channel_kind: str, valid_from: date, *, is_partial: bool) -> Iterable[str]:
    """A part of a card may not move countries from market to market; a whole one says where all the others belong."""
    if not is_partial:
        if rows and not any("" in row.prefixes and row.market == OTHER for _line, row in rows):
            yield at_line(rows[-1][0], _("“*”, every other number, must belong to “Other”"))
        return
    known = {market.name: frozenset(market.prefixes) for market in market_table(channel_kind).markets(valid_from)}
    for line, row in rows:
        if known.get(row.market) != row.prefixes:
            yield at_line(line, _("these prefixes are not those of the market on that day"))


def holes(rows: list[tuple[int, Row]]) -> Iterable[str]:
    """A whole card prices each of its markets in every category."""
    priced = {(row.market, row.category) for _line, row in rows}
    lines = {row.market: line for line, row in rows}
    for market, line in lines.items():
        for category in NEEDED:
            if (market, category) not in priced:
                facts = {"market": market, "category": category.value}
                yield at_line(line, _("%(market)s has no rate for %(category)s") % facts)
