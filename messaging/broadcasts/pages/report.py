"""What becomes of a started broadcast: its state, numbers that add up, and every row behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from messaging.broadcasts.models import Broadcast, BroadcastRecipient, BroadcastState, SkipReason
from messaging.broadcasts.pages import figures, guards, shown
from messaging.broadcasts.services import CANCELLABLE
from messaging.broadcasts.totals import Totals, failures_of, skips_of, totals_of
from messaging.channels.errors import rule_for
from messaging.contacts.models import ChannelIdentity
from messaging.live import events
from tenants.access import role_required
from tenants.lib.paging import Page
from tenants.models import Role
from tenants.request import Request

ROWS = 50
RUNNING = (BroadcastState.PREPARING, BroadcastState.SENDING)


@require_safe
@role_required(Role.AGENT)
def broadcast(request: Request, public_id: str) -> HttpResponse:
    live_from = events.newest()
    found = guards.find(public_id)
    if not found.is_started():
        name = "broadcast_review" if found.state == BroadcastState.SCHEDULED else "broadcast_audience"
        return redirect(name, public_id=public_id)
    if found.started_at is None:
        # Cancelled before its time: there are no rows.
        return render(
            request, "broadcasts/report.html", {**_head(request, found), "live_from": live_from, "rows": None}
        )
    markets, currency = figures.markets_of(found)
    context = {
        **_head(request, found),
        "live_from": live_from,
        "markets": markets,
        "expected": _sum([row.expected for row in markets]),
        "actual": _sum([row.actual for row in markets]),
        "currency": currency,
        "answers": figures.rows_of(found, "answered").count(),
        "opt_outs": figures.rows_of(found, "opted_out").count(),
        **_rows(request, found),
    }
    return render(request, "broadcasts/report.html", context)


@require_safe
@role_required(Role.AGENT)
def progress(request: Request, public_id: str) -> HttpResponse:
    """State and numbers alone, while it runs; the whole page once it is in another state than `was`."""
    found = guards.find(public_id)
    if request.GET.get("was", found.state) != found.state:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "broadcasts/_progress.html", _head(request, found))


def _head(request: Request, found: Broadcast) -> dict[str, Any]:
    now = timezone.now()
    totals = totals_of(found)
    is_running = found.state in RUNNING
    return {
        "broadcast": found,
        "badge": shown.badge(found),
        "totals": totals,
        "tiles": shown.tiles(found, totals, request.GET.get("part", "")),
        "progress": shown.progress(totals),
        "is_running": is_running,
        "is_finishing": is_running and not totals.waiting and totals.in_flight * 10 <= totals.targeted,
        "paused": shown.pause_words(found) if found.state == BroadcastState.PAUSED else None,
        "held": shown.holds(found, now),
        "speed": _speed(found, totals, now) if found.state == BroadcastState.SENDING else None,
        "failures": _failures(found) if totals.failed else [],
        "skips": _skips(found) if totals.skipped else [],
        "may_change": guards.may_change(request),
        "can_cancel": found.state in CANCELLABLE,
        "now": now,
    }


def _speed(found: Broadcast, totals: Totals, now: datetime) -> dict[str, Any]:
    speed = figures.speed_of(found, totals, now)
    words = ""
    if speed.left is not None:
        minutes = max(1, round(speed.left.total_seconds() / 60))
        words = ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes) % {"count": minutes}
        if minutes >= 120:
            hours = round(minutes / 60)
            words = ngettext("about %(count)d hour left", "about %(count)d hours left", hours) % {"count": hours}
    return {"per_minute": speed.per_minute, "words": words}


def _failures(found: Broadcast) -> list[dict[str, Any]]:
    """Each cause in the table's words, with what to do."""
    kind = found.channel.kind if found.channel else ""
    return [
        {"code": code, "rule": rule_for(kind, code), "number": number, "url": _url(found, part="failed", code=code)}
        for code, number in failures_of(found)
    ]


def _skips(found: Broadcast) -> list[dict[str, Any]]:
    return [
        {"label": SkipReason(reason).label, "number": number, "url": _url(found, part="skipped", reason=reason)}
        for reason, number in skips_of(found)
    ]


def _url(found: Broadcast, **query: str) -> str:
    return f"{reverse('broadcast', args=[found.public_id])}?{urlencode(query)}#rows"


def _sum(amounts: list[Any]) -> Any:
    """None when a part is not known: half a sum would be read as a whole one."""
    return None if None in amounts or not amounts else sum(amounts)


# --- The rows ---------------------------------------------------------------------------------------------------------


def _rows(request: Request, found: Broadcast) -> dict[str, Any]:
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("part", "reason", "code", "q")}
    rows = figures.rows_of(found, asked["part"])
    if asked["reason"]:
        rows = rows.filter(skipped=asked["reason"])
    if asked["code"]:
        rows = rows.filter(message__error_code=asked["code"])
    if asked["q"]:
        rows = rows.filter(name__icontains=asked["q"])
    rows = rows.select_related("message__conversation", "contact")
    page = _page(rows, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    kind = found.channel.kind if found.channel else ""
    return {
        "page": page,
        "rows": [_row(row, kind) for row in page],
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "filters": [
            {"url": _url(found, part=part), "label": label, "current": part == asked["part"]}
            for part, (label, _rows) in figures.PARTS.items()
        ],
    }


def _page(rows: figures.Rows, *, before: str, after: str) -> Page[BroadcastRecipient]:
    """By key, which is what the rows are in the order of."""
    anchor = before or after
    if anchor and not (anchor.isdecimal() and len(anchor) < 19):
        anchor = before = after = ""
    if before:
        rows = rows.filter(pk__lt=int(before)).order_by("-pk")
    elif after:
        rows = rows.filter(pk__gt=int(after))
    cut = list(rows[: ROWS + 1])
    more, cut = len(cut) > ROWS, cut[:ROWS]
    if before:
        cut.reverse()
    has_earlier, has_later = (more, True) if before else (bool(after), more)
    return Page(
        rows=cut,
        before=str(cut[0].pk) if cut and has_earlier else "",
        after=str(cut[-1].pk) if cut and has_later else "",
    )


def _row(row: BroadcastRecipient, kind: str) -> dict[str, Any]:
    message = row.message
    reason = str(row.get_skipped_display()) if row.skipped else ""
    if row.contact_id is None and message is None and not reason:
        reason = str(SkipReason.REMOVED.label)
    if message is not None and message.state == "failed":
        reason = str(rule_for(kind, message.error_code).what)
    return {
        "name": row.name,
        "address": ChannelIdentity(external_id=row.address).as_written,
        "market": figures.name_of(row.market) if row.market else "",
        "state": message.state if message else "",
        "reason": reason,
        "is_skipped": bool(row.skipped) or (message is None and row.contact_id is None),
        "at": message and (message.read_at or message.delivered_at or message.failed_at or message.sent_at),
        "url": reverse("conversation", args=[message.conversation.public_id]) if message else "",
    }
