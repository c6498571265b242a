"""What a draft comes to as it stands: whom it reaches, what it would cost, what is missing. One statement for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _, gettext_lazy

from billing.plans.quotes import Quote, prefixes_at, quote
from messaging.broadcasts import audience, markets
from messaging.broadcasts.audience import REACHABLE, Message
from messaging.broadcasts.models import Broadcast, SkipReason
from messaging.broadcasts.services import Blocker, problems_of
from messaging.broadcasts.texts import message_of, unbound
from messaging.contacts.models import Contact
from messaging.inbox.kinds import sheet
from messaging.message_templates.filling import places, rendered
from tenants.context import current_company

# People the preview steps through before the worst cases.
PEOPLE = 20
# So many of the chosen are looked at to find them.
LOOKED_AT = 2000


@dataclass(frozen=True)
class Look:
    """`parts` add up to everybody who was chosen."""

    broadcast: Broadcast
    by_market: Mapping[str, Mapping[str, int]]
    now: datetime

    @cached_property
    def parts(self) -> dict[str, int]:
        return {part: sum(found.values()) for part, found in self.by_market.items()}

    @property
    def reachable(self) -> int:
        return self.parts.get(REACHABLE, 0)

    @property
    def chosen(self) -> int:
        return sum(self.parts.values())

    @cached_property
    def quote(self) -> Quote | None:
        """None as long as there is no template to be priced."""
        template, channel = self.broadcast.template, self.broadcast.channel
        if template is None or channel is None:
            return None
        counts = self.by_market.get(REACHABLE, {})
        at = self.broadcast.scheduled_at or self.now
        return quote(current_company(), counts, template.category, number=channel.external_id, now=at)

    @cached_property
    def blockers(self) -> list[Blocker]:
        """All that keeps it from being sent, in the order of the steps."""
        found = problems_of(self.broadcast)
        if self.chosen and not self.reachable:
            found.append(Blocker("audience", gettext_lazy("Nobody of the chosen people can be reached.")))
        if self.quote and (missing := self.quote.missing):
            names = ", ".join(line.name for line in missing)
            words = gettext_lazy("There is no price for: {markets}. Leave these countries out, or ask the operator.")
            found.append(Blocker("audience", format_lazy(words, markets=names)))
        if self.broadcast.scheduled_at and self.broadcast.scheduled_at <= self.now:
            found.append(Blocker("timing", gettext_lazy("The time it was to start at is over.")))
        return sorted(found, key=lambda one: STEPS.index(one.step))

    @property
    def mark(self) -> str:
        """Changes with all that somebody has agreed to who presses send."""
        broadcast = self.broadcast
        said = [
            *(broadcast.audience, broadcast.bindings, broadcast.purpose, broadcast.channel_id, broadcast.template_id),
            *(self.reachable, str(self.quote.total) if self.quote else "", str(broadcast.scheduled_at)),
            broadcast.template.components if broadcast.template else None,
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


STEPS = ("audience", "message", "timing", "review")


def look_at(broadcast: Broadcast) -> Look:
    now = timezone.now()
    if broadcast.channel is None:
        return Look(broadcast, {}, now)
    prefixes = prefixes_at(now)
    found = markets.count(broadcast.audience, broadcast.channel, broadcast.purpose, counted(broadcast), prefixes)
    return Look(broadcast, found, now)


def counted(broadcast: Broadcast) -> Message:
    """Values are looked at once each has a source: before that everybody would lack one."""
    template = broadcast.template
    return Message() if template is None or any(unbound(template, broadcast.bindings)) else message_of(broadcast)


# --- What people will read --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """One person's message, or a worst case; `at` is its place among `number`."""

    title: str
    note: str
    sheet: Mapping[str, Any]
    at: int
    number: int

    @property
    def before(self) -> int:
        return (self.at - 1) % self.number

    @property
    def after(self) -> int:
        return (self.at + 1) % self.number


def preview_of(broadcast: Broadcast, at: int) -> Preview | None:
    """The message of one of the first people, then that with the longest values, then that of somebody unknown."""
    template = broadcast.template
    if template is None:
        return None
    people = _first_people(broadcast)
    number = len(people) + (2 if people else 1)
    at = at if 0 <= at < number else 0
    note = ""
    if at < len(people):
        title, values = people[at]
    elif at < number - 1:
        title, values = _longest(broadcast)
        note = _("Worst case: the longest values")
    else:
        title, values = _("Somebody of whom nothing is known"), _nothing_known(broadcast)
        note = _("Worst case: every value is missing")
    return Preview(title, note, sheet(rendered(template, values).as_values()), at, number)


def one_person(broadcast: Broadcast, contact: Contact) -> tuple[str, dict[str, str]]:
    """Address and values of somebody, whether they are in the audience or not; '' without an address."""
    if broadcast.channel is None:
        return "", {}
    only = (contact.pk - 1, contact.pk)
    message = message_of(broadcast)
    sql, values = audience.people({"everyone": True}, broadcast.channel, broadcast.purpose, message, among=only)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.address, p.values FROM ({sql}) p", values)
        row = cursor.fetchone()
    return (row[0], _values(row[1])) if row else ("", {})


Person = tuple[str, dict[str, str]]


def _first_people(broadcast: Broadcast) -> list[Person]:
    """Looked for among the first who were chosen; among all of them when nobody of those can be reached."""
    keys = audience.chosen(broadcast.audience).order_by("pk").values_list("pk", flat=True)[LOOKED_AT - 1 : LOOKED_AT]
    parts = [REACHABLE, SkipReason.VALUE_MISSING]
    until = next(iter(keys), None)
    found = _people(broadcast, parts, "p.part, p.id", PEOPLE, among=(0, until)) if until else []
    return found or _people(broadcast, parts, "p.part, p.id", PEOPLE)


def _longest(broadcast: Broadcast) -> Person:
    parts = [REACHABLE, SkipReason.TOO_LONG, SkipReason.VALUE_MISSING]
    found = _people(broadcast, parts, "length(p.values::text) DESC, p.id", 1)
    return found[0] if found else ("", {})


def _people(
    broadcast: Broadcast, parts: Sequence[str], order: str, most: int, *, among: tuple[int, int] | None = None
) -> list[Person]:
    """Names and values of those in `parts`."""
    channel = broadcast.channel
    if channel is None:
        return []
    message = message_of(broadcast)
    sql, values = audience.people(broadcast.audience, channel, broadcast.purpose, message, among=among)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.name, p.values FROM ({sql}) p WHERE p.part = ANY(%s) ORDER BY {order} LIMIT %s",
            [*values, list(parts), most],
        )
        return [(name, _values(found)) for name, found in cursor.fetchall()]


def _nothing_known(broadcast: Broadcast) -> dict[str, str]:
    """Only what is fixed, and what stands in for a value that is missing."""
    wanted = places(broadcast.template) if broadcast.template else []
    sources = {place.path: broadcast.bindings.get(place.path) or {} for place in wanted}
    return {path: source.get("text") or source.get("fallback", "") for path, source in sources.items()}


def _values(found: Any) -> dict[str, str]:
    return dict(json.loads(found) if isinstance(found, str) else found or {})
