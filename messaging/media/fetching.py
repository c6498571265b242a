"""Files that people sent: fetched from their provider, several at a time on one event loop.

waiting ─claim, attempt counted─► fetched, looked at, stored ─► stored
   ▲            │                                  └─ empty, too large, unsafe ─► refused
   └─ not now ──┴─ gone, or it kills its workers ─► failed
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from aiohttp import ClientSession
from django.db import transaction
from django.utils import timezone

from messaging.channels import services as channels
from messaging.channels.base import ChannelAdapter, Credentials, MediaRef, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.capabilities import capabilities_of
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.models import Channel, ChannelState
from messaging.channels.registry import adapter_for, open_session
from messaging.media import claiming
from messaging.media.claiming import change, later, put_off, tell_of
from messaging.media.preparing import Refused, prepare
from messaging.media.storing import Kept, store
from messaging.media.words import GONE, POISONED, TOO_LARGE
from messaging.messages.models import Attachment, AttachmentState
from messaging.messages.nudging import FETCH
from messaging.messages.stopping import STOPS, stop_for_errors
from tenants.lib.clamd import ScannerAway
from tenants.lib.secrets import SecretUnreadable
from tenants.models import Company
from tenants.services import due, files

log = structlog.get_logger(__name__)
AT_ONCE = 6
# One file may take so long, also while it moves.
PATIENCE = 150.0
# A provider keeps what people sent for so long; what could not be had until then never will be.
KEPT = timedelta(days=7)
# What a provider says of a file it no longer has. It is asked again, since it says so of new ones too.
NOT_THERE = {"http_404", "http_410", "404", "410", "100", "33"}
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
TRIES_FOR_MISSING = 3
# What says nothing about the file: it waits.
NOBODYS_FAULT = (NotSent, NoAnswer, TimeoutError, ScannerAway, *files.TROUBLE)


@dataclass(frozen=True)
class Errand:
    """One file to be fetched, with all that the loop needs."""

    row: Attachment
    path: Path
    adapter: ChannelAdapter
    credentials: Credentials
    most_bytes: int


def fetch(company: Company, now: datetime | None = None) -> bool:
    """Fetch some of what waits, and say when to come again; whether that is at once."""
    round = due.begin(FETCH, company)
    started = now or timezone.now()
    park_hopeless(started)
    if rows := claiming.claim(AttachmentState.WAITING, started, AT_ONCE):
        with TemporaryDirectory(prefix="media-") as folder:
            _fetch_all(_errands(rows, Path(folder), started))
    ended = now or timezone.now()
    next_due_at = claiming.next_due(AttachmentState.WAITING, ended)
    was_settled = due.settle(round, next_due_at)
    return bool(rows) and (next_due_at <= ended or not was_settled)


@transaction.atomic
def park_hopeless(now: datetime) -> None:
    """What has lost its worker again and again is tried no more."""
    for row in claiming.hopeless(AttachmentState.WAITING, now):
        log.warning("file.poisoned", file=row.public_id)
        end(row, AttachmentState.FAILED, POISONED)


def end(row: Attachment, state: AttachmentState, code: str) -> None:
    """It will not be here."""
    with transaction.atomic():
        if change(row, state=state, error=code, due_at=None):
            tell_of(row)


def _errands(rows: list[Attachment], folder: Path, now: datetime) -> list[Errand]:
    known: dict[int, Credentials | None] = {}
    found = []
    for row in rows:
        channel = row.message.channel
        if channel.pk not in known:
            known[channel.pk] = credentials_of(channel)
        credentials = known[channel.pk]
        if credentials is None:
            put_off(row, now + claiming.STANDSTILL, is_counted=False)
            continue
        most = capabilities_of(channel.kind).inbound_bytes
        found.append(Errand(row, folder / row.public_id, adapter_for(channel.kind), credentials, most))
    return found


def credentials_of(channel: Channel) -> Credentials | None:
    """None when its secret is damaged: then it needs a new connection."""
    try:
        return channels.credentials_of(channel)
    except SecretUnreadable:
        channels.set_state(channel, ChannelState.RECONNECT, reason="SecretUnreadable")
        return None


def _fetch_all(errands: list[Errand]) -> None:
    """Each is stored as soon as it is here. The loop stands still meanwhile, so no coroutine meets the database."""
    with asyncio.Runner() as runner:
        session = runner.run(_open())
        try:
            loop = runner.get_loop()
            flying = {loop.create_task(_download(session, errand)): errand for errand in errands}
            while flying:
                landed, _ = runner.run(asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED))
                for task in landed:
                    _land(flying.pop(task), task.exception())
        finally:
            runner.run(session.close())


async def _open() -> ClientSession:
    return open_session(connections=AT_ONCE)


async def _download(session: ClientSession, errand: Errand) -> None:
    row = errand.row
    media = MediaRef(row.external_id, row.mime_type, url=row.source_url, filename=row.filename)
    pieces = errand.adapter.download(session, errand.credentials, media, most_bytes=errand.most_bytes)
    async with asyncio.timeout(PATIENCE), aclosing(pieces):  # type: ignore[type-var]
        with errand.path.open("wb") as target:
            async for piece in pieces:
                target.write(piece)


def _land(errand: Errand, fault: BaseException | None) -> None:
    row, now = errand.row, timezone.now()
    try:
        fault = fault or _keep(errand)
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
