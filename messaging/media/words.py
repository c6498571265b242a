"""Why a file is not here, in words. Rows keep a code: they are read in several languages."""

from __future__ import annotations

from django.utils.translation import gettext as _

from messaging.channels.errors import rule_for

EMPTY, TOO_LARGE, GONE, POISONED = "empty", "too_large", "gone", "poisoned"
# What a scanner found follows the colon.
UNSAFE = "unsafe:"


def reason_of(kind: str, code: str) -> str:
    """What to tell people; a code that is none of ours is the provider's own."""
    if code.startswith(UNSAFE):
        return _("The virus scanner refused this file: %(finding)s") % {"finding": code.removeprefix(UNSAFE)}
    own = {
        EMPTY: _("The file is empty."),
        TOO_LARGE: _("The file is larger than allowed. Ask for a smaller one, or for a link to it."),
        GONE: _("Not to be had any more. Ask the person to send it again."),
        POISONED: _("Fetching it broke off several times. Ask the person to send it again."),
    }
    return own.get(code) or str(rule_for(kind, code).what)
