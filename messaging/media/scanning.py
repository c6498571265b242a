"""Whatever the installation has look at a file before it is kept."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

LONGEST = 120


def scan(path: Path) -> str:
    """Why this file must not be kept; '' when it may. Raises what the scanner raises when it cannot tell."""
    if not settings.MEDIA_SCANNER:
        return ""
    finding = import_string(settings.MEDIA_SCANNER)(path)
    return str(finding)[:LONGEST] if finding else ""
