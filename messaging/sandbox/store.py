"""Keeps the provider's memory over a restart: written lazily, in batches, in a thread of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EVERY, ROWS = 0.4, 400  # about a thousand rows a second, which costs a send nothing
SCHEMA = """
    CREATE TABLE IF NOT EXISTS thing (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID
"""


class Store:
    """Without a folder nothing is kept but the files of one run."""

    def __init__(self, folder: Path, *, keep: bool = True) -> None:
        self.media_folder = folder / "media"
        self.media_folder.mkdir(parents=True, exist_ok=True)
        self.keep = keep
        self.dirty: dict[tuple[str, str], None] = {}
        self.path = folder / "sandbox.sqlite3"
        self.unfinished = folder / "webhooks.json"

    def mark(self, kind: str, key: str) -> None:
        if self.keep:
            self.dirty[kind, key] = None

    def load(self) -> Iterator[tuple[str, str, Any]]:
        if self.keep:
            with self._connect() as database:
                for kind, key, body in database.execute("SELECT kind, key, body FROM thing"):
                    yield kind, key, json.loads(body)

    def take(self, look_up: Any, most: int | None = None) -> list[tuple[str, str, str | None]]:
        """What has changed longest ago, as text; None means gone."""
        changed = list(itertools.islice(self.dirty, most))
        for one in changed:
            del self.dirty[one]
        return [(kind, key, _text(look_up(kind, key))) for kind, key in changed]

    def write(self, rows: list[tuple[str, str, str | None]]) -> None:
        with self._connect() as database:
            database.executemany(
                "INSERT OR REPLACE INTO thing VALUES (?, ?, ?)", [row for row in rows if row[2] is not None]
            )
            database.executemany(
                "DELETE FROM thing WHERE kind = ? AND key = ?", [row[:2] for row in rows if row[2] is None]
            )

    async def keep_writing(self, look_up: Any) -> None:
        """A little at a time: under load the file lags behind, and catches up when it is quiet."""
        while True:
            await asyncio.sleep(EVERY)
            if self.dirty:
                await asyncio.to_thread(self.write, self.take(look_up, ROWS))

    def load_unfinished(self) -> list[Any]:
        """Webhooks that nobody had taken at the end of the last run."""
        if not (self.keep and self.unfinished.exists()):
            return []
        found: list[Any] = json.loads(self.unfinished.read_text(encoding="utf-8"))
        self.unfinished.unlink()
        return found

    def save_unfinished(self, parcels: list[Any]) -> None:
        if self.keep and parcels:
            self.unfinished.write_text(json.dumps(parcels), encoding="utf-8")

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute(SCHEMA)
        return database


def _text(found: Any) -> str | None:
    return None if found is None else json.dumps(found)
