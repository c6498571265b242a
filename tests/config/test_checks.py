"""`manage.py check --deploy` is clean for a complete installation, and names what is missing from any other."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

PRODUCTION = {
    "BASE_HOST": "botschaft.example",
    "SECRET_KEY": "kJ8#fW2!pQz7vR4mXc9LtYb3Nh6Gd1Sa5Ue0Oi-xKwEjTqPrBaZs4D",
    "MASTER_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "EMAIL_URL": "smtp://user:password@mail.botschaft.example:587",
    "MONITOR_TOKEN": "a-long-random-token",
    "OPERATOR_TAX_NUMBER": "22/123/12345",
    "OPERATOR_IBAN": "DE02120300000000202051",
}

MISSING = (
    "BASE_HOST",
    "SECRET_KEY",
    "MASTER_KEYS",
    "EMAIL_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "MONITOR_TOKEN",
    "OPERATOR_IBAN",
)
# A finding of ours with its hint.
FINDING = re.compile(r"^\?: \(botschaft\.[EW]\d+\) .*\n(?:\tHINT: .*\n)?", re.MULTILINE)


def check(**changed: str) -> subprocess.CompletedProcess[str]:
    """The deploy check under a production environment, changed as asked; an empty value unsets."""
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    environment = {name: value for name, value in {**kept, **PRODUCTION, **changed}.items() if value}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_installation_passes() -> None:
    answer = check()
    assert answer.returncode == 0, answer.stderr


@pytest.fixture(scope="module")
def bare() -> list[str]:
    """What is said of an installation in which nothing is set, a finding each: one alone makes the check fail."""
    answer = check(**dict.fromkeys(MISSING, ""))
    assert answer.returncode != 0
    return FINDING.findall(answer.stderr)


@pytest.mark.parametrize("missing", MISSING)
def test_what_is_missing_is_named(bare: list[str], missing: str) -> None:
    assert [finding for finding in bare if missing in finding]


def test_one_thing_that_is_missing_makes_the_check_fail() -> None:
    answer = check(MONITOR_TOKEN="")
    assert answer.returncode != 0
    assert [("MONITOR_TOKEN" in finding) for finding in FINDING.findall(answer.stderr)] == [True]


def test_the_demo_is_refused_in_production() -> None:
    assert "DEMO is on" in check(DEMO="1").stderr


def test_a_malformed_master_key_is_refused_without_showing_it() -> None:
    answer = check(MASTER_KEYS="k1:notakey")
    assert "MASTER_KEYS" in answer.stderr
    assert "notakey" not in answer.stderr


@pytest.mark.parametrize(("name", "value"), [("SECURE", "perhaps"), ("PORT", "eight"), ("EMAIL_URL", "http://x")])
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    answer = check(**{name: value})
    assert answer.returncode != 0
    assert name in answer.stderr
