"""A round over files that wait: claimed, moved side by side on one event loop, each outcome written as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import structlog
from aiohttp import ClientSession
from django.utils import timezone

from messaging.channels import services as channels
from messaging.channels.base import ChannelAdapter, Credentials
from messaging.channels.models import Channel, ChannelState
from messaging.channels.registry import open_session
from messaging.media import claiming
from messaging.messages.models import Attachment, AttachmentState
from tenants.lib.secrets import SecretUnreadable
from tenants.models import Company
from tenants.services import due

log = structlog.get_logger(__name__)
Moved = TypeVar("Moved")
# One file may take so long, also while it moves.
PATIENCE = 150.0


@dataclass(frozen=True)
class Errand:
    """One file to be moved, with all that the loop needs."""

    row: Attachment
    path: Path
    adapter: ChannelAdapter
    credentials: Credentials


@dataclass(frozen=True)
class Direction:
    """One way of moving files: which wait (`state`), how many at once, the work, and what becomes of the hopeless."""

    kind: str
    state: AttachmentState
    at_once: int
    move: Callable[[list[Attachment], Path, datetime], None]
    give_up: Callable[[Attachment], None]


def run(direction: Direction, company: Company, now: datetime | None = None) -> bool:
    """Move some of what waits, and say when to come again; whether that is at once."""
    round = due.begin(direction.kind, company)
    started = now or timezone.now()
    _give_up_the_hopeless(direction, started)
    if rows := claiming.claim(direction.state, started, direction.at_once):
        with TemporaryDirectory(prefix="media-") as folder:
            direction.move(rows, Path(folder), started)
    ended = now or timezone.now()
    next_due_at = claiming.next_due(direction.state, ended)
    was_settled = due.settle(round, next_due_at)
    return bool(rows) and (next_due_at <= ended or not was_settled)


def _give_up_the_hopeless(direction: Direction, now: datetime) -> None:
    """What has lost its worker again and again is tried no more; each in a transaction of its own."""
    for row in claiming.hopeless(direction.state, now):
        log.warning("file.poisoned", file=row.public_id)
        direction.give_up(row)


def with_credentials(rows: list[Attachment], now: datetime) -> Iterator[tuple[Attachment, Credentials]]:
    """Those whose channel can be spoken to; the others are put off."""
    known: dict[int, Credentials | None] = {}
    for row in rows:
        channel = row.message.channel
        if channel.pk not in known:
            known[channel.pk] = _credentials_of(channel)
        if credentials := known[channel.pk]:
            yield row, credentials
        else:
            claiming.put_off(row, now + claiming.STANDSTILL, is_counted=False)


def _credentials_of(channel: Channel) -> Credentials | None:
    """None when its secret is damaged: then it needs a new connection."""
    try:
        return channels.credentials_of(channel)
    except SecretUnreadable:
        channels.set_state(channel, ChannelState.RECONNECT, reason="SecretUnreadable")
        return None


def side_by_side(
    errands: list[Errand],
    move: Callable[[ClientSession, Errand], Coroutine[Any, Any, Moved]],
    land: Callable[[Errand, asyncio.Task[Moved]], None],
) -> None:
    """Move all at once; `land` gets each errand with its ended task, as soon as it has ended.

    The loop stands still while an outcome is written, so no coroutine meets the database.
    """
    with asyncio.Runner() as runner:
        session = runner.run(_open(len(errands)))
        try:
            loop = runner.get_loop()
            flying = {loop.create_task(move(session, errand)): errand for errand in errands}
            while flying:
                landed, _ = runner.run(asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED))
                for task in landed:
                    land(flying.pop(task), task)
        finally:
            runner.run(session.close())


async def _open(connections: int) -> ClientSession:
    return open_session(connections=connections)
