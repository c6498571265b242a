"""Companies with a plan, an address and a month of usage, written in SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import connection

from billing.invoices.models import BillingProfile
from billing.plans.models import Plan
from billing.plans.periods import Period, month_of
from billing.plans.services import subscribe
from billing.usage.models import DirtyDay, UsageRecord
from config.demo import money
from tenants.models import Company, CompanyState, Domain

COMPANIES, RECORDS = 200, 1_000_000
OCTOBER: Period = month_of(date(2026, 10, 1))
OPENED = datetime(2026, 9, 15, 8, tzinfo=UTC)
RECORD, DIRTY = UsageRecord._meta.db_table, DirtyDay._meta.db_table


def make() -> list[Company]:
    money.set_prices()
    plan = Plan.objects.get(code="team", is_public=True)
    companies = Company.objects.bulk_create(
        Company(
            name=f"Company {number}", country="DE", state=CompanyState.ACTIVE, opening_step="ready", opened_at=OPENED
        )
        for number in range(COMPANIES)
    )
    Domain.objects.bulk_create(
        Domain(domain=f"bench-{number}", tenant=company, is_primary=True) for number, company in enumerate(companies)
    )
    for company in companies:
        subscribe(company, plan, since=OCTOBER.first)
        BillingProfile.objects.create(
            company=company,
            street="Königstraße 1",
            postcode="70173",
            city="Stuttgart",
            recipients=[f"bills-{company.pk}@example.com"],
        )
    _write([company.pk for company in companies])
    return companies


def _write(keys: list[int]) -> None:
    """The same number to each, spread over 31 days, five markets and three categories."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {RECORD} (company_id, source_key, revision, channel_kind, channel_public_id, number,
                account_external_id, market, market_found_by, category, pricing_type, verified, origin,
                broadcast_public_id, message_public_id, conversation_public_id, occurred_at, day, recorded_at, quantity)
            SELECT (%s::bigint[])[1 + g %% %s], 'bench:' || g, 0, 'whatsapp', 'channel', '2001', '1001',
                (ARRAY['Germany', 'France', 'Spain', 'Italy', 'United Kingdom'])[1 + (g / 200) %% 5], 'phone',
                (ARRAY['utility', 'marketing', 'service'])[1 + (g / 1000) %% 3],
                CASE WHEN (g / 1000) %% 3 = 2 THEN 'free_customer_service' ELSE 'regular' END, true, 'broadcast', '',
                'm' || g, 'c' || g, %s::date + ((g / 200) %% 31) * interval '1 day' + interval '9 hours',
                %s::date + ((g / 200) %% 31)::int, now(), 1
            FROM generate_series(0, %s - 1) g
            """,
            [keys, len(keys), OCTOBER.first, OCTOBER.first, RECORDS],
        )
        cursor.execute(f"ANALYZE {RECORD}")
        mark_dirty(keys)


def mark_dirty(keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {DIRTY} (company_id, day, marks)
            SELECT c, d::date, 1 FROM unnest(%s::bigint[]) c, generate_series(%s::date, %s::date, '1 day') d
            ON CONFLICT (company_id, day) DO UPDATE SET marks = {DIRTY}.marks + 1
            """,
            [keys, OCTOBER.first, OCTOBER.last],
        )
