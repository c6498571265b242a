"""The door through which messaging asks what messages would cost and to which market a number belongs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from billing.rating.card import whatsapp_card


def prefixes_on(day: date) -> Mapping[str, str]:
    """The market of each calling prefix, without "+"; numbers of no prefix belong to "Other"."""
    return {prefix: market.name for market in whatsapp_card().markets(day) for prefix in market.prefixes if prefix}
