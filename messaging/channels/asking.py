"""Asking a provider while a person or a task waits: one session for one question, and an end to patience.

Never inside a transaction: a provider may take its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from aiohttp import ClientSession
from asgiref.sync import async_to_sync

from messaging.channels.base import Account, ChannelAdapter, Credentials, Health, NoAnswer, TemplateValue
from messaging.channels.registry import adapter_for, open_session

Answer = TypeVar("Answer")
Question = Callable[[ChannelAdapter, ClientSession], Awaitable[Answer]]
# A page waits for as long, in seconds; a list of many pages may take longer.
PATIENCE = 12.0
LONG_PATIENCE = 40.0


def ask(kind: str, question: Question[Answer], *, patience: float = PATIENCE) -> Answer:
    """What the provider answers; raises SendFailed, NotSent or NoAnswer."""

    async def main() -> Answer:
        try:
            async with asyncio.timeout(patience), open_session(connections=1) as session:
                return await question(adapter_for(kind), session)
        except TimeoutError as error:
            raise NoAnswer("no answer in time") from error

    return async_to_sync(main)()


def ask_health(kind: str, credentials: Credentials) -> Health:
    """How a number stands, as its provider says."""
    return ask(kind, lambda adapter, session: adapter.health(session, credentials))


def ask_account(kind: str, credentials: Credentials) -> Account:
    """The numbers of the account, and who listens to it."""
    return ask(kind, lambda adapter, session: adapter.account(session, credentials))


def ask_to_report(kind: str, credentials: Credentials, url: str) -> None:
    """Have the account's webhooks brought to `url`."""
    ask(kind, lambda adapter, session: adapter.listen(session, credentials, url))


def ask_templates(kind: str, credentials: Credentials) -> Sequence[TemplateValue]:
    """All templates of the account."""
    return ask(kind, lambda adapter, session: adapter.templates(session, credentials), patience=LONG_PATIENCE)
