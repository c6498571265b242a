"""What an installation must have before it may go live; `manage.py check --deploy` names what is missing."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from tenants.lib.secrets import MasterKeyMissing, MasterKeys


@register(Tags.security, deploy=True)
def production_settings(**_options: Any) -> list[CheckMessage]:
    """Base host, secrets, mail, database and broker."""
    found: list[CheckMessage] = []
    if settings.BASE_DOMAIN in {"localhost", "127.0.0.1"}:
        found.append(
            Error("The base host is not set.", hint="Set BASE_HOST, such as app.example.com.", id="botschaft.E001")
        )
    if not os.environ.get("SECRET_KEY"):
        found.append(
            Error(
                "SECRET_KEY is not set, so every start signs everybody out.",
                hint="Set SECRET_KEY to at least 50 random characters.",
                id="botschaft.E002",
            )
        )
    if not settings.EMAIL_URL:
        found.append(
            Error(
                "No mail server is set, so mail is only kept in files.",
                hint="Set EMAIL_URL, such as smtp://user:password@mail.example.com:587.",
                id="botschaft.E003",
            )
        )
    for variable, code in (("DATABASE_URL", "E004"), ("REDIS_URL", "E005")):
        if not os.environ.get(variable):
            found.append(Error(f"{variable} is not set.", hint=f"Set {variable}.", id=f"botschaft.{code}"))
    if settings.DEMO:
        found.append(Error("DEMO is on: anybody can read the mail.", hint="Unset DEMO.", id="botschaft.E007"))
    if not settings.MONITOR_TOKEN:
        found.append(
            Warning(
                "MONITOR_TOKEN is not set, so /metrics and /health/deep answer nobody but staff.",
                hint="Set MONITOR_TOKEN to a long random text.",
                id="botschaft.W001",
            )
        )
    return found


@register(Tags.security, deploy=True)
def master_keys(**_options: Any) -> list[CheckMessage]:
    """The master key, without which no stored secret can be read."""
    try:
        MasterKeys.parse(settings.MASTER_KEYS).current_id  # noqa: B018  (reading it is the check)
    except MasterKeyMissing as problem:
        return [
            Error(
                f"{problem}.",
                hint="Set MASTER_KEYS to `id:key`; `manage.py new_master_key` makes one.",
                id="botschaft.E006",
            )
        ]
    return []


@register(Tags.models)
def company_and_shared_apps_are_disjoint(**_options: Any) -> list[CheckMessage]:
    """A table in both would, when it is missing in a company, silently be read from the shared schema."""
    both = sorted((set(settings.SHARED_APPS) & set(settings.TENANT_APPS)) - {"django.contrib.contenttypes"})
    if both:
        return [Error(f"Apps in both SHARED_APPS and TENANT_APPS: {', '.join(both)}.", id="botschaft.E010")]
    return []
