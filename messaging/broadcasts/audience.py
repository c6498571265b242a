"""Whom a broadcast reaches, and why not the others: one statement over all chosen contacts.

An audience is plain JSON, as the page's form writes it:

    everyone       true, or
    lists, labels  public ids: in any of them
    conditions     [{field, op, value}], all of which must hold
    without        public ids of lists: in none of them

`field` is "name", "language", "country" (calling code of the number) or "attributes.<key>".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, DecimalField, Q, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from messaging.broadcasts.models import SkipReason
from messaging.channels.models import Channel, ChannelKind
from messaging.contacts.consent.models import Consent
from messaging.contacts.identities import PHONE_KINDS
from messaging.contacts.models import Attribute, AttributeKind, ChannelIdentity, Contact

CONTACT, IDENTITY, CONSENT = Contact._meta.db_table, ChannelIdentity._meta.db_table, Consent._meta.db_table
REACHABLE = "reachable"
# The parts of an audience, in the order in which they are told and of which the first that fits counts.
PARTS = (
    REACHABLE,
    SkipReason.NO_CONSENT,
    SkipReason.OPTED_OUT,
    SkipReason.BLOCKED,
    SkipReason.NO_CHANNEL,
    SkipReason.DUPLICATE,
    SkipReason.VALUE_MISSING,
    SkipReason.TOO_LONG,
)
LONGEST_BODY = 1024
NOBODY = Q(pk__in=[])
NUMBER = r"^-?\d{1,18}(\.\d{1,8})?$"
DATE = r"^\d{4}-\d{2}-\d{2}$"

# The one form of a number, as contacts.numbers.canonical has it.
CANONICAL = r"""
    regexp_replace(regexp_replace(regexp_replace({address},
        '^\+55([1-9]\d)([6-9]\d{{7}})$', '+55\19\2'), '^\+521(\d{{10}})$', '+52\1'), '^\+54([1-8]\d{{9}})$', '+549\1')
"""
# consent.standing.decide, in SQL.
CONSENT_PART = """
    CASE WHEN here.state = 'opted_out' THEN 'opted_out'
         WHEN everywhere.state = 'opted_out'
              AND NOT COALESCE(here.is_by_person AND here.since > everywhere.since, false) THEN 'opted_out'
         WHEN here.state IS NULL AND everywhere.state IS NULL THEN 'no_consent' END
"""
# Everybody whose keys follow: their address on this channel, and what stands against writing to them.
PERSONS = f"""
    SELECT c.id, c.name, c.language, c.attributes, COALESCE(a.external_id, '') AS address,
        {CANONICAL.format(address="a.external_id")} AS canonical,
        CASE WHEN c.blocked_at IS NOT NULL THEN '{SkipReason.BLOCKED}' END AS blocked,
        CASE WHEN a.external_id IS NULL THEN '{SkipReason.NO_CHANNEL}' END AS unreachable,
        {CONSENT_PART} AS consent,
        CASE WHEN here.state = 'opted_in' THEN here.event_id ELSE everywhere.event_id END AS event_id
    FROM {CONTACT} c
    LEFT JOIN (
        SELECT DISTINCT ON (i.contact_id) i.contact_id, i.external_id FROM {IDENTITY} i
        WHERE i.kind = ANY(%s)
        ORDER BY i.contact_id, i.kind <> %s, left(i.external_id, 1) <> '+', i.id
    ) a ON a.contact_id = c.id
    LEFT JOIN {CONSENT} everywhere
        ON everywhere.contact_id = c.id AND everywhere.purpose = %s AND everywhere.channel_id IS NULL
    LEFT JOIN {CONSENT} here ON here.contact_id = c.id AND here.purpose = %s AND here.channel_id = %s
    WHERE c.id IN
