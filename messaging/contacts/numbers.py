"""Telephone numbers that are one line although they are written in two ways."""

from __future__ import annotations

import re

# The same line written in two ways: networks and WhatsApp do not agree on these digits.
# Each pair: how the number may be written, and what it is in the one form we compare.
FORMS = (
    (re.compile(r"\+55([1-9]\d)([6-9]\d{7})"), r"+55\g<1>9\2"),  # Brazil's ninth digit of mobiles
    (re.compile(r"\+521(\d{10})"), r"+52\1"),  # Mexico's former mobile prefix
    (re.compile(r"\+54([1-8]\d{9})"), r"+549\1"),  # Argentina's 9 for mobiles
)
OTHER_FORMS = (
    (re.compile(r"\+55([1-9]\d)9([6-9]\d{7})"), r"+55\1\2"),
    (re.compile(r"\+52(\d{10})"), r"+521\1"),
    (re.compile(r"\+549(\d{10})"), r"+54\1"),
)


def canonical(phone: str) -> str:
    """The one form of a number in which its variants are equal."""
    for pattern, form in FORMS:
        if match := pattern.fullmatch(phone):
            return match.expand(form)
    return phone


def variants(phone: str) -> set[str]:
    """All ways a number may stand in our rows."""
    one = canonical(phone)
    return {phone, one, *(match.expand(form) for pattern, form in OTHER_FORMS if (match := pattern.fullmatch(one)))}
