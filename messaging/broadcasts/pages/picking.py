"""The templates a broadcast may be made of, narrowed by words, language, category and quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy as _

from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.message_templates import choosing
from messaging.message_templates.components import parts_of
from messaging.message_templates.filling import rendered
from messaging.message_templates.models import MessageTemplate

# As the provider has them; it says nothing of a template that was hardly sent.
QUALITIES: Mapping[str, Promise] = {"GREEN": _("high"), "YELLOW": _("medium"), "RED": _("low")}


def find(channel: Channel | None, public_id: str) -> MessageTemplate | None:
    """One that may be chosen."""
    return next((one for one in offered(channel) if one.public_id == public_id), None)


def offered(channel: Channel | None) -> list[MessageTemplate]:
    """Approved and fillable. One-time codes are for one person each, so they are no broadcast."""
    if channel is None:
        return []
    approved = choosing.of_account(channel)
    return [one for one in approved if (parts := parts_of(one)).is_fillable and not parts.is_code]


def picker(broadcast: Broadcast, query: QueryDict) -> dict[str, Any]:
    """What is found, with the filters there are and those that are set."""
    all_of_them = offered(broadcast.channel)
    wanted = {name: query.get(name, "") for name in ("language", "category", "quality")}
    words = query.get("q", "").strip()[:100]
    narrowed = [
        one
        for one in all_of_them
        if all(not value or getattr(one, name).upper() == value.upper() for name, value in wanted.items())
    ]
    language = wanted["language"] or get_language() or "en"
    found = choosing.choices(narrowed, words=words, language=language)
    return {
        "choices": [_choice(one) for one in found[: choosing.MOST]],
        "more": len(found) - choosing.MOST,
        "has_any": bool(all_of_them),
        "words": words,
        **wanted,
        "languages": sorted({one.language for one in all_of_them}),
        "categories": sorted({one.category for one in all_of_them}),
        "qualities": [
            (key, label) for key, label in QUALITIES.items() if key in {o.quality.upper() for o in all_of_them}
        ],
    }


def _choice(one: choosing.Choice) -> dict[str, Any]:
    first = one.first
    return {
        "name": first.name.replace("_", " "),
        "category": first.category,
        "quality": QUALITIES.get(first.quality.upper(), ""),
        "text": rendered(first, {}).text,
        "languages": one.languages,
        "first": first,
    }
