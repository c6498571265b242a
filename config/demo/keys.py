"""The demo's secrets: made once, kept with its data, readable by its owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path


def demo_keys(data: Path) -> dict[str, str]:
    path = data / "keys.json"
    if not path.exists():
        write_private(path, json.dumps(new_keys()))
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def new_keys() -> dict[str, str]:
    master = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(50), "MASTER_KEYS": f"demo:{master}"}


def write_private(path: Path, text: str) -> None:
    """Whole or not at all: half a key would make everything encrypted with it unreadable."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    unfinished.rename(path)
