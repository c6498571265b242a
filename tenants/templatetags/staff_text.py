"""Words for what the operator's console shows by key."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

CHECKS = {
    "database": _("Database"),
    "broker": _("Broker of background work"),
    "master_key": _("Master key"),
    "schemas": _("Schemas of companies"),
    "due_work": _("Background work in time"),
    "mail": _("Mail"),
    "parked_tasks": _("Parked tasks"),
}


@register.filter
def check_label(name: str) -> Any:
    """The name of a health check; one that is new shows its key."""
    return CHECKS.get(name, name.replace("_", " "))
