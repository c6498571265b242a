"""A conversation as its card in the list shows it: plain values, no query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.models import ChannelKind
from messaging.conversations.models import Conversation, ConversationState
from messaging.inbox.shown import SHORT, ring_share, short_time, window_words
from messaging.messages.models import Direction
from tenants.models import User
from tenants.templatetags.ui import clock, short_day

# So much of a long message stands before the words that were found in it.
LEAD = 24


def card(
    conversation: Conversation, people: Mapping[int, User], *, current: str, query: str, words: str = ""
) -> dict[str, Any]:
    """A row of `listing`, with its labels and how its last message fares."""
    now = timezone.now()
    assignee = people.get(conversation.assignee_id or 0)
    is_ours = conversation.preview_direction == Direction.OUTBOUND
    failed = getattr(conversation, "is_not_delivered", False)
    preview = getattr(conversation, "hit", None) or conversation.preview
    address = reverse("conversation", args=[conversation.public_id])
    return {
        "url": f"{address}?{query}" if query else address,
        "id": conversation.public_id,
        "name": conversation.contact.name,
        "channel": SHORT[ChannelKind(conversation.channel.kind)],
        "channel_name": f"{conversation.channel.get_kind_display()} · {conversation.channel.name}",
        "at": conversation.last_message_at,
        "at_text": short_time(conversation.last_message_at, now),
        "preview": preview,
        "parts": marked(preview, words),
        "direction": "out" if is_ours else "in",
        "status": "failed" if failed else getattr(conversation, "newest_state", "") if is_ours else "",
        "newest": getattr(conversation, "newest_id", "") or "",
        "unread": conversation.unread_count > 0,
        "unread_count": conversation.unread_count,
        "current": conversation.public_id == current,
        "ring": ring_share(conversation, now),
        "ring_label": window_words(conversation, now),
        "assignee": assignee.name if assignee else "",
        "labels": [{"name": label.name, "tone": label.tone} for label in conversation.labels.all()],
        "snoozed_until": _until(conversation),
        "resolved": conversation.state == ConversationState.RESOLVED,
    }


def marked(text: str, words: str) -> list[tuple[str, bool]]:
    """`text` in parts, each with whether it is one of the words looked for; a long one begins near the first hit."""
    wanted = [re.escape(word) for word in words.replace('"', " ").split() if not word.startswith("-")]
    text = " ".join(text.split())
    if not wanted:
        return [(text, False)] if text else []
    pattern = re.compile("|".join(sorted(wanted, key=len, reverse=True)), re.IGNORECASE)
    first = pattern.search(text)
    if first and first.start() > 2 * LEAD:
        start = text.rfind(" ", 0, first.start() - LEAD) + 1
        text = f"… {text[start:]}"
    parts: list[tuple[str, bool]] = []
    at = 0
    for hit in pattern.finditer(text[:400]):
        parts += [(text[at : hit.start()], False), (hit.group(), True)]
        at = hit.end()
    return [part for part in (*parts, (text[at:400], False)) if part[0]]


def _until(conversation: Conversation) -> str:
    """When what was put off comes back."""
    until = conversation.snoozed_until
    if conversation.state != ConversationState.SNOOZED or until is None:
        return ""
    that, today = timezone.localtime(until).date(), timezone.localdate()
    if that == today:
        return clock(until)
    return f"{_('Tomorrow') if that == today + timedelta(days=1) else short_day(until)}, {clock(until)}"
