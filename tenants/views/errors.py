"""Answers for what cannot be answered: each says what happened, what was kept and what to do.

Where no company is open, no middleware has found the reader's language yet: those pages ask the request themselves.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.models import Company
from tenants.request import Request


def error_page(request: HttpRequest, status: int, title: str, text: str, **more: Any) -> HttpResponse:
    """`action_url` and `action_label` offer the way on; without them it leads to the start page."""
    context = {
        "status": status,
        "title": title,
        "text": text,
        "action_url": "/",
        "action_label": _("To the start page"),
    }
    return render(request, "errors/error.html", {**context, **more}, status=status)


def unknown_host(request: HttpRequest) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        return error_page(
            request,
            404,
            _("There is no company at this address"),
            _("Check the address for a typing mistake, or find your company on our public site."),
            action_url=f"{settings.SCHEME}://{settings.BASE_HOST}/",
            action_label=_("To the public site"),
        )


def still_opening(request: HttpRequest, company: Company) -> HttpResponse:
    """The space is being made; the page asks again by itself."""
    with translation.override(translation.get_language_from_request(request)):
        answer = render(request, "errors/opening.html", {"company": company}, status=503)
    answer.headers["Retry-After"] = "3"
    answer.headers["Refresh"] = "3"
    return answer


def suspended(request: Request) -> HttpResponse:
    member = request.member
    return render(
        request,
        "errors/suspended.html",
        {"company": request.tenant, "reason": member.company.suspension_reason if member else ""},
        status=403,
    )


def read_only_visit(request: Request) -> HttpResponse:
    return error_page(
        request,
        403,
        _("A visit only looks"),
        _("You are here as staff, read-only. Nothing was changed."),
        action_label=_("Back to the company"),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request,
        403,
        _("This form is too old"),
        _("It was open for long, or cookies are off. Go back, reload the page and send it again; nothing was changed."),
        action_url=request.path,
        action_label=_("Open the page again"),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400, _("This request is not complete"), _("Nothing was changed. Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403, _("This is not yours to open"), _("Ask one of your company's admins."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(
        request,
        404,
        _("There is nothing here"),
        _("It may have been moved or removed, or you may not see it."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request, for the frame would ask the database: whatever broke, this page shows."""
    return HttpResponse(render_to_string("errors/broken.html"), status=500)
