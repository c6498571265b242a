"""Broadcasts as the pages show them: states, reasons and numbers in words, without a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from messaging.broadcasts.audience import PARTS, REACHABLE
from messaging.broadcasts.gates import quiet_until
from messaging.broadcasts.models import Broadcast, BroadcastState, PauseReason, SkipReason
from messaging.broadcasts.totals import Totals
from messaging.channels.errors import rule_for
from messaging.channels.models import ChannelState
from messaging.message_templates.models import TemplateStatus
from tenants.templatetags.ui import clock, date_time, number

TONES: Mapping[str, str] = {
    BroadcastState.SCHEDULED: "ink",
    BroadcastState.PREPARING: "post",
    BroadcastState.SENDING: "post",
    BroadcastState.PAUSED: "warn",
    BroadcastState.COMPLETED: "good",
}
PART_NAMES: Mapping[str, Promise] = {
    REACHABLE: gettext_lazy("Reachable"),
    SkipReason.NO_CONSENT: gettext_lazy("Not agreed"),
    SkipReason.OPTED_OUT: gettext_lazy("Opted out"),
    SkipReason.BLOCKED: gettext_lazy("Blocked"),
    SkipReason.NO_CHANNEL: gettext_lazy("No address"),
    SkipReason.DUPLICATE: gettext_lazy("Same number"),
    SkipReason.VALUE_MISSING: gettext_lazy("Value missing"),
    SkipReason.TOO_LONG: gettext_lazy("Too long"),
}
PART_TONES: Mapping[str, str] = {
    REACHABLE: "1",
    SkipReason.NO_CONSENT: "2",
    SkipReason.OPTED_OUT: "4",
    SkipReason.BLOCKED: "bad",
    SkipReason.NO_CHANNEL: "6",
    SkipReason.DUPLICATE: "3",
    SkipReason.VALUE_MISSING: "5",
    SkipReason.TOO_LONG: "6",
}
# The parts of a started broadcast: their name, and what a person reads under it.
TILES: Mapping[str, Promise] = {
    "skipped": gettext_lazy("Skipped"),
    "waiting": gettext_lazy("Waiting"),
    "in_flight": gettext_lazy("On their way"),
    "accepted": gettext_lazy("Accepted"),
    "failed": gettext_lazy("Not delivered"),
    "unknown": gettext_lazy("Not known"),
}


def badge(broadcast: Broadcast) -> dict[str, Any]:
    return {"label": broadcast.get_state_display(), "tone": TONES.get(broadcast.state, "")}


def row(broadcast: Broadcast, totals: Totals) -> dict[str, Any]:
    """A line of the list."""
    return {
        "broadcast": broadcast,
        "url": reverse("broadcast", args=[broadcast.public_id]),
        "badge": badge(broadcast),
        "totals": totals if broadcast.is_started() else None,
        "progress": progress(totals) if broadcast.state in MOVING else None,
        "at": _at(broadcast),
    }


MOVING = (BroadcastState.SENDING, BroadcastState.PAUSED)


def _at(broadcast: Broadcast) -> tuple[str, datetime]:
    if broadcast.finished_at:
        return _("ended"), broadcast.finished_at
    if broadcast.started_at:
        return _("started"), broadcast.started_at
    if broadcast.state == BroadcastState.SCHEDULED and broadcast.scheduled_at:
        return _("starts"), broadcast.scheduled_at
    return _("begun"), broadcast.created_at


def progress(totals: Totals) -> dict[str, int]:
    """How many of those who are written to have come to an end."""
    most = totals.targeted - totals.skipped
    return {"value": most - totals.waiting - totals.in_flight, "most": most}


def tiles(broadcast: Broadcast, totals: Totals, current: str) -> list[dict[str, Any]]:
    """Targeted = skipped + waiting + on their way + accepted + failed + not known."""
    path = reverse("broadcast", args=[broadcast.public_id])
    found = [
        {"label": _("Targeted"), "value": number(totals.targeted), "url": f"{path}#rows", "sum": True, "current": False}
    ]
    for part, label in TILES.items():
        found.append(
            {
                "label": label,
                "value": number(getattr(totals, part)),
                "sign": "=" if part == "skipped" else "+",
                "url": f"{path}?part={part}#rows",
                "current": part == current,
                "help": _arrived(totals) if part == "accepted" and totals.accepted else "",
            }
        )
    return found


def _arrived(totals: Totals) -> str:
    return _("%(delivered)s delivered, %(read)s read") % {
        "delivered": number(totals.delivered),
        "read": number(totals.read),
    }


def parts(broadcast: Broadcast, found: Mapping[str, int]) -> list[dict[str, Any]]:
    """The audience bar: each part a link to its people; one that holds nobody is left out, but for the reached."""
    path = reverse("broadcast_people", args=[broadcast.public_id])
    return [
        {
            "part": part,
            "label": PART_NAMES[part],
            "value": found[part],
            "tone": PART_TONES[part],
            "url": f"{path}?part={part}",
        }
        for part in PARTS
        if found.get(part) or (part == REACHABLE and part in found)
    ]


# --- Why it does not go on --------------------------------------------------------------------------------------------


def pause_words(broadcast: Broadcast) -> dict[str, str]:
    """What has paused it, and what to do about it."""
    if broadcast.pause_reason == PauseReason.TEMPLATE:
        return _of_template(broadcast.pause_details)
    if broadcast.pause_reason == PauseReason.ERRORS:
        kind = broadcast.channel.kind if broadcast.channel else ""
        rule = rule_for(kind, broadcast.pause_details)
        title = _("Paused: the provider refused many messages in a row for the same reason.")
        return {"title": title, "text": f"{rule.what} {rule.todo}"}
    words = {key: str(words) for key, words in PAUSED.get(broadcast.pause_reason, PAUSED[PauseReason.PERSON]).items()}
    if broadcast.pause_reason == PauseReason.BUDGET and broadcast.pause_details:
        # What is left, and what the rest would cost.
        words["text"] = f"{broadcast.pause_details} {words['text']}"
    return words


PAUSED: Mapping[str, Mapping[str, Promise]] = {
    PauseReason.PERSON: {
        "title": gettext_lazy("Paused by a colleague."),
        "text": gettext_lazy("Nothing that waits goes out until somebody resumes it."),
    },
    PauseReason.OPT_OUTS: {
        "title": gettext_lazy("Paused: unusually many people opted out after this broadcast."),
        "text": gettext_lazy(
            "Look at its text and at who gets it. Resumed, it goes on and does not stop for opt-outs again."
        ),
    },
    PauseReason.BUDGET: {
        "title": gettext_lazy("Paused: the budget of this month is used up."),
        "text": gettext_lazy("Raise the budget or wait for the next month, then resume it."),
    },
    PauseReason.CHANNEL: {
        "title": gettext_lazy("Paused: its number is disconnected."),
        "text": gettext_lazy("Connect the number again, then resume it."),
    },
}


def _of_template(details: str) -> dict[str, str]:
    if details == "changed":
        return {
            "title": _("Paused: the template says something else now, or has another category and price."),
            "text": _("Read the template again. Resumed, everybody who still waits gets it as it is now."),
        }
    status = dict(TemplateStatus.choices).get(details, details)
    return {
        "title": _("Paused: the template may not be sent any more."),
        "text": _("Its state at the provider: %(status)s. Resume it once the template is approved again.")
        % {"status": status or _("removed")},
    }


def holds(broadcast: Broadcast, now: datetime) -> str:
    """Why nothing is sent for the moment although it runs; '' when nothing holds it."""
    if broadcast.state != BroadcastState.SENDING:
        return ""
    channel = broadcast.channel
    if channel is not None and channel.state != ChannelState.CONNECTED:
        words = _(
            "The number sends nothing at the moment: %(state)s. Once it is connected again, this goes on by itself."
        )
        return words % {"state": channel.get_state_display()}
    if channel is None or not channel.is_sending():
        return _("The provider does not answer properly. It is tried again by itself in a moment.")
    until = quiet_until(broadcast, now)
    if until is None:
        return ""
    with timezone.override(ZoneInfo(broadcast.time_zone)):
        words = _("Quiet hours: it goes on at %(time)s, by the clock of %(zone)s.")
        return words % {"time": clock(until), "zone": zone_name(broadcast)}


# --- Time -------------------------------------------------------------------------------------------------------------


def zone_name(broadcast: Broadcast, at: datetime | None = None) -> str:
    """Europe/Berlin (UTC+1)."""
    local = (at or timezone.now()).astimezone(ZoneInfo(broadcast.time_zone))
    offset = local.utcoffset() or timedelta(0)
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "\N{MINUS SIGN}" if offset < timedelta(0) else "+"
    name = broadcast.time_zone.replace("_", " ")
    return f"{name} (UTC{sign}{hours}{f':{minutes:02}' if minutes else ''})"


def local_time(broadcast: Broadcast, at: datetime) -> str:
    """A time by the broadcast's clock, with its zone."""
    with timezone.override(ZoneInfo(broadcast.time_zone)):
        return f"{date_time(at)}, {zone_name(broadcast, at)}"
