"""A broadcast's life: written, scheduled, started, paused, resumed, cancelled. Each step is compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.broadcasts import gates
from messaging.broadcasts.audience import chosen
from messaging.broadcasts.models import Broadcast, BroadcastState, PauseReason
from messaging.broadcasts.texts import advertises, new_places, unbound
from messaging.broadcasts.withdrawing import give_back, withdraw
from messaging.channels.models import ChannelState
from messaging.contacts.consent.models import Purpose
from messaging.live.events import tell
from messaging.message_templates.models import TemplateStatus
from tenants.context import current_company
from tenants.models import User
from tenants.services import due

KIND = "broadcasts"
# What a copy takes over.
COPIED = (
    "channel",
    "purpose",
    "template",
    "audience",
    "bindings",
    "quiet_from",
    "quiet_until",
    "time_zone",
    "per_minute",
)
EDITABLE = (BroadcastState.DRAFT, BroadcastState.SCHEDULED)
CANCELLABLE = (
    BroadcastState.SCHEDULED,
    BroadcastState.PREPARING,
    BroadcastState.SENDING,
    BroadcastState.PAUSED,
)


@dataclass(frozen=True)
class Blocker:
    """Something that keeps a broadcast from starting, and the step where it is mended."""

    step: str  # audience | message
    text: Promise | str

    def __str__(self) -> str:
        return str(self.text)


class NotReady(Exception):
    """Something must be mended before it can start; `problems` say what."""

    def __init__(self, problems: Sequence[Blocker]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = problems


class TooLate(Exception):
    """It has moved on: what was asked for does not fit its state any more."""

    def __init__(self) -> None:
        super().__init__(_("This broadcast has moved on meanwhile. Look at it again."))


def create(*, name: str, by: User | None, **values: Any) -> Broadcast:
    author = {"author_id": by.pk if by else None, "author_name": by.name if by else ""}
    return Broadcast.objects.create(name=name, **author, **values)


def change(broadcast: Broadcast, **values: Any) -> None:
    """Change a draft or a scheduled one. Raises TooLate when it has started."""
    if not Broadcast.objects.filter(pk=broadcast.pk, state__in=EDITABLE).update(**values):
        raise TooLate
    broadcast.refresh_from_db()
    tell("broadcast", id=broadcast.public_id)


def duplicate(broadcast: Broadcast, *, name: str, by: User | None) -> Broadcast:
    """A new draft of the same kind; nothing of what came of the first."""
    return create(name=name, by=by, **{field: getattr(broadcast, field) for field in COPIED})


def discard(broadcast: Broadcast) -> None:
    """Delete a draft. Raises TooLate when it is none any more."""
    if not Broadcast.objects.filter(pk=broadcast.pk, state=BroadcastState.DRAFT).delete()[0]:
        raise TooLate


def problems_of(broadcast: Broadcast) -> list[Blocker]:
    """What keeps it from starting, in words."""
    found: list[Blocker] = []
    channel, template = broadcast.channel, broadcast.template
    if channel is None:
        found.append(Blocker("message", _("Choose the number it is sent from.")))
    elif channel.state != ChannelState.CONNECTED:
        found.append(Blocker("message", _("The number is not connected or is paused.")))
    if template is None:
        found.append(Blocker("message", _("Choose a template.")))
    else:
        if template.status != TemplateStatus.APPROVED:
            found.append(Blocker("message", _("The template is not approved any more.")))
        if channel is not None and template.account_external_id != channel.account_external_id:
            found.append(Blocker("message", _("The template belongs to another account than the number.")))
        if advertises(template) and broadcast.purpose != Purpose.MARKETING:
            words = _("The template advertises: only who agreed to news and offers may get it. Say so under Audience.")
            found.append(Blocker("message", words))
        if any(unbound(template, broadcast.bindings)):
            found.append(Blocker("message", _("Say for each value of the template where it comes from.")))
    if not chosen(broadcast.audience).exists():
        found.append(Blocker("audience", _("Choose who gets it: nobody is chosen yet.")))
    return found


@transaction.atomic
def schedule(broadcast: Broadcast, at: datetime) -> None:
    """Start it by itself at a time. Raises NotReady or TooLate."""
    _check(broadcast)
    _set(broadcast, EDITABLE, BroadcastState.SCHEDULED, scheduled_at=at)
    _announce(broadcast, at=at)


@transaction.atomic
def reschedule(broadcast: Broadcast, at: datetime) -> None:
    """Another time for one that waits, ready or not: what is missing is looked at when it starts. Raises TooLate."""
    _set(broadcast, (BroadcastState.SCHEDULED,), BroadcastState.SCHEDULED, scheduled_at=at)
    _announce(broadcast, at=at)


@transaction.atomic
def unschedule(broadcast: Broadcast) -> None:
    """A draft again. Raises TooLate when it has started."""
    _set(broadcast, (BroadcastState.SCHEDULED,), BroadcastState.DRAFT, scheduled_at=None)
    tell("broadcast", id=broadcast.public_id)


@transaction.atomic
def start(broadcast: Broadcast, *, estimate: Mapping[str, Any] | None = None, now: datetime | None = None) -> None:
    """Freeze its audience and send. Raises NotReady or TooLate."""
    _check(broadcast)
    template = broadcast.template
    now = now or timezone.now()
    _set(
        broadcast,
        EDITABLE,
        BroadcastState.PREPARING,
        started_at=now,
        resumed_at=now,
        scheduled_at=None,
        estimate=dict(estimate or broadcast.estimate),
        components=template.components if template else [],
        category=template.category if template else "",
    )
    _announce(broadcast)


@transaction.atomic
def pause(broadcast: Broadcast) -> None:
    """Stop sending; nothing that was not handed over yet goes out. Raises TooLate when it is not being sent."""
    if not gates.pause_for(broadcast, PauseReason.PERSON):
        raise TooLate
    broadcast.refresh_from_db()


@transaction.atomic
def resume(broadcast: Broadcast, *, now: datetime | None = None) -> None:
    """Go on where it stopped, with the template as it is now: whoever resumes has looked at it.

    Its audience is frozen, so it may be empty by now. Raises NotReady or TooLate.
    """
    _check(broadcast, "message")
    if new_places(broadcast):
        raise NotReady([Blocker("message", _("The template wants other values now. Cancel this, and send a copy."))])
    template = broadcast.template
    _set(
        broadcast,
        (BroadcastState.PAUSED,),
        BroadcastState.SENDING,
        ignores_opt_outs=broadcast.ignores_opt_outs or broadcast.pause_reason == PauseReason.OPT_OUTS,
        pause_reason="",
        pause_details="",
        resumed_at=now or timezone.now(),
        components=template.components if template else [],
        category=template.category if template else "",
    )
    give_back(broadcast)
    _announce(broadcast)


@transaction.atomic
def cancel(broadcast: Broadcast) -> int:
    """End it; what was handed over is not recalled. How many messages were taken back. Raises TooLate."""
    _set(broadcast, CANCELLABLE, BroadcastState.CANCELLED, finished_at=timezone.now(), scheduled_at=None)
    taken = withdraw(broadcast, for_good=True)
    # Last: the event's counter is locked after the budget, as the feeder locks them.
    tell("broadcast", id=broadcast.public_id)
    return taken


def _check(broadcast: Broadcast, *steps: str) -> None:
    if problems := [one for one in problems_of(broadcast) if not steps or one.step in steps]:
        raise NotReady(problems)


def _set(broadcast: Broadcast, before: Sequence[str], state: BroadcastState, **values: Any) -> None:
    if not Broadcast.objects.filter(pk=broadcast.pk, state__in=before).update(state=state, **values):
        raise TooLate
    broadcast.refresh_from_db()


def _announce(broadcast: Broadcast, *, at: datetime | None = None) -> None:
    """There is something to do for it. Told last: others hold messages or due work and wait for the event's counter."""
    due.announce(KIND, current_company(), at=at)
    tell("broadcast", id=broadcast.public_id)
