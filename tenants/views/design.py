"""The living page: every piece of a page with its states, for those who build and those who judge."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tenants.views import design_samples as samples


def index(request: HttpRequest) -> HttpResponse:
    """All pieces; with `?show=` one of the whole pages they make."""
    name = request.GET.get("show", "index")
    if name not in PAGES:
        raise Http404
    template, context = PAGES[name]
    return render(request, template, context(request))


def _everything(request: HttpRequest) -> dict[str, Any]:
    return samples.everything()


def _inbox(request: HttpRequest) -> dict[str, Any]:
    pane = "list" if request.GET.get("pane") == "list" else "main"
    return {**samples.everything(), "frame": samples.frame(), "pane": pane}


def _settings(request: HttpRequest) -> dict[str, Any]:
    return {**samples.everything(), "frame": samples.frame(settings=True)}


def _visit(request: HttpRequest) -> dict[str, Any]:
    return {**samples.everything(), "frame": samples.frame(visit=True, settings=True)}


def _staff(request: HttpRequest) -> dict[str, Any]:
    return {**samples.everything(), "frame": samples.frame("staff")}


def _sign_in(request: HttpRequest) -> dict[str, Any]:
    return {"form": samples.SignInForm({"email": "inga@paketladen"})}


def _error(request: HttpRequest) -> dict[str, Any]:
    return {
        "status": 404,
        "title": _("This page is not here"),
        "text": _("The address may have a typing error, or what it showed was removed. Nothing was lost by looking."),
        "action_url": "?",
        "action_label": _("To the start page"),
        "reference": "r_7Hq2mX",
    }


PAGES = {
    "index": ("design/index.html", _everything),
    "inbox": ("design/inbox.html", _inbox),
    "settings": ("design/settings.html", _settings),
    "visit": ("design/settings.html", _visit),
    "staff": ("design/staff.html", _staff),
    "narrow": ("design/narrow.html", _sign_in),
    "public": ("design/public.html", _everything),
    "error": ("errors/error.html", _error),
}
