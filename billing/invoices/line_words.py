"""What a line says of itself, in the company's language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _, override

from billing.rating.card import Category
from billing.rating.charges import Charge
from billing.rating.names import market_name

CHANNELS = {"whatsapp": "WhatsApp", "messenger": "Messenger", "wechat": "WeChat", "sms": "SMS"}
LONGEST = 300


def words_for(charge: Charge, language: str) -> str:
    """One line of text. A charge may bring its own (`text`); else its kind and facts make it."""
    facts = charge.description
    with override(language):
        return (str(facts.get("text", "")) or _made(charge.kind, facts))[:LONGEST]


def _made(kind: str, facts: Mapping[str, str | int]) -> str:
    if kind == "plan":
        return _("Plan %(plan)s, monthly fee") % {"plan": facts.get("plan", "")}
    if kind == "seats":
        return _("Further seats")
    if kind == "usage":
        return _usage(facts)
    return _("Adjustment") + _after(": ", facts.get("reason", ""))


def _usage(facts: Mapping[str, str | int]) -> str:
    """WhatsApp · Marketing · Germany · and what else tells this line from its neighbours."""
    channel, category, market = (str(facts.get(name, "")) for name in ("channel", "category", "market"))
    parts = [
        CHANNELS.get(channel, channel),
        str(Category(category).label) if category in Category.values else category,
        market_name(market) if market else str(facts.get("country", "")),
        str(facts.get("detail", "")),
    ]
    return " · ".join(part for part in parts if part) or _("Messages")


def _after(mark: str, text: str | int) -> str:
    return f"{mark}{text}" if text else ""
