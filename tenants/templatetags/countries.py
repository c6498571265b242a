from __future__ import annotations

from django import template
from django.utils.translation import get_language

from tenants.lib import countries

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """DE as Germany or Deutschland; an unknown code as it is."""
    return countries.names(get_language() or "en").get(code, code)
