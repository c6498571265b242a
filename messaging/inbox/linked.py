"""Web addresses in people's words become links. The words are escaped first, so nothing else ever becomes markup."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
# What ends a sentence rather than an address.
TRAILING = ".,;:!?…»«›‹”“„’‘*_~"
BRACKETS = {")": "(", "]": "[", "}": "{"}
# Behind a link the other side learns nothing of this page and gets no hold of it.
REL = "nofollow noopener noreferrer"


@register.filter
def linked(text: str) -> SafeString:
    """Escaped text in which http and https addresses are links."""
    done, pieces = 0, []
    for found in ADDRESS.finditer(text):
        address = _trimmed(found[0])
        if _is_honest(address):
            end = found.start() + len(address)
            pieces += [escape(text[done : found.start()]), _link(address)]
            done = end
    return mark_safe("".join([*pieces, escape(text[done:])]))  # noqa: S308 every piece is escaped


def _link(address: str) -> SafeString:
    return format_html('<a href="{}" rel="{}" target="_blank">{}</a>', address, REL, address)


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays when it was opened inside."""
    while address:
        last = address[-1]
        opened = BRACKETS.get(last)
        if last not in TRAILING and not (opened and address.count(last) > address.count(opened)):
            break
        address = address[:-1]
    return address


def _is_honest(address: str) -> bool:
    """It has a host, no name before it that looks like one, and no sign that turns or hides a part of it."""
    if any(unicodedata.category(sign).startswith("C") for sign in address):
        return False
    try:
        found = urlsplit(address)
    except ValueError:
        return False
    return bool(found.hostname) and "@" not in found.netloc
