"""Gives every test run a PostgreSQL and a Redis of its own, before settings are read.

Loaded by `-p tests.plugin` in pyproject.toml: a conftest would come too late,
since pytest-django reads the settings first.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from config.demo.console import StartFailed
from config.demo.services import TESTS, temporary_services


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if needs_services(early_config):
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        try:
            services = stack.enter_context(temporary_services(TESTS))
        except StartFailed as error:
            pytest.exit(str(error), returncode=3)
        os.environ.update(services.environment)
    return (yield)


def needs_services(config: pytest.Config) -> bool:
    """The workers of pytest-xdist inherit what the first process has started."""
    options = config.known_args_namespace
    only_asks = options.help or options.version or getattr(options, "markers", False)
    return not only_asks and "PYTEST_XDIST_WORKER" not in os.environ
