"""From a request's host to its company, its session and its person."""

from __future__ import annotations

import copy
import ipaddress
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from tenants import metrics
from tenants.access import SAFE_METHODS
from tenants.lib.database import database
from tenants.lib.hosts import address_name_in
from tenants.models import CompanyState, Membership, StaffVisit, Theme
from tenants.models.session import SessionStore
from tenants.request import Request
from tenants.services import hosts, visits
from tenants.views import errors, health

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]
# A session's row is written anew at most this often while it is used.
TOUCH_EVERY = timedelta(minutes=5)


def client_ip(request: HttpRequest) -> str | None:
    """Who speaks to our outermost proxy; what a client itself put into X-Forwarded-For is not believed."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    found = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None


class RequestContextMiddleware:
    """A request id for the log, times for the metrics, and the shared schema left open at the end."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=uuid.uuid4().hex[:12])
        request.client_ip = client_ip(request)
        request.tenant = request.member = request.visit = None
        request.is_suspended = False
        began = time.perf_counter()
        try:
            answer = self._refusal(request) or health.answer_any_host(request) or self.get_response(request)
            metrics.observe_request(request, answer, time.perf_counter() - began)
            return answer
        finally:
            database.set_schema_to_public()

    def _refusal(self, request: Request) -> HttpResponse | None:
        """PostgreSQL's text knows no NUL, so no address of ours has one."""
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponse(status=400)
        return None


class HostMiddleware:
    """Finds the company of the host, and answers for hosts that have none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        database.set_schema_to_public()
        address_name = address_name_in(request.META.get("HTTP_HOST", ""), settings.BASE_DOMAIN)
        if address_name == "":
            request.urlconf = settings.PUBLIC_URLCONF
            return self.get_response(request)
        company, is_current = hosts.company_at(address_name) if address_name else (None, False)
        if company is None:
            return errors.unknown_host(request)
        if not is_current:
            return HttpResponseRedirect(f"{company.url}{request.get_full_path()}")
        if company.state == CompanyState.OPENING:
            return errors.still_opening(request, company)
        # The remembered row serves many threads: each request gets its own copy to work with.
        request.tenant = copy.copy(company)
        request.is_suspended = company.state == CompanyState.SUSPENDED
        database.set_tenant(request.tenant)
        structlog.contextvars.bind_contextvars(company=company.public_id)
        return self.get_response(request)


class CompanySessionMiddleware(SessionMiddleware):
    """Django's sessions, opened only on the host they were made for, with an absolute end."""

    def process_request(self, request: HttpRequest) -> None:
        assert isinstance(request, HttpRequest)
        company = getattr(request, "tenant", None)
        request.session = SessionStore(
            request.COOKIES.get(settings.SESSION_COOKIE_NAME),
            company_id=company.pk if company else None,
            ip=getattr(request, "client_ip", None),
            user_agent=request.headers.get("User-Agent", ""),
        )

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        self._keep_alive(cast(SessionStore, request.session))
        return super().process_response(request, response)

    def _keep_alive(self, session: SessionStore) -> None:
        if session.row is None or session.modified or not session.accessed:
            return
        if timezone.now() - session.row.last_seen_at > TOUCH_EVERY:
            session.modified = True


class PersonMiddleware(MiddlewareMixin):
    """Who is here and by what right, in which language and time zone."""

    def process_request(self, request: Request) -> HttpResponseBase | None:
        self._end_old_session(request)
        if request.tenant is not None and request.user.is_authenticated:
            self._find_right(request)
        self._speak(request)
        if request.is_suspended and request.visit is None and not request.path.startswith(settings.STATIC_URL):
            return errors.suspended(request)
        return None

    def process_response(self, request: Request, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def _end_old_session(self, request: Request) -> None:
        if not request.user.is_authenticated:
            return
        row = getattr(request.session, "row", None)
        oldest = timezone.now() - timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
        if row is not None and row.created_at < oldest:
            logout(request)

    def _find_right(self, request: Request) -> None:
        """A member, or staff on a running visit; anybody else is signed out here."""
        request.member = (
            Membership.objects.filter(user=request.user, company=request.tenant).select_related("company").first()
        )
        if request.member is not None:
            # Fresher than the remembered host: a suspension holds at once for whoever is signed in.
            request.is_suspended = request.member.company.state != CompanyState.ACTIVE
            return
        visit_id = request.session.get("visit")
        if visit_id and request.user.is_staff:
            running = StaffVisit.objects.running(timezone.now())
            request.visit = running.filter(pk=visit_id, company=request.tenant, staff=request.user).first()
        if request.visit is None:
            logout(request)

    def _speak(self, request: Request) -> None:
        known = dict(settings.LANGUAGES)
        wished = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.user.is_authenticated:
            language, zone = request.user.language, request.user.time_zone
        elif wished in known:
            language, zone = wished, "Europe/Berlin"
        else:
            language, zone = translation.get_language_from_request(request), "Europe/Berlin"
        translation.activate(language if language in known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
        timezone.activate(ZoneInfo(zone))


class VisitMiddleware(MiddlewareMixin):
    """A staff visit only looks: whatever would change something is refused, and every page is counted."""

    # What a visitor may still do: end the visit, and choose how the pages look to them.
    allowed = frozenset({"visit_end", "account_logout", "preferences"})

    def process_view(self, request: Request, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.visit is None:
            return None
        visits.count_page(request.visit)
        name = request.resolver_match.url_name if request.resolver_match else ""
        if request.method in SAFE_METHODS or name in self.allowed:
            return None
        return errors.read_only_visit(request)


def theme_of(request: HttpRequest) -> str:
    """Light, dark, or like the device."""
    if request.user.is_authenticated:
        return str(getattr(request.user, "theme", Theme.SYSTEM))
    wished = request.COOKIES.get("theme", "")
    return wished if wished in Theme.values else str(Theme.SYSTEM)
