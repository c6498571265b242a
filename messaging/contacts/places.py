"""The parts of the contacts' pages, as tabs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.access import may
from tenants.models import Role
from tenants.request import Request

PARTS = (
    ("contacts", _("People"), Role.AGENT),
    ("contact_lists", _("Lists"), Role.AGENT),
    ("attributes", _("Attributes"), Role.ADMIN),
    ("imports", _("Imports"), Role.ADMIN),
)


def tabs(request: Request) -> list[dict[str, Any]]:
    """Those one may open; the page itself is the current one."""
    current = request.resolver_match.url_name if request.resolver_match else ""
    return [
        {"url": reverse(name), "label": label, "current": name == current}
        for name, label, role in PARTS
        if may(request, role)
    ]
