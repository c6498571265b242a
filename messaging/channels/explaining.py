"""A channel's state and health in plain words: what is, what is to be done, and who can do it.

Codes of the provider's are explained by the error table; here are its words for numbers, limits and accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _, ngettext

from messaging.channels.connecting import BY_HAND
from messaging.channels.error_rules import Mender
from messaging.channels.errors import UNKNOWN, rule_for
from messaging.channels.services import SILENT, UNREACHED, UNREADABLE
from tenants.templatetags.ui import number

Words = Promise | str
Value = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """`code` is the provider's, for the operator; '' where there is none."""

    what: Words
    todo: Words = ""
    mender: Mender = Mender.ADMIN
    code: str = ""


# Events of the account that stop a channel; a state's reason begins with the word.
EVENTS = {
    "ACCOUNT_DELETED": Reason(
        _("The WhatsApp Business account was deleted at Meta."),
        _("Connect the number again under an account that exists, or disconnect it."),
    ),
    "ACCOUNT_OFFBOARDED": Reason(
        _("The number left the WhatsApp Business Platform."),
        _("Register it there again and connect it anew, or disconnect it."),
    ),
    "PARTNER_REMOVED": Reason(
        _("The business has withdrawn our access to its account."),
        _("Grant the access again at Meta, then connect the number anew."),
    ),
    "PARTNER_APP_UNINSTALLED": Reason(
        _("Our app was removed from the account."),
        _("Add the app again at Meta, then connect the number anew."),
    ),
    "ACCOUNT_RESTRICTION": Reason(
        _("Meta has restricted the account for some time: it may not send."),
        _("Look up the reason in Meta's Business Support and ask for a review there. Sending goes on when it is over."),
    ),
    "DISABLED_UPDATE": Reason(
        _("Meta has switched the account off for breaking its rules."),
        _("Appeal in Meta's Business Support. Sending goes on by itself when Meta lifts it."),
    ),
    UNREADABLE: Reason(
        _("The stored access cannot be read any more."),
        _("Connect the number anew and type in all three secrets."),
    ),
    UNREACHED: Reason(_("Meta could not be reached."), _("It is tried again by itself."), Mender.NOBODY),
    SILENT: Reason(_("Meta did not answer in time."), _("It is tried again by itself."), Mender.NOBODY),
}


def reason_of(kind: str, state_reason: str) -> Reason | None:
    """Why a channel does not send; None when nothing is written down."""
    code, _space, rest = state_reason.partition(" ")
    if not code:
        return None
    if code == BY_HAND:
        what = format_lazy(_("{name} has paused this number."), name=rest) if rest else _("It was paused by hand.")
        return Reason(what, _("What is written waits until somebody lets it go on."))
    if code in EVENTS:
        return EVENTS[code]
    rule = rule_for(kind, code)
    return Reason(rule.what, rule.todo, rule.mender, code)


def trouble_of(kind: str, health: Value) -> Reason | None:
    """Why the last question about the number was not answered; None when it was."""
    trouble = _part(health, "trouble")
    return reason_of(kind, str(trouble.get("code", ""))) if trouble else None


@dataclass(frozen=True)
class Problem:
    """Something the provider itself says is wrong; its own words stand beside ours when ours know nothing."""

    code: str
    what: Words
    todo: Words
    theirs: str
    solution: str


def problems_of(kind: str, health: Value) -> list[Problem]:
    found = health.get("problems")
    return [_problem(kind, one) for one in found if isinstance(one, dict)] if isinstance(found, list | tuple) else []


def _problem(kind: str, one: Value) -> Problem:
    code = str(one.get("code", ""))
    rule = rule_for(kind, code)
    known = rule is not UNKNOWN
    theirs, solution = str(one.get("title", "")), str(one.get("details", ""))
    what = rule.what if known else theirs or _("Meta reports a problem without words.")
    return Problem(code, what, rule.todo if known else solution, theirs if known else "", solution if known else "")


# --- The number -------------------------------------------------------------------------------------------------------

# A word and a tone.
QUALITY = {
    "GREEN": (_("High"), "good"),
    "YELLOW": (_("Medium"), "warn"),
    "RED": (_("Low"), "bad"),
}
NOT_RATED = (_("Not rated yet"), "")
NUMBER_STATES = {
    "CONNECTED": (_("Connected"), "good"),
    "PENDING": (_("Being set up"), "warn"),
    "UNVERIFIED": (_("Not verified"), "bad"),
    "DISCONNECTED": (_("Not connected"), "bad"),
    "FLAGGED": (_("Flagged for low quality"), "warn"),
    "RESTRICTED": (_("Limit reached, no new conversations today"), "bad"),
    "RATE_LIMITED": (_("Slowed down"), "warn"),
    "BANNED": (_("Banned"), "bad"),
    "DELETED": (_("Deleted"), "bad"),
    "MIGRATED": (_("Moved to another account"), "bad"),
}
NAME_STATES = {
    "APPROVED": (_("Approved"), "good"),
    "AVAILABLE_WITHOUT_REVIEW": (_("Allowed without review"), "good"),
    "PENDING_REVIEW": (_("In review"), "warn"),
    "DECLINED": (_("Not approved"), "bad"),
    "EXPIRED": (_("Approval has expired"), "bad"),
    "NONE": (_("No name yet"), "warn"),
}
LIMITS = {"TIER_50": 50, "TIER_250": 250, "TIER_1K": 1000, "TIER_2K": 2000, "TIER_10K": 10_000, "TIER_100K": 100_000}
UNLIMITED = {"TIER_UNLIMITED", "UNTIERED", "-1"}


