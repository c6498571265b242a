"""It happened: the door through which messaging tells what is to be charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from billing.markets.dialling import dialled
from billing.markets.models import MarketPrefix
from billing.usage.models import DirtyDay, Origin, UsageRecord
from tenants.models import Company
from tenants.services import due

__all__ = ["KIND", "PRICED", "Origin", "UsageFact", "billing_day", "key_of", "record_usage"]

KIND = "billing.usage"
# So long the rollup waits for more of the same burst, and between two rounds.
DELAY = timedelta(seconds=10)
# The kinds of channel a rate card prices.
PRICED = frozenset({"whatsapp"})
RECORD, DIRTY, PREFIX = UsageRecord._meta.db_table, DirtyDay._meta.db_table, MarketPrefix._meta.db_table


@dataclass(frozen=True, slots=True)
class UsageFact:
    """A delivered message as it is known now. `address`, the recipient's, tells the market and is not kept.

    The same message told again with other facts is a correction. `charge` names what is charged, since a message
    may cost more than one thing.
    """

    message_public_id: str
    conversation_public_id: str
    channel_kind: str
    channel_public_id: str
    number: str
    address: str
    category: str
    pricing_type: str
    verified: bool
    origin: str
    occurred_at: datetime
    account_external_id: str = ""
    broadcast_public_id: str = ""
    author_id: int | None = None
    quantity: int = 1
    charge: str = "message"


# One statement: what is new is added; what is known with other facts is taken back and added anew; the days of both
# are marked. Nobody but the rollup reads `marks`, and it compares them before it takes a mark away.
RECORD_USAGE = f"""
WITH told AS (
    SELECT * FROM unnest(
        %(source_key)s::text[], %(channel_kind)s::text[], %(channel_public_id)s::text[], %(number)s::text[],
        %(account_external_id)s::text[], %(digits)s::text[], %(market_found_by)s::text[], %(category)s::text[],
        %(pricing_type)s::text[], %(verified)s::bool[], %(origin)s::text[], %(broadcast_public_id)s::text[],
        %(message_public_id)s::text[], %(conversation_public_id)s::text[], %(author_id)s::bigint[],
        %(occurred_at)s::timestamptz[], %(day)s::date[], %(quantity)s::smallint[]
    ) AS t (source_key, channel_kind, channel_public_id, number, account_external_id, digits, market_found_by, category,
            pricing_type, verified, origin, broadcast_public_id, message_public_id, conversation_public_id, author_id,
            occurred_at, day, quantity)
), placed AS (
    SELECT t.*, COALESCE((
        SELECT p.market FROM {PREFIX} p
        WHERE t.digits <> '' AND p.channel_kind = t.channel_kind
            AND p.prefix IN ('', left(t.digits, 1), left(t.digits, 2), left(t.digits, 3), left(t.digits, 4),
                             left(t.digits, 5), left(t.digits, 6), left(t.digits, 7))
            AND p.valid_from <= t.day AND (p.valid_to IS NULL OR p.valid_to >= t.day)
        ORDER BY length(p.prefix) DESC LIMIT 1
    ), '') AS market
    FROM told t
), known AS (
    -- One look into one index each, whatever the planner believes of a table that grows all day; the key names the
    -- company.
    SELECT r.* FROM told t CROSS JOIN LATERAL (
        SELECT * FROM {RECORD} WHERE source_key = t.source_key ORDER BY revision DESC LIMIT 1
    ) r
), other AS (
    SELECT k.* FROM known k JOIN placed p ON p.source_key = k.source_key
    WHERE (k.occurred_at, k.category, k.pricing_type, k.verified, k.quantity)
        IS DISTINCT FROM (p.occurred_at, p.category, p.pricing_type, p.verified, p.quantity)
), due AS (
    SELECT 0 AS revision, NULL::bigint AS corrects_id, p.quantity AS counted, {{placed}}
    FROM placed p WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.source_key = p.source_key)
    UNION ALL
    SELECT p.revision + 1, p.id, -p.quantity, {{placed}} FROM other p
    UNION ALL
    SELECT o.revision + 2, o.id, p.quantity, {{placed}} FROM placed p JOIN other o ON o.source_key = p.source_key
), written AS (
    INSERT INTO {RECORD} (company_id, recorded_at, revision, corrects_id, quantity, {{columns}})
    SELECT %(company)s, %(now)s, revision, corrects_id, counted, {{columns}} FROM due
    ON CONFLICT (source_key, revision) DO NOTHING
    RETURNING revision, day
), marked AS (
    INSERT INTO {DIRTY} AS d (company_id, day, marks)
    SELECT %(company)s, day, 1 FROM written GROUP BY day ORDER BY day
    ON CONFLICT (company_id, day) DO UPDATE SET marks = d.marks + 1
    RETURNING marks
)
SELECT (SELECT count(*) FROM written WHERE revision = 0), EXISTS (SELECT 1 FROM marked WHERE marks = 1)
"""
COLUMNS = (
    "source_key channel_kind channel_public_id number account_external_id market market_found_by category pricing_type"
    " verified origin broadcast_public_id message_public_id conversation_public_id author_id occurred_at day"
).split()
RECORD_USAGE = RECORD_USAGE.format(columns=", ".join(COLUMNS), placed=", ".join(f"p.{name}" for name in COLUMNS))


@transaction.atomic(savepoint=False)
def record_usage(company: Company, facts: Sequence[UsageFact]) -> int:
    """Count each charge once, in the caller's transaction; how many were new. Of two in one batch the last holds."""
    latest = {source_key(company, fact): fact for fact in facts}
    if not latest:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(RECORD_USAGE, _columns(company, latest))
        new, is_first_mark = cursor.fetchone()
    if is_first_mark:
        due.announce(KIND, company, at=timezone.now() + DELAY)
    return int(new)


def source_key(company: Company, fact: UsageFact) -> str:
    return key_of(company, fact.message_public_id, fact.charge)


def key_of(company: Company, message_public_id: str, charge: str = "message") -> str:
    """The key under which a message is counted, known before it is sent: money is put aside under the same one."""
    return f"{company.public_id}:{message_public_id}:{charge}"


def billing_day(at: datetime) -> date:
    """The day a message is billed on."""
    return at.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE)).date()


def _columns(company: Company, facts: dict[str, UsageFact]) -> dict[str, Any]:
    told = list(facts.values())
    places = [dialled(fact.address) for fact in told]
    columns: dict[str, Any] = {name: [getattr(fact, name) for fact in told] for name in TOLD}
    return columns | {
        "company": company.pk,
        "now": timezone.now(),
        "source_key": list(facts),
        "digits": [digits for digits, _ in places],
        "market_found_by": [found_by.value for _, found_by in places],
        "day": [billing_day(fact.occurred_at) for fact in told],
    }


TOLD = (
    "channel_kind channel_public_id number account_external_id category pricing_type verified origin"
    " broadcast_public_id message_public_id conversation_public_id author_id occurred_at quantity"
).split()
