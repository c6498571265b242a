"""Webhook bodies as WhatsApp sends them, read from tests/payloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from messaging.channels.base import Element
from messaging.channels.registry import adapter_for

FOLDER = Path(__file__).resolve().parents[2] / "payloads" / "whatsapp"
NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


def payload(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def elements(name: str) -> list[Element]:
    return [found.element for found in adapter_for("whatsapp").parse(payload(name))]


def element(name: str) -> Any:
    [found] = elements(name)
    return found
