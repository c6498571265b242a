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
    if kind == "adjustment":
        return _("Adjustment") + _after(": ", facts.get("reason", "") or _charged(facts))
    return _charged({"charge": kind, **facts})


def _charged(facts: Mapping[str, str | int]) -> str:
    """What is charged, whether or not it is taken back."""
    match facts.get("charge", ""):
        case "plan":
            return _("Plan %(plan)s, monthly fee") % {"plan": facts.get("plan", "")}
        case "seats":
            return _("Further seats")
        case "fee":
            return _("Plan %(plan)s, fee per message") % {"plan": facts.get("plan", "")}
        case _:
            return _usage(facts)


def _usage(facts: Mapping[str, str | int]) -> str:
    """WhatsApp · Marketing · Germany · and what else tells this line from its neighbours."""
    channel, category, market = (str(facts.get(name, "")) for name in ("channel", "category", "market"))
    parts = [
        CHANNELS.get(channel, channel),
        str(Category(category).label) if category in Category.values else category,
        market_name(market) if market else str(facts.get("country", "")),
        str(facts.get("detail", "")),
        _("reported later") if facts.get("turn") else "",
    ]
    return " · ".join(part for part in parts if part)


def _after(mark: str, text: str | int) -> str:
    return f"{mark}{text}" if text else ""
