"""All rows of a broadcast as a file, written while they are read: a million rows take no memory."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import get_language, gettext as _, override
from django.views.decorators.http import require_safe

from messaging.broadcasts.models import Broadcast, BroadcastRecipient, SkipReason
from messaging.broadcasts.pages import figures, guards
from messaging.channels.errors import rule_for
from tenants.access import role_required
from tenants.context import company_context
from tenants.lib.sheets import harmless
from tenants.models import Company, Role
from tenants.request import Request, company_of

STEP = 2000


@require_safe
@role_required(Role.ADMIN)
def rows(request: Request, public_id: str) -> HttpResponseBase:
    found = guards.find(public_id)
    file = _File(company_of(request), found, get_language() or "en")
    # Under ASGI a plain iterator would be read to its end before the first byte goes out.
    content = file.later() if hasattr(request, "scope") else iter(file)
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(found.name) or "broadcast"}.csv"'
    return answer


class _File:
    """The file in parts. Each part enters the company for itself, since the request is over when they are asked for."""

    def __init__(self, company: Company, broadcast: Broadcast, language: str) -> None:
        self.company, self.broadcast, self.language = company, broadcast, language
        self.last: int | None = 0

    def __iter__(self) -> Iterator[str]:
        yield self.head()
        while self.last is not None:
            yield self.part()

    async def later(self) -> AsyncIterator[str]:
        yield self.head()
        while self.last is not None:
            yield await sync_to_async(self._part_alone)()

    def head(self) -> str:
        # The mark makes spreadsheets read the file as UTF-8.
        with override(self.language):
            return "\ufeff" + _line([_("Name"), _("Address"), _("Market"), _("State"), _("Reason"), *_times()])

    def part(self) -> str:
        with company_context(self.company), override(self.language):
            found = figures.rows_of(self.broadcast).select_related("message").filter(pk__gt=self.last)
            batch = list(found[:STEP])
            kind = self.broadcast.channel.kind if self.broadcast.channel else ""
            self.last = batch[-1].pk if len(batch) == STEP else None
            return "".join(_line(_cells(row, kind)) for row in batch)

    def _part_alone(self) -> str:
        try:
            return self.part()
        finally:
            close_old_connections()


def _times() -> list[str]:
    return [_("Accepted at"), _("Delivered at"), _("Read at"), _("Failed at")]


def _cells(row: BroadcastRecipient, kind: str) -> list[str]:
    message = row.message
    state, reason = _("Waiting"), ""
    if row.skipped or (message is None and row.contact_id is None):
        state, reason = _("Skipped"), str(SkipReason(row.skipped or SkipReason.REMOVED).label)
    elif message is not None:
        state = str(message.get_state_display())
        reason = str(rule_for(kind, message.error_code).what) if message.state == "failed" else ""
    times = [message.sent_at, message.delivered_at, message.read_at, message.failed_at] if message else [None] * 4
    return [row.name, row.address, figures.name_of(row.market), state, reason, *map(_time, times)]


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _line(cells: list[Any]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([harmless(str(cell)) for cell in cells])
    return written.getvalue()
