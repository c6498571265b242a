"""What a broadcast says: its template, the values each place gets, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.broadcasts.audience import Message
from messaging.broadcasts.models import Broadcast
from messaging.contacts.consent.models import Purpose
from messaging.message_templates.components import VARIABLE, parts_of
from messaging.message_templates.filling import Place, places
from messaging.message_templates.models import MessageTemplate
from messaging.messages.agreeing import purpose_of

Bindings = Mapping[str, Mapping[str, str]]
# Where a value may come from beside the company's own attributes.
FIELDS: Mapping[str, Promise] = {
    "first_name": _("First name"),
    "name": _("Name"),
    "language": _("Language"),
}


def message_of(broadcast: Broadcast) -> Message:
    """What the audience's statement needs to know of the template."""
    if broadcast.template is None:
        return Message()
    wanted = [place.path for place in places(broadcast.template)]
    bindings = {path: dict(broadcast.bindings.get(path) or {}) for path in wanted}
    return Message(bindings, fixed=len(VARIABLE.sub("", parts_of(broadcast.template).main.body)))


def unbound(template: MessageTemplate, bindings: Bindings) -> Iterator[Place]:
    """Places that have no source at all: nobody could be written to."""
    for place in places(template):
        source = bindings.get(place.path) or {}
        if not any(str(source.get(key, "")).strip() for key in ("field", "text", "fallback")):
            yield place


def new_places(broadcast: Broadcast) -> list[Place]:
    """What the template wants since it was started, and no row has a value for."""
    if broadcast.template is None or not broadcast.components:
        return []
    before = copy(broadcast.template)
    before.components = broadcast.components
    known = {(place.path, place.kind) for place in places(before)}
    return [place for place in places(broadcast.template) if (place.path, place.kind) not in known]


def as_started(broadcast: Broadcast) -> MessageTemplate | None:
    """The template with the words it had when the broadcast was started."""
    template = broadcast.template
    if template is not None and broadcast.components:
        template.components = broadcast.components
    return template


def advertises(template: MessageTemplate) -> bool:
    """Whether it may only go to who agreed to that; a category nobody knows counts as such."""
    return purpose_of(template.category) == Purpose.MARKETING


def says_something_else(broadcast: Broadcast) -> bool:
    """Whether the template is another one than was started: edited, or in another category."""
    template: Any = broadcast.template
    return bool(broadcast.components) and (
        template.components != broadcast.components or template.category != broadcast.category
    )
