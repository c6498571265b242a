"""The embedded servers: private, in step with the checkout, gone when their starter is."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.demo.paths import CHECKOUT
from config.demo.services import TESTS, Services, temporary_services

HOLD = "import os; print(os.environ['DATABASE_URL'], flush=True); input()"


@pytest.fixture(autouse=True)
def no_given_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run's own servers are not the ones under test."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture
def services() -> Iterator[Services]:
    with temporary_services(TESTS) as services:
        yield services


def test_nobody_else_can_reach_the_servers_or_their_data(services: Services) -> None:
    home = services.home
    for folder in (home.postgres, home.redis, home.sockets, home.data):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_text_is_compared_as_unicode_and_times_are_utc(services: Services) -> None:
    with psycopg.connect(services.environment["DATABASE_URL"]) as database:
        row = database.execute("SELECT upper('ä'), current_setting('TimeZone')").fetchone()
        assert row == ("Ä", "UTC")


def test_servers_end_when_their_starter_is_killed() -> None:
    command = [sys.executable, "-m", "config.demo.services", "run-with", "--", sys.executable, "-c", HOLD]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        found = re.search(r"host=(.+)/sockets", starter.stdout.readline())
        assert found
        home = Path(found[1])
        server = os.pidfd_open(int((home / "postgresql/postmaster.pid").read_text().split("\n", 1)[0]))
        starter.kill()
    assert select.select([server], [], [], 10)[0]
    os.close(server)
    with temporary_services(TESTS):
        assert not home.exists(), "the next run removes what a killed one left"
