"""What a file without a name of its own is called."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.media.preparing import SHOWN
from messaging.messages.models import Attachment
from tenants.lib.text import file_name

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "application/pdf": "pdf",
    "image/heic": "heic",
}


def display_name(attachment: Attachment) -> str:
    """What stands beside it: its own name, or what it is."""
    # Rows of an earlier day hold names as they came.
    own = file_name(attachment.filename)
    if own:
        return own
    if attachment.is_voice:
        return _("Voice message")
    names = {"image": _("Picture"), "audio": _("Audio"), "video": _("Video")}
    return names.get(attachment.mime_type.partition("/")[0], _("File"))


def download_name(attachment: Attachment) -> str:
    """The name it is saved by; what has none gets the day, and the ending of what it is."""
    if own := file_name(attachment.filename):
        return own
    day = timezone.localtime(attachment.created_at).strftime("%Y-%m-%d %H.%M")
    ending = ENDINGS.get(attachment.mime_type, "bin")
    return f"{display_name(attachment)} {day}.{ending}"


def is_shown(attachment: Attachment) -> bool:
    return attachment.is_here() and attachment.mime_type in SHOWN
