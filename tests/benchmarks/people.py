"""A company with a number and very many people, written in SQL: making them is no part of what is measured."""

from __future__ import annotations

from typing import Any

from django.db import connection

from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.contacts.consent.models import Consent, ConsentEvent
from messaging.contacts.models import Attribute, ChannelIdentity, Contact
from messaging.message_templates.models import MessageTemplate
from tenants.models import Company
from tenants.services import companies
from tenants.services.keys import encrypt_for
from tenants.services.opening import open_company

ACCOUNT, NUMBER, TOKEN = "1001", "2001", "token-of-the-benchmark"
# Far above what one process can send.
NO_LIMIT = 1_000_000
BODY = [{"type": "BODY", "text": "Hello {{1}}, the shop is open until eight today."}]
CONTACT, IDENTITY = Contact._meta.db_table, ChannelIdentity._meta.db_table
CONSENT, EVENT = Consent._meta.db_table, ConsentEvent._meta.db_table


def open_shop(address_name: str) -> Company:
    return open_company(companies.create_company(address_name=address_name, name="Acme", country="DE"))


def add_channel(company: Company) -> Channel:
    """In the company's context, with an approved notice."""
    MessageTemplate.objects.create(
        account_external_id=ACCOUNT,
        name="opening",
        language="en",
        category="UTILITY",
        status="approved",
        components=BODY,
    )
    return Channel.objects.create(
        kind="whatsapp",
        name="Acme",
        external_id=NUMBER,
        account_external_id=ACCOUNT,
        token=encrypt_for(company, TOKEN),
        messages_per_second=NO_LIMIT,
        health={"daily_limit": "TIER_UNLIMITED"},
    )


def add_people(many: int) -> None:
    """Nine of ten have agreed to news, each has a number and a town."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {CONTACT} (public_id, name, language, note, attributes, created_at)
            SELECT 'p' || g, 'Person ' || g, 'en', '', jsonb_build_object('city', 'Town ' || g %% 50), now()
            FROM generate_series(1, %s) g
            """,
            [many],
        )
        cursor.execute(
            f"""
            INSERT INTO {IDENTITY} (contact_id, kind, external_id, username, created_at)
            SELECT id, 'whatsapp', '+49151' || lpad(substr(public_id, 2), 8, '0'), '', now() FROM {CONTACT}
            """
        )
        cursor.execute(
            f"""
            INSERT INTO {EVENT} (public_id, contact_id, purpose, state, source, words, proof, author_name, key, at,
                                 recorded_at)
            SELECT 'e' || id, id, 'marketing', 'opted_in', 'import', '', '{{}}', '', '', now(), now() FROM {CONTACT}
            WHERE substr(public_id, 2)::int %% 10 <> 0
            """,
            [],
        )
        cursor.execute(
            f"""
            INSERT INTO {CONSENT} (contact_id, purpose, state, is_by_person, since, event_id)
            SELECT contact_id, purpose, state, false, at, id FROM {EVENT}
            """
        )
        # As autovacuum would have done long before.
        cursor.execute("ANALYZE")
    Attribute.objects.create(key="city", name="Town")


def draft(channel: Channel, **values: Any) -> Broadcast:
    """To everybody, with their first name."""
    return Broadcast.objects.create(
        name="Opening",
        channel=channel,
        template=MessageTemplate.objects.get(name="opening"),
        audience={"everyone": True},
        bindings={"body.0": {"field": "first_name", "fallback": "friend"}},
        **values,
    )
