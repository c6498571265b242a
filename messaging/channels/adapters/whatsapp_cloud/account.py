"""The number and its account: health, who listens, templates (§3, §6.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import ClientSession

from messaging.channels.adapters import graph, reading
from messaging.channels.adapters.graph import LONGEST_WORDS
from messaging.channels.base import Account, Credentials, Health, NoAnswer, ProviderError, TemplateValue

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,name_status,throughput,health_status,"
    "whatsapp_business_manager_messaging_limit"
)
PER_SECOND = {"STANDARD": 80, "HIGH": 1000}
TEMPLATE_FIELDS = (
    "id,name,status,category,language,components,quality_score,rejected_reason,parameter_format,"
    "correct_category,previous_category"
)
PAGE, MOST_PAGES = 100, 100


async def health(session: ClientSession, credentials: Credentials) -> Health:
    params = {"fields": NUMBER_FIELDS}
    number = await graph.call(session, credentials, "GET", credentials.external_id, params=params)
    level = reading.text(reading.part(number, "throughput"), "level")
    return Health(
        name=reading.text(number, "verified_name"),
        display_address=reading.text(number, "display_phone_number"),
        state=reading.text(number, "status"),
        quality=reading.text(number, "quality_rating"),
        messages_per_second=PER_SECOND.get(level, PER_SECOND["STANDARD"]),
        daily_limit=reading.text(number, "whatsapp_business_manager_messaging_limit"),
        name_status=reading.text(number, "name_status"),
        problems=tuple(problems(reading.part(number, "health_status"))),
    )


def problems(status: Mapping[str, Any]) -> Iterator[ProviderError]:
    """What keeps the number, its account or its business from sending (§3)."""
    for entity in reading.parts(status, "entities"):
        for error in reading.parts(entity, "errors"):
            yield ProviderError(
                code=reading.text(error, "error_code"),
                title=reading.text(error, "error_description")[:LONGEST_WORDS],
                details=reading.text(error, "possible_solution")[:LONGEST_WORDS],
            )


async def account(session: ClientSession, credentials: Credentials) -> Account:
    numbers = await every(session, credentials, "phone_numbers", "id")
    apps = await graph.call(session, credentials, "GET", credentials.account_external_id, "subscribed_apps")
    return Account(
        numbers=tuple(reading.text(one, "id") for one in numbers),
        listeners=tuple(reading.text(app, "override_callback_uri") for app in reading.parts(apps, "data")),
    )


async def listen(session: ClientSession, credentials: Credentials, url: str) -> None:
    body = {"override_callback_uri": url, "verify_token": credentials.verify_token}
    answer = await graph.call(
        session, credentials, "POST", credentials.account_external_id, "subscribed_apps", json=body
    )
    if answer.get("success") not in (True, "true"):
        raise NoAnswer("the subscription was not confirmed")


async def templates(session: ClientSession, credentials: Credentials) -> list[TemplateValue]:
    return [template(one) for one in await every(session, credentials, "message_templates", TEMPLATE_FIELDS)]


async def every(session: ClientSession, credentials: Credentials, edge: str, fields: str) -> list[Mapping[str, Any]]:
    """All pages of an edge of the account.

    The cursor is taken and not the ready address of the next page, which is not ours to trust.
    """
    found: list[Mapping[str, Any]] = []
    params = {"fields": fields, "limit": str(PAGE)}
    for _ in range(MOST_PAGES):
        page = await graph.call(session, credentials, "GET", credentials.account_external_id, edge, params=params)
        found += reading.parts(page, "data")
        paging = reading.part(page, "paging")
        after = reading.text(reading.part(paging, "cursors"), "after")
        # The last page has a cursor too, but no next one.
        if not after or "next" not in paging or after == params.get("after"):
            return found
        params["after"] = after
    raise NoAnswer(f"the list of {edge} has no end")


def template(one: Mapping[str, Any]) -> TemplateValue:
    reason = reading.text(one, "rejected_reason")
    return TemplateValue(
        external_id=reading.text(one, "id"),
        name=reading.text(one, "name"),
        language=reading.text(one, "language"),
        category=reading.text(one, "category"),
        status=reading.text(one, "status"),
        components=tuple(reading.parts(one, "components")),
        parameter_format=reading.text(one, "parameter_format") or "POSITIONAL",
        quality=reading.text(reading.part(one, "quality_score"), "score"),
        rejected_reason="" if reason == "NONE" else reason,
    )
