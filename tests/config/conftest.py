"""A folder as a run has it; made where the servers' user can reach it, also for root."""

from collections.abc import Iterator

import pytest

from config.demo.paths import Home
from config.demo.services import temporary_home


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with temporary_home() as home:
        monkeypatch.setenv("BOTSCHAFT_DATA_DIR", str(home.root))
        yield home
