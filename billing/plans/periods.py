"""Calendar months and parts of them, by plain dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month, by its first and its last day."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def part(self, since: date, until: date | None) -> tuple[date, date] | None:
        """The days of the month that lie in between; None when there are none."""
        first, last = max(self.first, since), min(self.last, until or self.last)
        return (first, last) if first <= last else None

    def share(self, first: date, last: date) -> Decimal:
        """How much of the month these days are; the shares of pieces that make up the month add up to one exactly."""
        before, through = (first - self.first).days, (last - self.first).days + 1
        return self._up_to(through) - self._up_to(before)

    def _up_to(self, days: int) -> Decimal:
        return (Decimal(days) / self.days).quantize(PLACES)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return Period(first, after - timedelta(days=1))


def today(now: datetime) -> date:
    """The billing day of a moment."""
    return now.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE)).date()


def elapsed(period: Period, now: datetime) -> Decimal:
    """Which part of the period is over, between nothing and one."""
    zone = ZoneInfo(settings.BILLING_TIME_ZONE)
    begins = datetime.combine(period.first, datetime.min.time(), zone)
    ends = datetime.combine(period.last + timedelta(days=1), datetime.min.time(), zone)
    second = timedelta(seconds=1)
    over = Decimal((now - begins) // second) / ((ends - begins.astimezone(UTC)) // second)
    return min(Decimal(1), max(Decimal(0), over))
