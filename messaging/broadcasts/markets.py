"""The market of a number, in SQL: for the rows of a broadcast, and to count before there are rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from messaging.broadcasts import audience
from messaging.broadcasts.audience import Message
from messaging.channels.models import Channel

LONGEST_PREFIX = 7


def joins(address: str) -> str:
    """Joins that find the market by each length of prefix; equality, so that 200,000 numbers take moments."""
    return " ".join(
        f"LEFT JOIN unnest(%s::text[], %s::text[]) AS m{length} (prefix, market)"
        f" ON m{length}.prefix = substr({address}, 2, {length}) AND {address} LIKE '+%%'"
        f" AND length({address}) > {length}"
        for length in range(LONGEST_PREFIX, 0, -1)
    )


def market(address: str) -> str:
    """The column, of the joins. An address that is no number begins with its country."""
    found = ", ".join(f"m{length}.market" for length in range(LONGEST_PREFIX, 0, -1))
    return f"COALESCE({found}, CASE WHEN {address} LIKE '+%%' THEN 'Other' ELSE split_part({address}, '.', 1) END)"


def parameters(prefixes: Mapping[str, str]) -> list[list[str]]:
    """Of the joins; `prefixes` are the calling prefixes of the markets, without "+"."""
    keys = [*prefixes]
    return [keys, [prefixes[key] for key in keys]] * LONGEST_PREFIX


def count(
    chosen: Mapping[str, Any], channel: Channel, purpose: str, message: Message, prefixes: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    """How many people each part of an audience holds in each market; the parts as in audience.PARTS."""
    sql, values = audience.people(chosen, channel, purpose, message)
    found: dict[str, dict[str, int]] = {part: {} for part in audience.PARTS}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.part, {market('p.address')}, count(*) FROM ({sql}) p {joins('p.address')} GROUP BY 1, 2",
            [*values, *parameters(prefixes)],
        )
        for part, place, number in cursor.fetchall():
            found[part][place] = number
    return found
