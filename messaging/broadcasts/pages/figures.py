"""What came of a broadcast, asked from its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.plans.quotes import Quote, market_of, name_of, quote_from
from messaging.broadcasts.models import Broadcast, BroadcastRecipient
from messaging.broadcasts.totals import MESSAGE, RECIPIENT, Totals
from messaging.contacts.consent.models import Consent, ConsentState
from messaging.messages.models import Direction, Message

# So long after their message whoever writes back is counted as answering it.
ANSWERS_WITHIN = timedelta(hours=72)
MINUTE = timedelta(minutes=1)
Rows = QuerySet[BroadcastRecipient]
WRITTEN = Q(skipped="", message__isnull=False)
ACCEPTED = WRITTEN & Q(message__state__in=["sent", "delivered", "read"])
# What a list of rows can be narrowed to: its name, and the rows. The first six add up to all.
PARTS: Mapping[str, tuple[Promise, Q]] = {
    "skipped": (_("Skipped"), ~Q(skipped="") | Q(message=None, contact=None)),
    "waiting": (_("Waiting"), Q(skipped="", message=None, contact__isnull=False)),
    "in_flight": (_("On their way"), WRITTEN & Q(message__state__in=["queued", "sending"])),
    "accepted": (_("Accepted"), ACCEPTED),
    "failed": (_("Not delivered"), WRITTEN & Q(message__state="failed")),
    "unknown": (_("Not known"), WRITTEN & Q(message__state="unknown")),
    "delivered": (
        _("Delivered"),
        ACCEPTED & (Q(message__delivered_at__isnull=False) | Q(message__read_at__isnull=False)),
    ),
    "read": (_("Read"), ACCEPTED & Q(message__read_at__isnull=False)),
    "answered": (_("Answered"), ACCEPTED),
    "opted_out": (_("Opted out since"), WRITTEN),
}


def rows_of(broadcast: Broadcast, part: str = "") -> Rows:
    """The rows of a part, in their order; all of them for an unknown one."""
    rows = BroadcastRecipient.objects.filter(broadcast=broadcast).order_by("pk")
    if part in PARTS:
        rows = rows.filter(PARTS[part][1])
    return NARROWED[part](rows, broadcast) if part in NARROWED else rows


def _answered(rows: Rows, broadcast: Broadcast) -> Rows:
    """Who wrote within the time; the conversation's own newest time spares a look at most of the threads."""
    sent = Coalesce(OuterRef("message__sent_at"), OuterRef("message__created_at"))
    answers = Message.objects.filter(
        conversation=OuterRef("message__conversation"),
        direction=Direction.INBOUND,
        at__gte=sent,
        at__lte=sent + ANSWERS_WITHIN,
    )
    later = Q(message__conversation__last_inbound_at__gte=Coalesce(F("message__sent_at"), F("message__created_at")))
    return rows.filter(later, Exists(answers))


def _opted_out(rows: Rows, broadcast: Broadcast) -> Rows:
    said = Consent.objects.filter(
        contact=OuterRef("contact"),
        purpose=broadcast.purpose,
        state=ConsentState.OPTED_OUT,
        is_by_person=True,
        since__gte=broadcast.started_at,
    )
    return rows.filter(Exists(said))


NARROWED: Mapping[str, Callable[[Rows, Broadcast], Rows]] = {"answered": _answered, "opted_out": _opted_out}


# --- By market --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarketRow:
    """One market: people written to, what was expected, what came of it."""

    market: str
    name: str
    number: int
    accepted: int
    failed: int
    unit_price: Decimal | None

    @property
    def expected(self) -> Decimal | None:
        return None if self.unit_price is None else self.unit_price * self.number

    @property
    def accepted_cost(self) -> Decimal | None:
        return None if self.unit_price is None else self.unit_price * self.accepted


def markets_of(broadcast: Broadcast) -> list[MarketRow]:
    """Most people first. Prices are those of the estimate that was kept at the start."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.market, count(*), count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read')),
                count(*) FILTER (WHERE m.state = 'failed')
            FROM {RECIPIENT} r LEFT JOIN {MESSAGE} m ON m.id = r.message_id
            WHERE r.broadcast_id = %s AND r.skipped = '' GROUP BY 1
            """,
            [broadcast.pk],
        )
        found = cursor.fetchall()
    return sorted(_by_market(broadcast, found), key=lambda row: (-row.number, row.name))


def _by_market(broadcast: Broadcast, found: list[tuple[str, int, int, int]]) -> Iterator[MarketRow]:
    day = (broadcast.started_at or broadcast.created_at).date()
    kept: Quote | None = quote_from(broadcast.estimate)
    lines = {line.market: line for line in kept.lines} if kept else {}
    sums: dict[str, list[int]] = {}
    for key, *numbers in found:
        market = market_of(key, day)
        sums[market] = [sum(pair) for pair in zip(sums.get(market, [0, 0, 0]), numbers, strict=True)]
    for market, (number, accepted, failed) in sums.items():
        line = lines.get(market)
        yield MarketRow(market, name_of(market), number, accepted, failed, line.unit_price if line else None)


# --- Speed ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Speed:
    """Messages that came to an end in the last minute, and how long the rest takes like that."""

    per_minute: int
    left: timedelta | None


def speed_of(broadcast: Broadcast, totals: Totals, now: datetime) -> Speed:
    recent = Q(message__sent_at__gt=now - MINUTE) | Q(message__failed_at__gt=now - MINUTE)
    per_minute = BroadcastRecipient.objects.filter(recent, broadcast=broadcast).count()
    waiting = totals.waiting + totals.in_flight
    left = MINUTE * (waiting / per_minute) if per_minute and waiting else None
    return Speed(per_minute, left)
