"""Is it alive, is it ready, and is everything behind it well?"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants import metrics
from tenants.lib.secrets import MasterKeyMissing
from tenants.models import DueWork, Mail, MailState, ParkedTask, User
from tenants.schema.migrate import missing_migrations
from tenants.services import keys


def answer_any_host(request: HttpRequest) -> HttpResponse | None:
    """`live` and `ready` answer on every host name and address, since a load balancer asks by address."""
    if request.path == "/health/live":
        return JsonResponse({"status": "ok"})
    if request.path == "/health/ready":
        found = _ask({"database": _database})
        return _answer(found)
    return None


@never_cache
@require_safe
def deep(request: HttpRequest) -> HttpResponse:
    """Everything behind the pages, for a monitor with the token or for staff."""
    _assert_monitor(request)
    return _answer(findings())


@never_cache
@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    _assert_monitor(request)
    body, content_type = metrics.exposition()
    return HttpResponse(body, content_type=content_type)


def _assert_monitor(request: HttpRequest) -> None:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.MONITOR_TOKEN and hmac.compare_digest(sent.encode(), settings.MONITOR_TOKEN.encode()):
        return
    if isinstance(request.user, User) and request.user.is_staff:
        return
    raise Http404


def findings() -> dict[str, dict[str, Any]]:
    """The deep checks for the operator's page."""
    return _ask(
        {
            "database": _database,
            "broker": _broker,
            "master_key": _master_key,
            "schemas": _schemas,
            "due_work": _due_work,
            "mail": _mail,
            "parked_tasks": _parked,
        }
    )


def _ask(checks: dict[str, Callable[[], str]]) -> dict[str, dict[str, Any]]:
    """Each check with its time; an empty word means well, anything else says what is wrong."""
    found: dict[str, dict[str, Any]] = {}
    for name, check in checks.items():
        began = time.perf_counter()
        problem = check()
        found[name] = {"ok": not problem, "problem": problem, "ms": round((time.perf_counter() - began) * 1000, 1)}
    return found


def _answer(found: dict[str, dict[str, Any]]) -> JsonResponse:
    well = all(check["ok"] for check in found.values())
    return JsonResponse({"status": "ok" if well else "failing", "checks": found}, status=200 if well else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        return type(problem).__name__
    return ""


def _broker() -> str:
    try:
        redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError as problem:
        return type(problem).__name__
    return ""


def _master_key() -> str:
    try:
        keys.master_keys().current_id  # noqa: B018  (reading it is the check)
    except MasterKeyMissing as problem:
        return str(problem)
    return ""


def _schemas() -> str:
    behind = missing_migrations()
    return _counted(
        ngettext("%(count)d company lacks migrations", "%(count)d companies lack migrations", len(behind)), len(behind)
    )


def _due_work() -> str:
    late = DueWork.objects.filter(due_at__lt=timezone.now() - timedelta(minutes=5)).count()
    return _counted(
        ngettext(
            "%(count)d kind of work is late by more than five minutes",
            "%(count)d kinds of work are late by more than five minutes",
            late,
        ),
        late,
    )


def _mail() -> str:
    failed = Mail.objects.filter(state=MailState.FAILED).count()
    return _counted(ngettext("%(count)d mail could not be sent", "%(count)d mails could not be sent", failed), failed)


def _parked() -> str:
    parked = ParkedTask.objects.count()
    return _counted(ngettext("%(count)d task is parked", "%(count)d tasks are parked", parked), parked)


def _counted(text: str, count: int) -> str:
    """The text with its number; '' for none, since that is how a check says that all is well."""
    return text % {"count": count} if count else ""
