"""What single messages cost: the records of a page, each with the price its month gives it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.plans.periods import month_of
from billing.rating.month import Cell, Month, Piece, cell
from billing.rating.rate import RatedUsage
from billing.usage.models import DIMENSIONS, UsageRecord
from tenants.models import Company

Place = tuple[date, Cell]


@dataclass(frozen=True, slots=True)
class Priced:
    """A record and its price; without one its month says what is missing."""

    record: UsageRecord
    rated: RatedUsage | None


def priced(company: Company, records: Sequence[UsageRecord]) -> list[Priced]:
    """These standing records in their order, each with its price."""
    pieces: dict[Place, list[Piece]] = defaultdict(list)
    wanted = {(record.day, cell(record)) for record in records}
    for period in sorted({month_of(record.day) for record in records}):
        for piece in Month(company, period).pieces():
            place = (piece.usage.day, cell(piece.usage))
            if place in wanted:
                pieces[place].append(piece)
    ranks = {place: _ranks(company, place) for place, found in pieces.items() if len(found) > 1}
    return [Priced(record, _of(record, pieces, ranks)) for record in records]


def _of(record: UsageRecord, pieces: dict[Place, list[Piece]], ranks: dict[Place, dict[int, int]]) -> RatedUsage | None:
    place = (record.day, cell(record))
    # Messages of a kind and day mostly cost the same; only where the free ones end it matters which came first.
    rank = ranks[place].get(record.pk, 0) if place in ranks else None
    for piece in pieces.get(place, ()):
        if rank is None or piece.skip <= rank < piece.skip + piece.rated.quantity:
            return piece.rated
    return None


def _ranks(company: Company, place: Place) -> dict[int, int]:
    day, values = place
    same = dict(zip(DIMENSIONS, values, strict=True))
    keys = UsageRecord.objects.of(company).standing().filter(day=day, **same).in_order().values_list("pk", flat=True)
    return {key: rank for rank, key in enumerate(keys.iterator())}
