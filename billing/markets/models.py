from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Value

from billing.markets.csv_rows import LONGEST_NAME
from billing.markets.table import MarketTable, Membership


def same(expression: F | Func) -> tuple[Func, str]:
    """Equality as PostgreSQL's own GiST operators know it, without the btree_gist extension: a range of one number."""
    return Func(expression, expression, Value("[]"), function="int8range"), RangeOperators.OVERLAPS


def same_text(name: str) -> tuple[Func, str]:
    return same(Func(F(name), Value(0), function="hashtextextended"))


def days(since: str, until: str) -> tuple[Func, str]:
    """Both days are included; an empty end is open."""
    return Func(F(since), F(until), Value("[]"), function="daterange"), RangeOperators.OVERLAPS


class MarketPrefix(models.Model):
    """A calling prefix, the market it belongs to, and when; the empty prefix is every other number."""

    channel_kind = models.CharField(max_length=12)
    prefix = models.CharField(max_length=7, blank=True)
    market = models.CharField(max_length=LONGEST_NAME)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="market_prefix_one_at_a_time",
                expressions=[same_text("channel_kind"), same_text("prefix"), days("valid_from", "valid_to")],
            ),
            # Also the look-up of every metered message.
            models.UniqueConstraint(fields=["channel_kind", "prefix", "valid_from"], name="market_prefix_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix or '*'} {self.market}"


def market_table(channel_kind: str) -> MarketTable:
    """All memberships of a kind of channel, past and coming."""
    periods: dict[tuple[str, date, date], list[str]] = defaultdict(list)
    for row in MarketPrefix.objects.filter(channel_kind=channel_kind):
        periods[row.market, row.valid_from, row.valid_to or date.max].append(row.prefix)
    return MarketTable(
        [
            (line, Membership(market, tuple(prefixes), valid_from, valid_to))
            for line, ((market, valid_from, valid_to), prefixes) in enumerate(sorted(periods.items()), start=1)
        ]
    )
