"""Files of messages that wait to be sent: handed to the provider, several at a time on one event loop.

    outgoing ─claim, attempt counted─► handed over ─► stored, and its message is due
       ▲            │
       └─ not now ──┴─ refused for good, or tried too often ─► stored, and its message failed

Nothing is sent by it, so it may be done twice.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from aiohttp import ClientSession
from django.db import transaction
from django.utils import timezone

from messaging.channels.base import ProviderError, SendFailed
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.registry import adapter_for
from messaging.media import claiming, rounds
from messaging.media.claiming import change, put_off
from messaging.media.fetching import NOBODYS_FAULT
from messaging.media.rounds import PATIENCE, Direction, Errand, with_credentials
from messaging.messages.models import Attachment, AttachmentState, Message, MessageState
from messaging.messages.news import Changed, tell_changed
from messaging.messages.nudging import UPLOAD, announce
from messaging.messages.reserving import let_go
from messaging.messages.stopping import STOPS, stop_for_errors, words_of
from tenants.models import Company
from tenants.services import files

log = structlog.get_logger(__name__)
AT_ONCE = 4
# Our own codes: it was tried for long enough, and the stored file is gone.
UPLOAD_FAILED, FILE_MISSING = "upload_failed", "file_missing"


def upload(company: Company, now: datetime | None = None) -> bool:
    """Hand over some of what waits, and say when to come again; whether that is at once."""
    return rounds.run(OUTWARD, company, now)


def _upload_all(rows: list[Attachment], folder: Path, now: datetime) -> None:
    rounds.side_by_side(_errands(rows, folder, now), _hand_over, _landed)


def _errands(rows: list[Attachment], folder: Path, now: datetime) -> list[Errand]:
    return [
        Errand(row, path, adapter_for(row.message.channel.kind), credentials)
        for row, credentials in with_credentials(rows, now)
        if (path := _brought(row, folder, now))
    ]


def _brought(row: Attachment, folder: Path, now: datetime) -> Path | None:
    """The stored file beside us; None when it is gone or the storage is away."""
    path = folder / row.public_id
    try:
        with path.open("wb") as target:
            for piece in files.pieces(row.key, 0, row.size or 0):
                target.write(piece)
    except FileNotFoundError:
        _fail(row, FILE_MISSING)
        return None
    except files.TROUBLE as trouble:
        log.warning("file.not_read", file=row.public_id, error=type(trouble).__name__)
        _wait(row, now)
        return None
    return path


async def _hand_over(session: ClientSession, errand: Errand) -> str:
    row = errand.row
    mime_type = str(row.message.content.get("mime_type") or row.mime_type)
    with errand.path.open("rb") as source:
        async with asyncio.timeout(PATIENCE):
            return await errand.adapter.upload(
                session, errand.credentials, data=source, mime_type=mime_type, filename=row.filename
            )


def _landed(errand: Errand, task: asyncio.Task[str]) -> None:
    fault = task.exception()
    _land(errand.row, "" if fault else task.result(), fault)


def _land(row: Attachment, media_id: str, fault: BaseException | None) -> None:
    now = timezone.now()
    if fault is None:
        _done(row, media_id, now)
    elif isinstance(fault, SendFailed):
        _refused(row, fault.error, now)
    else:
        level = log.info if isinstance(fault, NOBODYS_FAULT) else log.error
        level("file.not_handed_over", file=row.public_id, error=type(fault).__name__)
        _wait(row, now)


@transaction.atomic
def _done(row: Attachment, media_id: str, now: datetime) -> None:
    """The message may be sent now, unless it is no longer waiting for that."""
    if not change(row, state=AttachmentState.STORED, due_at=None, uploaded_at=now, attempts=0):
        return
    waiting = Message.objects.select_for_update().filter(pk=row.message_id, state=MessageState.QUEUED, due_at=None)
    message = waiting.first()
    if message is not None:
        message.content["media_id"] = media_id
        message.due_at = now
        message.save(update_fields=["content", "due_at"])
        announce(message.lane)


def _refused(row: Attachment, error: ProviderError, now: datetime) -> None:
    """The provider's no: for this file, for now, or for the whole channel."""
    channel = row.message.channel
    rule = rule_for(channel.kind, error.code)
    if rule.means in STOPS:
        stop_for_errors(channel, [error])
        if rule.waits:
            put_off(row, claiming.later(row, now), is_counted=False)
        else:
            _fail(row, error.code, words_of(error))
    elif rule.means in (ErrorClass.RETRY_LATER, ErrorClass.SLOW_NUMBER):
        _wait(row, now)
    else:
        _again_or_fail(row, error.code, words_of(error), now)


def _wait(row: Attachment, now: datetime) -> None:
    """The provider was away, or our storage."""
    _again_or_fail(row, UPLOAD_FAILED, "", now)


def _again_or_fail(row: Attachment, code: str, details: str, now: datetime) -> None:
    """As often as the error's row says."""
    retry = rule_for(row.message.channel.kind, code).retry
    delay = retry.delay(row.attempts) if retry else None
    if delay is None:
        _fail(row, code, details)
    else:
        put_off(row, now + timedelta(seconds=delay))


@transaction.atomic
def _fail(row: Attachment, code: str, details: str = "") -> None:
    """The message ends here; what waited behind it goes on. The file stays, for another try."""
    if not change(row, state=AttachmentState.STORED, due_at=None):
        return
    waiting = Message.objects.filter(pk=row.message_id, state=MessageState.QUEUED, due_at=None)
    failed = waiting.update(
        state=MessageState.FAILED, error_code=code[:32], error_details=details[:2000], failed_at=timezone.now()
    )
    if failed:
        message = row.message
        let_go([message.public_id])
        announce(message.lane)
        tell_changed([Changed(message.public_id, message.conversation.public_id, MessageState.FAILED)])


def _give_up(row: Attachment) -> None:
    _fail(row, UPLOAD_FAILED)


OUTWARD = Direction(UPLOAD, AttachmentState.OUTGOING, AT_ONCE, move=_upload_all, give_up=_give_up)
