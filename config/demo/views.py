"""The demo's own pages: where everything is, and the mail nobody sent."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.demo import mail
from config.demo.addresses import addresses


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