def quality_of(health: Value) -> tuple[Words, str]:
    return QUALITY.get(str(health.get("quality", "")), NOT_RATED)


def number_state_of(health: Value) -> tuple[Words, str]:
    word = str(health.get("state", ""))
    return NUMBER_STATES.get(word, (word or _("Unknown"), ""))


def name_state_of(health: Value) -> tuple[Words, str]:
    word = str(health.get("name_status", ""))
    return NAME_STATES.get(word, (word or _("Unknown"), ""))


def most_people(health: Value) -> int | None:
    """How many people may be written to first in 24 hours; None when there is no limit, or none is known."""
    word = str(health.get("daily_limit", ""))
    return LIMITS.get(word) or (int(word) if word.isdecimal() else None)


def limit_of(health: Value) -> Words:
    word = str(health.get("daily_limit", ""))
    if (most := most_people(health)) is not None:
        return ngettext("up to %(count)s person a day", "up to %(count)s people a day", most) % {"count": number(most)}
    return _("without a limit") if word in UNLIMITED else _("not known yet")


# --- What webhooks told -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class News:
    """A line of what the provider told about a number, newest first on the page."""

    at: datetime
    text: Words
    tone: str = ""


def news_of(health: Value) -> list[News]:
    """The latest of each kind that says something, newest first."""
    found = []
    for kind, told in _part(health, "told").items():
        at = parse_datetime(str(told.get("at", ""))) if isinstance(told, dict) else None
        line = _line(kind, _part(told, "value")) if at else None
        if at and line:
            found.append(News(at, *line))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _line(kind: str, value: Value) -> tuple[Words, str] | None:
    if kind == "business_capability_update":
        limit = {"daily_limit": str(value.get("max_daily_conversations_per_business", ""))}
        return format_lazy(_("The limit is now: {limit}"), limit=limit_of(limit)), ""
    if kind == "account_update":
        return _account_line(value)
    if kind in TROUBLE:
        return TROUBLE[kind], "warn"
    field, lines = LINES.get(kind, ("", {}))
    return lines.get(str(value.get(field, "")))


TROUBLE = {
    "account_alerts": _("Meta sent a warning about the account. It stands in the WhatsApp Manager."),
    "errors": _("Meta reported trouble with the account."),
}
QUALITY_EVENTS = {
    "FLAGGED": (_("Quality fell to Low"), "bad"),
    "UNFLAGGED": (_("Quality is no longer Low"), "good"),
    "UPGRADE": (_("The limit was raised"), "good"),
    "DOWNGRADE": (_("The limit was lowered"), "warn"),
    "THROUGHPUT_UPGRADE": (_("The number may send faster now"), "good"),
}
NAME_DECISIONS = {
    "APPROVED": (_("The display name was approved"), "good"),
    "REJECTED": (_("The display name was not approved"), "bad"),
    "DEFERRED": (_("The display name is being looked at longer"), "warn"),
}
REVIEWS = {
    "APPROVED": (_("The account passed Meta's review"), "good"),
    "REJECTED": (_("The account did not pass Meta's review"), "bad"),
    "PENDING": (_("Meta reviews the account"), ""),
    "DEFERRED": (_("Meta reviews the account longer"), "warn"),
}
SECURITY = {
    "PIN_CHANGED": (_("The number's PIN was changed"), ""),
    "PIN_RESET_REQUEST": (_("Somebody asked to reset the number's PIN"), "warn"),
    "PIN_RESET_SUCCESS": (_("The number's PIN was reset"), ""),
}
ACCOUNT_EVENTS: dict[str, tuple[Words, str]] = {
    "ACCOUNT_VIOLATION": (_("Meta found that the account broke its rules"), "bad"),
    "ACCOUNT_RECONNECTED": (_("The account is connected again"), "good"),
    "PARTNER_ADDED": (_("Access to the account was granted"), "good"),
    "VOLUME_BASED_PRICING_TIER_UPDATE": (_("The account reached another price tier"), ""),
}


# Which field of an event decides, and what it says.
LINES: Mapping[str, tuple[str, Mapping[str, tuple[Words, str]]]] = {
    "phone_number_quality_update": ("event", QUALITY_EVENTS),
    "phone_number_name_update": ("decision", NAME_DECISIONS),
    "account_review_update": ("decision", REVIEWS),
    "security": ("event", SECURITY),
}


def _account_line(value: Value) -> tuple[Words, str] | None:
    word = str(value.get("event", ""))
    if word == "DISABLED_UPDATE" and _part(value, "ban_info").get("waba_ban_state") == "REINSTATE":
        return _("Meta has switched the account on again"), "good"
    if word in EVENTS:
        return EVENTS[word].what, "bad"
    return ACCOUNT_EVENTS.get(word)


def _part(holder: Any, key: str) -> Mapping[str, Any]:
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, Mapping) else {}
