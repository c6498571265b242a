"""What the composer must know of a channel's files, from its row of the capability table."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from messaging.channels.base import MessageType
from messaging.channels.capabilities import Capabilities, capabilities_of
from messaging.channels.checks import size
from messaging.media.fitting import LONGEST_VOICE
from messaging.media.sending import MOST_FILES


def attaching(kind: str) -> dict[str, str]:
    """Limits for the script and for people; nothing where a channel takes no files."""
    can = capabilities_of(kind)
    if not can.files:
        return {}
    most = max(limits.most_bytes for limits in can.files.values())
    limits = {
        "most": most,
        "files": MOST_FILES,
        "seconds": LONGEST_VOICE,
        "image": _limit(can, MessageType.IMAGE),
        "video": _limit(can, MessageType.VIDEO),
        "audio": _limit(can, MessageType.AUDIO),
    }
    words = _("Films up to %(film)s play in the chat; larger ones and all other files up to %(most)s go as a document.")
    film = can.files.get(MessageType.VIDEO)
    return {
        "limits": json.dumps(limits),
        "words": words % {"film": size(film.most_bytes if film else 0), "most": size(most)},
    }


def _limit(can: Capabilities, type_: MessageType) -> dict[str, Any]:
    limits = can.files.get(type_)
    return {"bytes": limits.most_bytes, "types": sorted(limits.mime_types)} if limits else {"bytes": 0, "types": []}
