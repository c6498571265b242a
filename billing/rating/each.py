"""What single messages cost: records of usage, each with the price its month gives it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from billing.plans.periods import Period, month_of
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


class Prices:
    """The prices of some months of a company, worked out once for all that is asked."""

    def __init__(self, company: Company, periods: Iterable[Period]) -> None:
        self.company = company
        self.pieces: dict[Place, list[Piece]] = defaultdict(list)
        self.ranks: dict[Place, dict[int, int]] = {}
        for period in sorted(set(periods)):
            for piece in Month(company, period).pieces():
                self.pieces[piece.usage.day, cell(piece.usage)].append(piece)

    def of(self, record: UsageRecord) -> RatedUsage | None:
        place = (record.day, cell(record))
        found = self.pieces.get(place, [])
        # Messages of a kind and day mostly cost the same; only where the free ones end it matters which came first.
        if len(found) == 1 and found[0].rated.quantity == found[0].usage.quantity:
            return found[0].rated
        rank = self._rank(place, record) if found else 0
        return next((one.rated for one in found if one.skip <= rank < one.skip + one.rated.quantity), None)

    def _rank(self, place: Place, record: UsageRecord) -> int:
        if place not in self.ranks:
            same = dict(zip(DIMENSIONS, place[1], strict=True))
            records = UsageRecord.objects.of(self.company).standing().filter(day=place[0], **same)
            keys = records.in_order().values_list("pk", flat=True).iterator()
            self.ranks[place] = {key: rank for rank, key in enumerate(keys)}
        return self.ranks[place].get(record.pk, -1)


def priced(company: Company, records: Sequence[UsageRecord]) -> list[Priced]:
    """These standing records in their order, each with its price."""
    prices = Prices(company, (month_of(record.day) for record in records))
    return [Priced(record, prices.of(record)) for record in records]


def priced_one_by_one(company: Company, period: Period, records: Iterable[UsageRecord]) -> Iterator[Priced]:
    """The same for a month's records that nobody counted, as they come."""
    prices = Prices(company, [period])
    return (Priced(record, prices.of(record)) for record in records)
