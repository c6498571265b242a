"""Stored files, none of which can be lost track of.

    loosen(keys, at)     before anything is stored, and in the transaction that removes a row: delete it at that time
    store(path, key)     the bytes, outside of any transaction
    keep(keys)           in the transaction that writes the row which speaks of them

A worker that dies in between leaves a row here, and the file goes with it. A key is random below its company's schema
name; nothing a person chose is in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from tenants.lib.ids import new_public_id
from tenants.models import LooseFile
from tenants.services import due

log = structlog.get_logger(__name__)
KIND = "delete-files"
# Far longer than storing takes: a file that is being stored is never taken for one that was left.
GRACE = timedelta(days=1)
BATCH = 100
PIECE = 256 * 1024
# What a storage raises when it is away or the file is not there.
TROUBLE = (OSError, ClientError, BotoCoreError)


def storage() -> Storage:
    """Where people's files are kept: a folder, or S3. It is never served by itself."""
    return storages["media"]


def new_key(schema_name: str) -> str:
    return f"{schema_name}/{timezone.now():%Y/%m}/{new_public_id()}{new_public_id()}"


def loosen(keys: Collection[str], at: datetime | None = None) -> None:
    """Have these files deleted at `at` (now by default)."""
    if not keys:
        return
    when = at or timezone.now()
    rows = [LooseFile(key=key, due_at=when) for key in keys]
    LooseFile.objects.bulk_create(rows, update_conflicts=True, unique_fields=["key"], update_fields=["due_at"])
    due.announce(KIND, at=at)


def keep(keys: Collection[str]) -> None:
    """A row speaks of these files now."""
    LooseFile.objects.filter(key__in=keys).delete()


def store(path: Path, key: str) -> None:
    """Keep a file's bytes under `key`. Raises one of TROUBLE."""
    with path.open("rb") as source:
        storage().save(key, File(source))


def open_stored(key: str) -> IO[bytes]:
    """A stored file, to be read and closed. Raises one of TROUBLE."""
    return cast(IO[bytes], storage().open(key))


def pieces(key: str, start: int, length: int) -> Iterator[bytes]:
    """A part of a stored file; a storage that can hand out parts is asked for no more than that."""
    kept: Any = storage()
    if hasattr(kept, "read_part"):
        yield from kept.read_part(key, start, length)
        return
    with closing(kept.open(key)) as source:
        source.seek(start)
        while length > 0 and (piece := source.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


def delete_due(now: datetime | None = None) -> int:
    """Delete what is due, and say when to look again; how many files went. A storage that is away costs time only."""
    round = due.begin(KIND)
    deleted = 0
    while batch := _claim(now or timezone.now()):
        gone = [key for key in batch if _delete(key)]
        LooseFile.objects.filter(key__in=gone).delete()
        deleted += len(gone)
    due.settle(round, LooseFile.objects.aggregate(first=Min("due_at"))["first"])
    return deleted


@transaction.atomic
def _claim(now: datetime) -> list[str]:
    """Some that are due; they are due again later, longer each time, should we die or the storage be away."""
    rows = LooseFile.objects.filter(due_at__lte=now).select_for_update(skip_locked=True).order_by("due_at")[:BATCH]
    found = list(rows)
    for row in found:
        row.due_at, row.attempts = now + timedelta(minutes=min(5 * 2**row.attempts, 24 * 60)), row.attempts + 1
    LooseFile.objects.bulk_update(found, ["due_at", "attempts"])
    return [row.key for row in found]


def _delete(key: str) -> bool:
    try:
        storage().delete(key)
    except TROUBLE as problem:
        log.warning("file.not_deleted", error=type(problem).__name__)
        return False
    return True
