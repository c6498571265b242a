"""The demo's own pages: where everything is, and the mail nobody sent."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from config.demo import mail
from config.demo.addresses import addresses

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/index.html", {"addresses": addresses()})


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/mail.html", {"mails": mail.newest()})


@require_safe
def mail_one(request: HttpRequest, key: str) -> HttpResponse:
    found = mail.find(key)
    if found is None:
        raise Http404
    return render(request, "demo/mail_one.html", {"mail": found})


@require_safe
@xframe_options_sameorigin
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part as it is, for the frame of the page above: its own styles hold there, nothing else does."""
    found = mail.find(key)
    if found is None:
        raise Http404
    return HttpResponse(found.html, headers={"Content-Security-Policy": MAIL_POLICY})
