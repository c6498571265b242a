"""What every answer tells the browser: strict policy, host-only cookies, no framing, no sniffing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tenants.models import Company, User
from tests.config.test_checks import PRODUCTION
from tests.conftest import Browser

# Asks a page as production answers it: cookie names and headers are decided when the settings are read.
ASK = """
import django, json
django.setup()
from django.core.management import call_command
call_command("collectstatic", verbosity=0, interactive=False)
from django.test import Client
answer = Client(HTTP_HOST="botschaft.example").get("/password/reset/", secure=True)
plain = Client(HTTP_HOST="botschaft.example").get("/password/reset/")
print(json.dumps({"headers": dict(answer.headers), "cookies": answer.cookies.output(), "status": answer.status_code,
                  "plain": [plain.status_code, plain.headers.get("Location", "")]}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A page as production answers it, after its files were collected and named by content."""
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL")}
    data = str(tmp_path_factory.mktemp("production"))
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env={**kept, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": data},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return dict(json.loads(asked.stdout.splitlines()[-1]))


def header(production: dict[str, object], name: str) -> str:
    headers = production["headers"]
    assert isinstance(headers, dict)
    return str(headers.get(name, ""))


def test_the_policy_allows_nothing_inline(production: dict[str, object]) -> None:
    policy = header(production, "Content-Security-Policy")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_browser_is_held_to_https(production: dict[str, object]) -> None:
    assert "max-age=31536000" in header(production, "Strict-Transport-Security")
    plain = production["plain"]
    assert plain == [301, "https://botschaft.example/password/reset/"]


def test_cookies_are_bound_to_one_host(production: dict[str, object]) -> None:
    cookies = str(production["cookies"])
    assert "__Host-csrf=" in cookies
    assert "Secure" in cookies
    assert "Domain" not in cookies


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ],
)
def test_each_answer_carries_its_guards(production: dict[str, object], name: str, value: str) -> None:
    assert header(production, name) == value


def test_pages_of_a_signed_in_person_are_kept_by_nobody(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    assert "no-store" in at(acme, admin).get("/team/").headers["Cache-Control"]


def test_a_form_from_elsewhere_is_refused(acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    browser = at(acme, admin, enforce_csrf_checks=True)
    answer = browser.post("/team/invite/", {"email": "x@example.org", "role": "admin"})
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()


def test_preferences_lead_only_to_our_own_pages(db: None, at: Callable[..., Browser]) -> None:
    answer = at().post("/preferences/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.url == "/"
