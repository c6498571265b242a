"""A message's file as the thread shows it: plain values for inbox/_attachment.html."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from messaging.media.naming import display_name, is_shown
from messaging.media.words import reason_of
from messaging.messages.models import Attachment, AttachmentState

# What a small picture takes at most in the thread, in pixels of the page.
WIDEST, HIGHEST = 320, 360
LOOKS = {"image": "picture", "audio": "sound", "video": "film"}


def shown(attachment: Attachment, kind: str) -> dict[str, Any]:
    """`look` is picture, sound, film, file, waiting or missing."""
    url = reverse("file", args=[attachment.public_id])
    look = _look(attachment)
    width, height = _box(attachment)
    return {
        "look": look,
        "id": attachment.public_id,
        "name": display_name(attachment),
        "size": attachment.size,
        "url": url,
        "small_url": reverse("file_thumbnail", args=[attachment.public_id]),
        "download_url": f"{url}?download",
        "width": width,
        "height": height,
        "length": _length(attachment.duration),
        "is_voice": attachment.is_voice,
        "reason": reason_of(kind, attachment.error) if look == "missing" else "",
    }


def _look(attachment: Attachment) -> str:
    if attachment.state == AttachmentState.WAITING:
        return "waiting"
    if not attachment.is_here():
        return "missing"
    look = LOOKS.get(attachment.mime_type.partition("/")[0], "file") if is_shown(attachment) else "file"
    return "file" if look == "picture" and not attachment.thumbnail_key else look


def _box(attachment: Attachment) -> tuple[int | None, int | None]:
    """The place a picture takes, known before it is there, so that nothing jumps."""
    if not attachment.width or not attachment.height:
        return None, None
    scale = min(WIDEST / attachment.width, HIGHEST / attachment.height, 1)
    return max(1, round(attachment.width * scale)), max(1, round(attachment.height * scale))


def _length(seconds: int | None) -> str:
    return f"{seconds // 60}:{seconds % 60:02}" if seconds else ""