"""
# Each of them in one part, with the values of their message.
JUDGED = f"""
    SELECT q.id, q.name, q.address, q.canonical, q.values, q.event_id,
        COALESCE(q.blocked, q.unreachable, q.consent,
            CASE WHEN q.place > 1 THEN '{SkipReason.DUPLICATE}'
                 WHEN q.missing THEN '{SkipReason.VALUE_MISSING}'
                 WHEN q.length > {LONGEST_BODY} THEN '{SkipReason.TOO_LONG}'
                 ELSE '{REACHABLE}' END) AS part
    FROM (
        SELECT p.*, built.values, built.missing, built.length + %s AS length,
            -- Of several contacts with one number, the oldest that may be written to.
            row_number() OVER (
                PARTITION BY CASE WHEN p.blocked IS NULL AND p.unreachable IS NULL AND p.consent IS NULL
                             THEN p.canonical ELSE p.id::text END
                ORDER BY p.id
            ) AS place
        FROM ({{persons}}) p CROSS JOIN LATERAL ({{built}}) built
    ) q
"""


@dataclass(frozen=True)
class Message:
    """What decides about values: for each place of the template an SQL-free source, and the length of the fixed text.

    A source is {field?, text?, fallback?}; `fixed` is the number of characters of the body without its variables.
    """

    bindings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fixed: int = 0


def chosen(audience: Mapping[str, Any]) -> Any:
    """The contacts an audience speaks of, whether they can be reached or not."""
    people = Contact.objects.all()
    lists, labels = _words(audience.get("lists")), _words(audience.get("labels"))
    if lists or labels:
        people = people.filter(
            Q(pk__in=Contact.lists.through.objects.filter(contactlist__public_id__in=lists).values("contact"))
            | Q(pk__in=Contact.labels.through.objects.filter(label__public_id__in=labels).values("contact"))
        )
    elif not audience.get("everyone"):
        return people.none()
    for condition in audience.get("conditions") or ():
        people = people.filter(_condition(condition))
    if without := _words(audience.get("without")):
        gone = Contact.lists.through.objects.filter(contactlist__public_id__in=without)
        people = people.exclude(pk__in=gone.values("contact"))
    return people.order_by()


def count(
    audience: Mapping[str, Any], channel: Channel, purpose: str, message: Message | None = None
) -> dict[str, int]:
    """How many people each part holds; the parts add up to everybody who was chosen."""
    sql, values = people(audience, channel, purpose, message or Message())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT part, count(*) FROM ({sql}) AS p GROUP BY part", values)
        found = dict(cursor.fetchall())
    return {part: found.get(part, 0) for part in PARTS}


def sample(
    audience: Mapping[str, Any], channel: Channel, purpose: str, part: str, *, message: Message | None = None, most: int
) -> list[int]:
    """The first contacts of a part, by key."""
    sql, values = people(audience, channel, purpose, message or Message())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({sql}) AS p WHERE part = %s ORDER BY id LIMIT %s", [*values, part, most])
        return [row[0] for row in cursor.fetchall()]


def people(
    audience: Mapping[str, Any],
    channel: Channel,
    purpose: str,
    message: Message,
    *,
    among: tuple[int, int] | None = None,
) -> tuple[str, list[Any]]:
    """The statement: id, name, address, values, event_id and part of everybody chosen, and its parameters.

    `among` narrows it to keys above the first and up to the second.
    """
    selected = chosen(audience)
    if among:
        selected = selected.filter(pk__gt=among[0], pk__lte=among[1])
    ids, id_values = _sql(selected.values("pk"))
    built, built_values = _values(message)
    kinds = list(PHONE_KINDS) if channel.kind in PHONE_KINDS else [channel.kind]
    values = [message.fixed, kinds, channel.kind, purpose, purpose, channel.pk, *id_values, *built_values]
    return JUDGED.format(persons=f"{PERSONS} ({ids})", built=built), values


# --- Values of the template -------------------------------------------------------------------------------------------


def _values(message: Message) -> tuple[str, list[Any]]:
    """A row of the values as JSON, whether one is missing, and their length; line breaks and runs of spaces are one."""
    if not message.bindings:
        return "SELECT '{}'::jsonb AS values, false AS missing, 0 AS length", []
    columns, parameters = [], []
    for place, source in message.bindings.items():
        expression, own = _source(source)
        columns.append(
            "(%s, btrim(regexp_replace("
            f"COALESCE(NULLIF(btrim(regexp_replace({expression}, '\\s+', ' ', 'g')), ''), %s), '\\s+', ' ', 'g')))"
        )
        parameters += [place, *own, source.get("fallback", "")]
    sql = f"""
        SELECT jsonb_object_agg(v.place, v.value) AS values, bool_or(v.value = '') AS missing,
            COALESCE(sum(char_length(v.value)) FILTER (WHERE v.place LIKE 'body.%%'), 0) AS length
        FROM (VALUES {", ".join(columns)}) AS v (place, value)
    """
    return sql, parameters


def _source(source: Mapping[str, str]) -> tuple[str, list[Any]]:
    wanted = source.get("field", "")
    if wanted == "name":
        return "p.name::text", []
    if wanted == "first_name":
        return "split_part(p.name, ' ', 1)", []
    if wanted == "language":
        return "p.language::text", []
    if wanted.startswith("attributes."):
        return "COALESCE(p.attributes->>%s, '')", [wanted.removeprefix("attributes.")]
    return "%s::text", [source.get("text", "")]


# --- Conditions -------------------------------------------------------------------------------------------------------


def _condition(condition: Mapping[str, str]) -> Q:
    """A condition nobody knows holds for nobody: a broadcast must never reach more people than were meant."""
    name, op, value = (str(condition.get(key, "")) for key in ("field", "op", "value"))
    if name == "country":
        digits = "".join(character for character in value if character.isdecimal())
        numbers = ChannelIdentity.objects.filter(
            kind__in=[ChannelKind.WHATSAPP, ChannelKind.SMS], external_id__startswith=f"+{digits}"
        )
        holds = Q(pk__in=numbers.values("contact")) if digits else NOBODY
        return {"is": holds, "is_not": ~holds}.get(op, NOBODY)
    if name.startswith("attributes."):
        return _attribute(name.removeprefix("attributes."), op, value)
    return _compared(Contact.objects.all(), name, op, value) if name in {"name", "language"} else NOBODY


def _compared(of: QuerySet[Any], name: str, op: str, value: str) -> Q:
    """`of` are all contacts, where `name` may be an alias."""
    lookups = {"is": "iexact", "is_not": "iexact", "contains": "icontains", "begins": "istartswith"}
    if op not in lookups or not value:
        return NOBODY
    holds = Q(pk__in=of.filter(**{f"{name}__{lookups[op]}": value}).values("pk"))
    return ~holds if op == "is_not" else holds


def _attribute(key: str, op: str, value: str) -> Q:
    known = Attribute.objects.filter(key=key).first()
    if known is None:
        return NOBODY
    with_value: QuerySet[Any] = Contact.objects.annotate(value=KeyTextTransform(key, "attributes"))
    if op in {"empty", "filled"}:
        filled = Q(pk__in=with_value.filter(value__gt="").values("pk"))
        return filled if op == "filled" else ~filled
    if op in {"below", "above"}:
        return _ordered(with_value, known.kind, "lt" if op == "below" else "gt", value)
    return _compared(with_value, "value", op, value)


def _ordered(with_value: QuerySet[Any], kind: str, comparison: str, value: str) -> Q:
    """Dates are kept as 2026-11-25 and compare as text; numbers are compared as numbers."""
    if kind == AttributeKind.DATE and value:
        dated = with_value.filter(value__regex=DATE, **{f"value__{comparison}": value})
        return Q(pk__in=dated.values("pk"))
    if kind == AttributeKind.NUMBER and re.fullmatch(NUMBER, value):
        # The cast only meets what is a number.
        number = Case(When(value__regex=NUMBER, then=Cast("value", DecimalField(max_digits=30, decimal_places=10))))
        numbers = with_value.alias(number=number).filter(**{f"number__{comparison}": Decimal(value)})
        return Q(pk__in=numbers.values("pk"))
    return NOBODY


def _words(value: Any) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _sql(queryset: Any) -> tuple[str, Sequence[Any]]:
    try:
        sql, values = queryset.query.sql_with_params()
    except EmptyResultSet:
        # Django knows already that nobody is chosen, and makes no statement of it.
        return "SELECT NULL::bigint", ()
    return sql, values
