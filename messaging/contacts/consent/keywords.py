"""Words by which people stop and start messages, as the whole of what they write."""

from __future__ import annotations

import re

from messaging.contacts.consent.models import ConsentState

# The words of the mobile industry for text messages, and what Germans write.
STOP = frozenset(
    "stop stopall stopp unsubscribe cancel end quit revoke optout abmelden abbestellen austragen keinewerbung".split()
)
START = frozenset("start unstop optin anmelden".split())
LONGEST = 40


def decision_in(text: str) -> ConsentState | None:
    """What somebody decides with a message that is nothing but one of the words; None for any other message."""
    if len(text) > LONGEST:
        return None
    word = re.sub(r"[\W_]+", "", text).casefold()
    if word in STOP:
        return ConsentState.OPTED_OUT
    return ConsentState.OPTED_IN if word in START else None
