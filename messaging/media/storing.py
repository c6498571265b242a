"""A prepared file, stored so that it is never lost track of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from messaging.media.preparing import Prepared
from tenants.context import current_company
from tenants.services import files


@dataclass(frozen=True)
class Kept:
    """Where it lies. Until a row takes it by `files.keep`, it is deleted after a day."""

    prepared: Prepared
    key: str
    thumbnail_key: str = ""

    @property
    def keys(self) -> list[str]:
        return [key for key in (self.key, self.thumbnail_key) if key]

    def columns(self) -> dict[str, object]:
        """What an Attachment keeps of it."""
        prepared = self.prepared
        return {
            "key": self.key,
            "thumbnail_key": self.thumbnail_key,
            "mime_type": prepared.mime_type,
            "size": prepared.size,
            "sha256": prepared.sha256,
            "width": prepared.width,
            "height": prepared.height,
            "duration": prepared.duration,
        }


def store(prepared: Prepared) -> Kept:
    """Outside of any transaction. Raises one of `files.TROUBLE`."""
    schema_name = current_company().schema_name
    small = prepared.thumbnail
    kept = Kept(prepared, files.new_key(schema_name), files.new_key(schema_name) if small else "")
    files.loosen(kept.keys, timezone.now() + files.GRACE)
    files.store(prepared.path, kept.key)
    if small:
        files.store(small, kept.thumbnail_key)
    return kept
