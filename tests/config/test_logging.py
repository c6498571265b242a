"""Logs carry ids and events, never what a person wrote or is called."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SPEAK = """
import logging, structlog
from config.logging import configure
configure(as_json=True, level="INFO")
structlog.get_logger("ours").info("message.sent", message="m1", {field}="Geheimes von Anna")
logging.getLogger("django.request").warning("Not Found: /invitation/a-secret-of-a-link/")
"""


def logged(field: str) -> list[dict[str, str]]:
    asked = subprocess.run(
        [sys.executable, "-c", SPEAK.format(field=field)], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in asked.stderr.splitlines()]


@pytest.mark.parametrize("field", ["email", "phone", "text", "body", "password", "token", "name", "subject"])
def test_what_could_be_personal_is_masked(field: str) -> None:
    (line,) = logged(field)
    assert line[field] == "***"
    assert (line["event"], line["message"], line["level"]) == ("message.sent", "m1", "info")


def test_addresses_that_may_hold_a_secret_are_not_logged() -> None:
    assert "a-secret-of-a-link" not in str(logged("text"))
