"""What came of a broadcast, asked from its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.plans.quotes import Quote, by_market, name_of, quote_from
from messaging.broadcasts.costs import MarketCost, costs_of
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
    """One market: people written to, what was expected for them, what came of it, and what it cost so far."""

    market: str
    name: str
    number: int
    accepted: int
    expected: Decimal | None
    actual: Decimal


def markets_of(broadcast: Broadcast) -> tuple[list[MarketRow], str]:
    """Most people first, and the currency. What is expected is the estimate that was agreed to at the start."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.market, count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'read'))
            FROM {RECIPIENT} r LEFT JOIN {MESSAGE} m ON m.id = r.message_id
            WHERE r.broadcast_id = %s AND r.skipped = '' GROUP BY 1
            """,
            [broadcast.pk],
        )
        found = cursor.fetchall()
    accepted = by_market(dict(found), at=broadcast.started_at or broadcast.created_at)
    costs = costs_of(broadcast)
    rows = [
        MarketRow(
            market=one.market,
            name=name_of(one.market),
            number=one.rows,
            accepted=accepted[one.market],
            expected=_expected(broadcast, one),
            actual=one.actual,
        )
        for one in costs.markets
    ]
    return sorted(rows, key=lambda row: (-row.number, row.name)), costs.currency


def _expected(broadcast: Broadcast, cost: MarketCost) -> Decimal | None:
    """By the prices that were agreed to; where none were kept, by those of the messages as they were made."""
    kept: Quote | None = quote_from(broadcast.estimate)
    line = next((line for line in kept.lines if line.market == cost.market), None) if kept else None
    if line is not None:
        return None if line.unit_price is None else line.unit_price * cost.rows
    return cost.estimated if cost.messages and not cost.unpriced else None


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
