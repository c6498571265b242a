"""Adapters are found by the kind of channel, and know nothing of ours but their contract."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging import channels
from messaging.channels.base import ChannelAdapter
from messaging.channels.capabilities import TABLE
from messaging.channels.errors import TABLES
from messaging.channels.models import ChannelKind
from messaging.channels.registry import ADAPTERS, adapter_for

FOLDER = Path(channels.__path__[0]) / "adapters"
MAY_KNOW = ("messaging.channels.base", "messaging.channels.adapters", "tenants.lib")


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_is_found_by_its_kind(kind: str) -> None:
    adapter = adapter_for(kind)
    assert isinstance(adapter, ChannelAdapter)
    assert adapter.kind == kind
    assert kind in ChannelKind.values


def test_every_adapter_has_its_limits_and_its_errors() -> None:
    assert set(ADAPTERS) == set(TABLE) == set(TABLES)


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "."
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_adapters_know_their_contract_and_the_small_tools_only() -> None:
    ours = ("messaging", "tenants", "billing", "config", "django", ".")
    assert [
        f"{file.name} imports {name}"
        for file in sorted(FOLDER.rglob("*.py"))
        for name in imports(file)
        if name.startswith(ours) and not name.startswith(MAY_KNOW)
    ] == []
