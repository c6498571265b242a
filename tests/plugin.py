"""Gives every test run a PostgreSQL and a Redis of its own, before settings are read, and splits it over the cores.

Loaded by `-p tests.plugin` in pyproject.toml: a conftest would come too late, since pytest-django reads the settings
first. With `-n auto` each worker has servers and folders of its own: nothing is shared that one could lock, flush or
fill for another.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from config import garbage
from config.demo.console import StartFailed
from config.demo.services import TESTS, temporary_services

BROWSER = "tests/browser/"
MOST_WORKERS = 4


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if needs_services(early_config.known_args_namespace):
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        try:
            services = stack.enter_context(temporary_services(TESTS))
        except StartFailed as error:
            pytest.exit(str(error), returncode=3)
        os.environ.update(services.environment)
    return (yield)


def needs_services(options: Namespace) -> bool:
    """Whoever runs tests does; the first process of many only hands them out."""
    only_asks = options.help or options.version or getattr(options, "markers", False)
    hands_out = options.numprocesses and not (options.usepdb or is_worker() or services_are_given())
    return not only_asks and not hands_out


def is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def services_are_given() -> bool:
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"))


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Servers that the environment names are there once, so that one process uses them."""
    return 0 if services_are_given() else min(len(os.sched_getaffinity(0)), MOST_WORKERS)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    config.option.loadscopereorder = False
    return WholeFiles(config, log)


class WholeFiles(LoadFileScheduling):
    """A file stays with one worker, and so does all that looks at the one running product."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


def pytest_collection_finish() -> None:
    """Thousands of tests and all of Django stay to the end: no collection need go through them."""
    garbage.collect_rarely()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser takes longest: it comes last, but first among workers, so that none is left alone with it."""
    in_file = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, int]:
        in_browser = item.nodeid.startswith(BROWSER)
        return (not in_browser, 0 if in_browser else -in_file[item.path]) if is_worker() else (in_browser, 0)

    items.sort(key=place)
