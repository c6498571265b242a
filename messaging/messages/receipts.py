"""What a contact's phone is told of us: that we have read, and that somebody types. A courtesy, never a promise.

The intent stands in the conversation's row: want ─► receipt_due_at ─claim (lease)─► asked ─► due no more
                                                          ▲── provider away: a few times more ──┘
A newer wish moves `receipt_due_at`, so an older attempt that ends late settles nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from aiohttp import ClientSession
from django.db import transaction
from django.db.models import F, Min, Q
from django.utils import timezone

from messaging.channels import registry, services as channels
from messaging.channels.base import Credentials, NoAnswer, NotSent, SendFailed
from messaging.channels.capabilities import capabilities_of
from messaging.channels.models import Channel
from messaging.conversations import services as conversations
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message
from tenants.context import current_company
from tenants.lib.secrets import SecretUnreadable
from tenants.services import due

log = structlog.get_logger(__name__)
# The kind of due work that tells contacts.
RECEIPTS = "send-receipts"
# Older messages cannot be marked (whatsapp §2.4).
OLDEST = timedelta(days=30)
# The sign lasts for 25 seconds at the phone: so often is it renewed, and no longer is a late one of any use.
TYPING_EVERY = timedelta(seconds=20)
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 4
AGAIN_AFTER = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
BATCH = 50
AT_ONCE = 5
PATIENCE = 10.0


# --- The wish ---------------------------------------------------------------------------------------------------------


def read(conversation: Conversation, now: datetime | None = None) -> bool:
    """An agent has seen it: nobody calls it unread, and the contact is to be told. False when it was read already."""
    return _read(conversation, now or timezone.now()) if conversation.unread_count else False


@transaction.atomic
def _read(conversation: Conversation, now: datetime) -> bool:
    unread = Conversation.objects.filter(pk=conversation.pk, unread_count__gt=0)
    newest = _newest_inbound(conversation, now) if capabilities_of(conversation.channel.kind).read_receipts else ""
    if newest and unread.exclude(receipt_external_id=newest).update(
        receipt_external_id=newest, receipt_due_at=now, receipt_attempts=0
    ):
        due.announce(RECEIPTS, current_company())
    return conversations.mark_read(conversation)


@transaction.atomic
def show_typing(conversation: Conversation, now: datetime | None = None) -> bool:
    """An agent types: the contact is to see it, at most every 20 seconds and only while the window is open."""
    now = now or timezone.now()
    if not capabilities_of(conversation.channel.kind).typing or not conversation.window_is_open(now):
        return False
    newest = _newest_inbound(conversation, now)
    rested = Conversation.objects.filter(Q(typing_at=None) | Q(typing_at__lte=now - TYPING_EVERY), pk=conversation.pk)
    if not newest or not rested.update(
        typing_at=now, receipt_external_id=newest, receipt_due_at=now, receipt_attempts=0
    ):
        return False
    due.announce(RECEIPTS, current_company())
    return True


def _newest_inbound(conversation: Conversation, now: datetime) -> str:
    """The contact's last message, which stands for all before it."""
    inbound = Message.objects.filter(conversation=conversation, direction=Direction.INBOUND, at__gt=now - OLDEST)
    found = inbound.exclude(external_id="").order_by("-at", "-pk").values_list("external_id", flat=True).first()
    return found or ""


# --- The telling ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claimed:
    """A conversation that is ours until `lease`."""

    pk: int
    channel: Channel
    external_id: str
    typing: bool
    attempt: int
    lease: datetime


def send_due(now: datetime | None = None) -> int:
    """Tell what is due; how many were told."""
    claimed = _claim(now or timezone.now())
    told = 0
    for _channel, group in groupby(claimed, key=lambda one: one.channel.pk):
        rows = list(group)
        answers = _ask(rows[0].channel, rows)
        told += sum(answer is None for answer in answers)
        for row, answer in zip(rows, answers, strict=True):
            _settle(row, answer, now or timezone.now())
    return told


def next_due() -> datetime | None:
    return Conversation.objects.filter(receipt_due_at__isnull=False).aggregate(first=Min("receipt_due_at"))["first"]


@transaction.atomic
def _claim(now: datetime) -> list[Claimed]:
    """Take what is due; what was tried too often, or whose workers died too often, is let be."""
    waiting = Conversation.objects.filter(receipt_due_at__lte=now)
    waiting.filter(receipt_attempts__gte=MOST_ATTEMPTS).update(receipt_due_at=None)
    rows = list(
        waiting.select_for_update(skip_locked=True, of=("self",))
        .select_related("channel")
        .order_by("receipt_due_at")[:BATCH]
    )
    lease = now + LEASE
    Conversation.objects.filter(pk__in=[row.pk for row in rows]).update(
        receipt_due_at=lease, receipt_attempts=F("receipt_attempts") + 1
    )
    claimed = [
        Claimed(
            pk=row.pk,
            channel=row.channel,
            external_id=row.receipt_external_id,
            typing=row.typing_at is not None and row.typing_at > now - TYPING_EVERY and row.window_is_open(now),
            attempt=row.receipt_attempts + 1,
            lease=lease,
        )
        for row in rows
    ]
    return sorted(claimed, key=lambda one: one.channel.pk)


def _ask(channel: Channel, rows: Sequence[Claimed]) -> list[Exception | None]:
    """Tell the provider; what went wrong for each, or None. Nothing holds a transaction here."""
    if not channel.is_sending():
        return [NotSent("the channel rests") for _ in rows]
    try:
        credentials = channels.credentials_of(channel)
    except SecretUnreadable as damaged:
        return [damaged for _ in rows]
    return asyncio.run(_ask_all(channel.kind, credentials, rows))


async def _ask_all(kind: str, credentials: Credentials, rows: Iterable[Claimed]) -> list[Exception | None]:
    adapter, few = registry.adapter_for(kind), asyncio.Semaphore(AT_ONCE)

    async def ask(session: ClientSession, row: Claimed) -> Exception | None:
        try:
            async with few, asyncio.timeout(PATIENCE):
                await adapter.mark_read(session, credentials, row.external_id, typing=row.typing)
        except (SendFailed, NotSent, NoAnswer) as problem:
            return problem
        except TimeoutError:
            return NoAnswer("took too long")
        return None

    async with registry.open_session(connections=AT_ONCE) as session:
        return list(await asyncio.gather(*(ask(session, row) for row in rows)))


def _settle(row: Claimed, problem: Exception | None, now: datetime) -> None:
    """Told, refused or tried often enough: done. Away: again later. A newer wish meanwhile stays as it is."""
    again = isinstance(problem, NotSent | NoAnswer) and row.attempt < MOST_ATTEMPTS
    if problem is not None:
        log.info("receipt.not_told", channel=row.channel.public_id, reason=problem.__class__.__name__, again=again)
    Conversation.objects.filter(pk=row.pk, receipt_external_id=row.external_id, receipt_due_at=row.lease).update(
        receipt_due_at=now + AGAIN_AFTER[row.attempt - 1] if again else None
    )
