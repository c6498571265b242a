"""What a broadcast is expected to cost, put aside before it is sent, and what it cost: market by market."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import repeat

from babel.numbers import format_currency
from django.db import connection
from django.db.models import Count, Min
from django.utils.translation import get_language, ngettext, override

from billing.plans.entitlements import (
    Planned,
    Problem,
    Quote,
    Reserved,
    Spent,
    markets_of,
    quote,
    reserve_many,
    spent_on,
)
from billing.usage.metering import PRICED, key_of
from messaging.broadcasts.models import Broadcast, BroadcastRecipient
from messaging.messages.models import Message
from tenants.context import current_company

MESSAGE, RECIPIENT = Message._meta.db_table, BroadcastRecipient._meta.db_table
ZERO = Decimal(0)
Price = Decimal | None


# --- Before it is sent ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """A price for each place asked for, in order; None where nobody knows it, and `problems` say why."""

    prices: tuple[Price, ...]
    currency: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def amount(self) -> Decimal:
        return sum((price for price in self.prices if price is not None), ZERO)


@dataclass(frozen=True)
class Rest:
    """What the rows that still wait would cost."""

    people: int
    expected: Expected


def rest_of(broadcast: Broadcast, now: datetime) -> Rest:
    """What is left to send, and its price."""
    waiting = BroadcastRecipient.objects.filter(broadcast=broadcast, message=None, skipped="", contact__isnull=False)
    by_market = waiting.order_by("market").values_list("market").annotate(count=Count("pk"), one=Min("address"))
    places = [(market, address) for market, count, address in by_market for _one in range(count)]
    return Rest(len(places), expected_prices(broadcast, places, now))


def put_aside(messages: Sequence[str], expected: Expected, now: datetime) -> Reserved:
    """Reserve for messages by their public ids, as many as the budget covers; in the transaction that makes them."""
    company = current_company()
    wanted = [(key_of(company, message), price) for message, price in zip(messages, expected.prices, strict=True)]
    return reserve_many(company, wanted, now=now)


def shortage_words(broadcast: Broadcast, reserved: Reserved, now: datetime) -> str:
    """What is left and what the rest would cost, in the company's language."""
    rest = rest_of(broadcast, now)
    with override(current_company().language):
        left = _money(reserved.left or ZERO, reserved.currency)
        words = ngettext(
            "%(left)s of this month's budget are left; the message that waits would cost %(amount)s.",
            "%(left)s of this month's budget are left; the %(count)s messages that wait would cost %(amount)s.",
            rest.people,
        ) % {
            "left": left,
            "count": rest.people,
            "amount": _money(rest.expected.amount, rest.expected.currency or reserved.currency),
        }
        return " ".join([words, *(problem.words() for problem in rest.expected.problems)])


def expected_prices(broadcast: Broadcast, places: Sequence[tuple[str, str]], now: datetime) -> Expected:
    """What a message to each market and address would cost today.

    One quote for all, since the price of a market's messages may fall with their number.
    """
    channel = broadcast.channel
    if channel is None or channel.kind not in PRICED:
        return Expected((None,) * len(places))
    wanted = [_place(market, address) for market, address in places]
    counts: dict[tuple[str, str], int] = {}
    for place in wanted:
        counts[place] = counts.get(place, 0) + 1
    planned = {
        place: Planned(
            channel.external_id, broadcast.category.lower(), market=place[0], address=place[1], quantity=count
        )
        for place, count in counts.items()
    }
    quoted = quote(current_company(), planned.values(), now=now)
    prices = {place: _one_by_one(quoted, one) for place, one in planned.items()}
    found = tuple(next(prices[place], None) for place in wanted)
    return Expected(found, quoted.currency, quoted.problems)


def _one_by_one(quoted: Quote, planned: Planned) -> Iterator[Decimal]:
    """The price of each message, in the order in which they fill a tier."""
    for of, part in quoted.parts:
        if of == planned:
            yield from repeat(part.unit_price, part.quantity)


def _place(market: str, address: str) -> tuple[str, str]:
    """A person known by the provider's id alone is looked up by it; anybody else by the market of their row."""
    return ("", address) if address and not address.startswith("+") else (market, "")


def _money(amount: Decimal, currency: str) -> str:
    return str(format_currency(amount, currency or "EUR", locale=(get_language() or "en").replace("-", "_")))


# --- Afterwards -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarketCost:
    """A market's rows that were not skipped. `charged` and `actual` come from rated usage, moments behind the rest.

    `unpriced` of the `messages` made had no price when they were, so `estimated` is less than the whole.
    """

    market: str
    rows: int
    messages: int
    unpriced: int
    estimated: Decimal
    delivered: int
    charged: int
    actual: Decimal


@dataclass(frozen=True)
class Costs:
    currency: str
    markets: tuple[MarketCost, ...]

    @property
    def estimated(self) -> Decimal:
        return sum((market.estimated for market in self.markets), ZERO)

    @property
    def actual(self) -> Decimal:
        return sum((market.actual for market in self.markets), ZERO)

    @property
    def delivered(self) -> int:
        return sum(market.delivered for market in self.markets)


def costs_of(broadcast: Broadcast) -> Costs:
    """Estimate beside actual, the dearest market first; the number of statements does not grow with the rows."""
    began = broadcast.started_at or broadcast.created_at
    made = _made(broadcast, began)
    spent = spent_on(current_company(), broadcast.public_id, since=began.date())
    markets = [_market(market, made.get(market, NOTHING), spent.get(market)) for market in made.keys() | spent.keys()]
    currency = broadcast.currency or next((one.currency for one in spent.values()), "EUR")
    return Costs(
        currency, tuple(sorted(markets, key=lambda one: (-max(one.estimated, one.actual), -one.rows, one.market)))
    )


Made = tuple[int, int, int, Decimal, int]
NOTHING: Made = (0, 0, 0, ZERO, 0)


def _market(market: str, made: Made, spent: Spent | None) -> MarketCost:
    rows, messages, unpriced, estimated, delivered = made
    charged, actual = (spent.messages, spent.amount) if spent else (0, ZERO)
    return MarketCost(market, rows, messages, unpriced, estimated, delivered, charged, actual)


def _made(broadcast: Broadcast, now: datetime) -> Mapping[str, Made]:
    """From the rows. The market of people known by the provider's id alone is found by one of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.market, min(r.address), count(*), count(m.id), count(m.id) FILTER (WHERE r.price IS NULL),
                COALESCE(sum(r.price) FILTER (WHERE m.id IS NOT NULL), 0),
                count(*) FILTER (WHERE m.delivered_at IS NOT NULL OR m.read_at IS NOT NULL)
            FROM {RECIPIENT} r LEFT JOIN {MESSAGE} m ON m.id = r.message_id
            WHERE r.broadcast_id = %s AND r.skipped = '' GROUP BY r.market
            """,
            [broadcast.pk],
        )
        rows = cursor.fetchall()
    made: dict[str, Made] = {}
    by_id = markets_of({address for _market, address, *_numbers in rows if address[:1] not in ("", "+")}, now=now)
    for found, address, *numbers in rows:
        market = by_id.get(address) or found
        rows_there, *others = (one + other for one, other in zip(made.get(market, NOTHING), numbers, strict=True))
        made[market] = (rows_there, *others)
    return made
