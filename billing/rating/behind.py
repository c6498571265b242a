"""The messages behind a charge, found by rating its month once more, and what the charge was made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from django.db.models import Max, Q

from billing.plans.periods import month_of
from billing.rating.lines import included_messages, usage_target
from billing.rating.models import LineKind, RatedLine, RatedLineQuerySet
from billing.rating.month import Month, Piece
from billing.usage.models import DIMENSIONS, UsageRecord, UsageRecordQuerySet
from tenants.models import Company


def lines_of(charge_key: str) -> RatedLineQuerySet:
    company, month, key, turn = charge_key.split("/")
    return RatedLine.objects.filter(
        company_id=Company.objects.get(public_id=company).pk,
        month=date.fromisoformat(f"{month}-01"),
        charge_key=key,
        turn=int(turn),
    )


def messages_behind(charge_key: str, *, after: UsageRecord | None = None) -> Iterator[UsageRecord]:
    """The usage records that a charge counts, in order of time within each day's kind of message.

    They are found by rating the month once more, so a charge that later usage has changed tells them as they are today.
    `after` goes on behind a record of the same charge, without reading those before it.
    """
    line = lines_of(charge_key).first()
    if line is None or line.kind in {LineKind.PLAN, LineKind.SEATS}:
        return iter(())
    company = Company.objects.get(pk=line.company_id)
    month = Month(company, month_of(line.month))
    found = _beyond(month, line, after) if line.kind == LineKind.FEE else _rated_like(month, line, after)
    since = _last_claim(line)
    return (record for record in found if since is None or record.recorded_at > since)


def _rated_like(month: Month, line: RatedLine, after: UsageRecord | None) -> Iterator[UsageRecord]:
    is_reached = after is None
    for piece in list(month.pieces()):
        if usage_target(month, piece).charge_key != line.charge_key:
            continue
        if is_reached:
            yield from _records(month.company, piece)
        elif after is not None and _is_of(after, piece):
            is_reached = True
            yield from _records(month.company, piece, after)


def _is_of(record: UsageRecord, piece: Piece) -> bool:
    return all(getattr(record, name) == getattr(piece.usage, name) for name in ("day", *DIMENSIONS))


def _records(company: Company, piece: Piece, after: UsageRecord | None = None) -> Iterator[UsageRecord]:
    same = {name: getattr(piece.usage, name) for name in DIMENSIONS}
    records = UsageRecord.objects.of(company).standing().filter(day=piece.usage.day, **same).in_order()
    begin = piece.skip if after is None else max(piece.skip, records.exclude(_later_than(after)).count())
    return islice(records.iterator(), begin, piece.skip + piece.rated.quantity)


def _later_than(record: UsageRecord) -> Q:
    same_time = Q(occurred_at=record.occurred_at, source_key__gt=record.source_key)
    return Q(occurred_at__gt=record.occurred_at) | same_time


def _beyond(month: Month, line: RatedLine, after: UsageRecord | None) -> Iterator[UsageRecord]:
    """Those after the messages the plan includes."""
    one = month.subscription_on(line.service_from)
    if one is None:
        return iter(())
    records: UsageRecordQuerySet = UsageRecord.objects.of(month.company).standing()
    of_part = records.filter(day__range=(line.service_from, line.service_to)).in_order()
    if after is not None:
        return of_part.filter(_later_than(after)).iterator()
    included = included_messages(month.period, one.plan, line.service_from, line.service_to)
    return islice(of_part.iterator(), included, None)


def _last_claim(line: RatedLine) -> datetime | None:
    """When the charge of the turn before was taken; what came later is behind this one."""
    earlier = RatedLine.objects.filter(company_id=line.company_id, month=line.month, charge_key=line.charge_key)
    last: datetime | None = earlier.filter(turn__lt=line.turn).aggregate(last=Max("claimed_at"))["last"]
    return last
