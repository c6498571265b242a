"""Files that people sent: fetched from their provider, several at a time on one event loop.

waiting ─claim, attempt counted─► fetched, looked at, stored ─► stored
   ▲            │                                  └─ empty, too large, unsafe ─► refused
   └─ not now ──┴─ gone, or it kills its workers ─► failed
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from aiohttp import ClientSession
from django.db import transaction
from django.utils import timezone

from messaging.channels.base import MediaRef, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.capabilities import capabilities_of
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.registry import adapter_for
from messaging.media import rounds
from messaging.media.claiming import change, later, put_off, tell_of
from messaging.media.preparing import Refused, prepare
from messaging.media.rounds import PATIENCE, Direction, Errand, with_credentials
from messaging.media.storing import Kept, store
from messaging.media.words import GONE, POISONED, TOO_LARGE
from messaging.messages.models import Attachment, AttachmentState
from messaging.messages.nudging import FETCH
from messaging.messages.stopping import STOPS, stop_for_errors
from tenants.lib.clamd import ScannerAway
from tenants.models import Company
from tenants.services import files

log = structlog.get_logger(__name__)
AT_ONCE = 6
# A provider keeps what people sent for so long; what could not be had until then never will be.
KEPT = timedelta(days=7)
# What a provider says of a file it no longer has. It is asked again, since it says so of new ones too.
NOT_THERE = {"http_404", "http_410", "404", "410", "100", "33"}
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
TRIES_FOR_MISSING = 3
# What says nothing about the file: it waits.
NOBODYS_FAULT = (NotSent, NoAnswer, TimeoutError, ScannerAway, *files.TROUBLE)


def fetch(company: Company, now: datetime | None = None) -> bool:
    """Fetch some of what waits, and say when to come again; whether that is at once."""
    return rounds.run(INWARD, company, now)


def end(row: Attachment, state: AttachmentState, code: str) -> None:
    """It will not be here."""
    with transaction.atomic():
        if change(row, state=state, error=code, due_at=None):
            tell_of(row)


def _fetch_all(rows: list[Attachment], folder: Path, now: datetime) -> None:
    """Each is stored as soon as it is here."""
    rounds.side_by_side(_errands(rows, folder, now), _download, _landed)


def _errands(rows: list[Attachment], folder: Path, now: datetime) -> list[Errand]:
    return [
        Errand(row, folder / row.public_id, adapter_for(row.message.channel.kind), credentials)
        for row, credentials in with_credentials(rows, now)
    ]


async def _download(session: ClientSession, errand: Errand) -> None:
    row = errand.row
    media = MediaRef(row.external_id, row.mime_type, url=row.source_url, filename=row.filename)
    most = capabilities_of(row.message.channel.kind).inbound_bytes
    pieces = errand.adapter.download(session, errand.credentials, media, most_bytes=most)
    async with asyncio.timeout(PATIENCE), aclosing(pieces):  # type: ignore[type-var]
        with errand.path.open("wb") as target:
            async for piece in pieces:
                target.write(piece)


def _landed(errand: Errand, task: asyncio.Task[None]) -> None:
    row, now = errand.row, timezone.now()
    try:
        fault = task.exception() or _keep(errand)
    finally:
        errand.path.unlink(missing_ok=True)
    match fault:
        case None:
            pass
        case Refused(code=code):
            end(row, AttachmentState.REFUSED, code)
        case SendFailed(error=error):
            _refused(row, error, now)
        case _ if isinstance(fault, NOBODYS_FAULT):
            log.info("file.not_fetched", file=row.public_id, error=type(fault).__name__)
            _wait(row, now)
        case _:
            log.error("file.fetch_crashed", file=row.public_id, error=type(fault).__name__)
            _try_again(row, now, tries=len(WAITS), code=POISONED)


def _keep(errand: Errand) -> Exception | None:
    """Store what came; what went wrong with it."""
    try:
        kept = store(prepare(errand.path, errand.row.filename))
    except Exception as fault:  # noqa: BLE001  (a fault in one file must not end the others)
        return fault
    _stored(errand.row, kept)
    return None


@transaction.atomic
def _stored(row: Attachment, kept: Kept) -> None:
    if change(row, state=AttachmentState.STORED, due_at=None, error="", source_url="", **kept.columns()):
        files.keep(kept.keys)
        tell_of(row)


def _wait(row: Attachment, now: datetime) -> None:
    if now - row.created_at > KEPT:
        end(row, AttachmentState.FAILED, GONE)
    else:
        put_off(row, later(row, now), is_counted=False)


def _refused(row: Attachment, error: ProviderError, now: datetime) -> None:
    """The provider's no: for this file, for now, or for the whole channel."""
    channel = row.message.channel
    rule = rule_for(channel.kind, error.code)
    if error.code == TOO_LARGE:
        end(row, AttachmentState.REFUSED, TOO_LARGE)
    elif error.code in NOT_THERE:
        _try_again(row, now, tries=TRIES_FOR_MISSING, code=GONE)
    elif rule.means in STOPS:
        stop_for_errors(channel, [error])
        _wait(row, now)
    elif rule.means in (ErrorClass.RETRY_LATER, ErrorClass.SLOW_NUMBER):
        _wait(row, now)
    else:
        _try_again(row, now, tries=len(WAITS), code=error.code)


def _try_again(row: Attachment, now: datetime, *, tries: int, code: str) -> None:
    if row.attempts >= tries:
        end(row, AttachmentState.FAILED, code)
    else:
        put_off(row, now + WAITS[row.attempts - 1])


def _give_up(row: Attachment) -> None:
    end(row, AttachmentState.FAILED, POISONED)


INWARD = Direction(FETCH, AttachmentState.WAITING, AT_ONCE, move=_fetch_all, give_up=_give_up)
