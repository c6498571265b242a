"""The European register of VAT ids. It is often away; then it has not said that an id is invalid."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from django.conf import settings

from billing.einvoice.tax import Outcome, split_id

TIMEOUT = aiohttp.ClientTimeout(total=20)
# What it says when it could not look, in place of a verdict; INVALID_INPUT is one: no id has this form.
VERDICTS = {"VALID", "INVALID", "INVALID_INPUT"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole enough to be shown to a tax office. `error` says why there is no verdict."""

    outcome: Outcome
    checked_at: datetime
    request_id: str = ""
    name: str = ""
    address: str = ""
    error: str = ""


def ask(vat_id: str, *, requester: str, now: datetime) -> Answer:
    """Ask about one id in the name of ours; never raises, since being away is an answer too."""
    try:
        body = asyncio.run(_post(_question(vat_id, requester)))
    except (TimeoutError, aiohttp.ClientError, ValueError, OSError) as problem:
        return Answer(Outcome.UNKNOWN, now, error=type(problem).__name__)
    return read(body, now)


def _question(vat_id: str, requester: str) -> dict[str, str]:
    country, number = split_id(vat_id)
    our_country, our_number = split_id(requester)
    return {
        "countryCode": country,
        "vatNumber": number,
        "requesterMemberStateCode": our_country,
        "requesterNumber": our_number,
    }


async def _post(question: Mapping[str, str]) -> Any:
    async with (
        aiohttp.ClientSession(timeout=TIMEOUT) as session,
        session.post(f"{settings.VIES_URL}/check-vat-number", json=question, allow_redirects=False) as answer,
    ):
        return await answer.json(content_type=None)


def read(body: Any, now: datetime) -> Answer:
    """A verdict only where the register gave one: `valid: false` beside an error is none."""
    if not isinstance(body, dict):
        return Answer(Outcome.UNKNOWN, now, error="no object")
    error = _error(body)
    if error == "INVALID_INPUT":
        return Answer(Outcome.INVALID, now, error=error)
    if error or not isinstance(body.get("valid"), bool):
        return Answer(Outcome.UNKNOWN, now, error=error or "no verdict")
    return Answer(
        Outcome.VALID if body["valid"] else Outcome.INVALID,
        now,
        request_id=str(body.get("requestIdentifier") or "")[:60],
        name=str(body.get("name") or "")[:250],
        address=str(body.get("address") or "")[:500],
    )


def _error(body: Mapping[str, Any]) -> str:
    wrapped = body.get("errorWrappers")
    if isinstance(wrapped, list) and wrapped and isinstance(wrapped[0], dict):
        return str(wrapped[0].get("error") or "error")[:60]
    said = str(body.get("userError") or "")
    if said and said not in VERDICTS:
        return said[:60]
    return said if said == "INVALID_INPUT" else ""
