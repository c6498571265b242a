"""A channel as the pages show it: words, tones and icons for the partials, no query in any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _, ngettext

from messaging.channels import explaining
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.explaining import Reason
from messaging.channels.models import Channel, ChannelState
from messaging.messages.waiting import Waiting
from tenants.templatetags.ui import ago, number

# A state's tone and icon.
STATES = {
    ChannelState.CONNECTED: ("good", "check-circle"),
    ChannelState.PAUSED: ("warn", "pause"),
    ChannelState.RECONNECT: ("bad", "plug"),
    ChannelState.DISCONNECTED: ("", "unlink"),
}


@dataclass(frozen=True)
class Check:
    """Something a number needs: `state` good, bad, warn or '' for what is not known yet."""

    title: str
    text: str
    state: str = ""
    # A page to mend it at, or a POST that does it.
    url_name: str = ""
    post_name: str = ""
    action: str = ""


def row(channel: Channel, waiting: Waiting) -> dict[str, Any]:
    """A line of the list."""
    tone, icon = STATES[ChannelState(channel.state)]
    return {
        "channel": channel,
        "is_gone": channel.state == ChannelState.DISCONNECTED,
        "tone": tone,
        "icon": icon,
        "quality": explaining.quality_of(channel.health),
        "doing": doing(channel, waiting),
        "warning": next(_warnings(channel, waiting), ""),
    }


def doing(channel: Channel, waiting: Waiting) -> str:
    """What it does now."""
    if channel.state == ChannelState.DISCONNECTED:
        return _("Nothing any more")
    if channel.state != ChannelState.CONNECTED:
        return _waits(waiting) or _("Sends nothing")
    if _rests(channel):
        return _("Rests for a moment")
    return _("Sends, %(waits)s") % {"waits": _waits(waiting)} if waiting.queued else _("Ready")


def _waits(waiting: Waiting) -> str:
    if waiting.is_more:
        return _("more than %(count)s messages wait") % {"count": number(waiting.shown)}
    if not waiting.queued:
        return ""
    return ngettext("%(count)s message waits", "%(count)s messages wait", waiting.queued) % {
        "count": number(waiting.queued)
    }


def _rests(channel: Channel) -> bool:
    return channel.resting_until is not None and channel.resting_until > timezone.now()


def _warnings(channel: Channel, waiting: Waiting) -> Iterator[str]:
    """What needs a hand, the worst first; the list shows one."""
    if channel.state == ChannelState.DISCONNECTED:
        return
    if channel.state != ChannelState.CONNECTED and (reason := explaining.reason_of(channel.kind, channel.state_reason)):
        yield str(reason.what)
    for problem in explaining.problems_of(channel.kind, channel.health):
        yield str(problem.what)
    if waiting.unknown:
        yield ngettext(
            "Nobody knows whether %(count)s message arrived.",
            "Nobody knows whether %(count)s messages arrived.",
            waiting.unknown,
        ) % {"count": number(waiting.unknown)}
    if explaining.quality_of(channel.health)[1] == "bad":
        yield _("Its quality is low: many people have blocked or reported it lately.")
    for check in _checks(channel, ""):
        if check.state in ("bad", "warn"):
            yield check.text


def doctor(channel: Channel, waiting: Waiting, address: str) -> dict[str, Any]:
    """All about one number."""
    tone, icon = STATES[ChannelState(channel.state)]
    health = channel.health
    return {
        "tone": tone,
        "icon": icon,
        "reason": _reason(channel),
        "trouble": explaining.trouble_of(channel.kind, health),
        "problems": explaining.problems_of(channel.kind, health),
        "quality": explaining.quality_of(health),
        "number_state": explaining.number_state_of(health),
        "name_state": explaining.name_state_of(health),
        "limit": explaining.limit_of(health),
        "checks": list(_checks(channel, address)) if channel.state != ChannelState.DISCONNECTED else [],
        "news": explaining.news_of(health),
        "doing": doing(channel, waiting),
        "rests": _rests(channel),
        "is_usable": channel.state != ChannelState.DISCONNECTED,
        "is_paused": channel.state == ChannelState.PAUSED,
        "wants_renewal": channel.state == ChannelState.RECONNECT,
        "reports_here": address in _listeners(channel),
        "reports_to_app": "" in _listeners(channel),
    }


def _reason(channel: Channel) -> Reason | None:
    if channel.state in (ChannelState.CONNECTED, ChannelState.DISCONNECTED):
        return None
    return explaining.reason_of(channel.kind, channel.state_reason)


# --- What a number needs ----------------------------------------------------------------------------------------------


def _checks(channel: Channel, address: str) -> Iterator[Check]:
    yield _access(channel)
    yield _reports(channel)
    yield _listening(channel, address)
    yield _name(channel)
    yield _templates(channel)
    yield _payment(channel)


def _access(channel: Channel) -> Check:
    title = _("Access to the number")
    if channel.state == ChannelState.RECONNECT:
        return Check(title, _("Meta refuses it. Connect the number anew."), "bad", "channel_renew", action=_("Connect"))
    trouble = explaining.trouble_of(channel.kind, channel.health)
    if trouble:
        return Check(title, f"{trouble.what} {trouble.todo}", "warn", post_name="channel_check", action=_("Check now"))
    if channel.checked_at is None:
        return Check(title, _("Not checked yet."), "", post_name="channel_check", action=_("Check now"))
    return Check(title, _("Works, checked %(ago)s.") % {"ago": ago(channel.checked_at)}, "good")


def _reports(channel: Channel) -> Check:
    """Whether webhooks find their way."""
    title = _("Reports from Meta")
    last, bad = channel.last_webhook_at, channel.badly_signed_at
    if bad and (last is None or bad > last):
        words = _("Something came %(ago)s that our app secret did not sign. Check the app secret.")
        return Check(title, words % {"ago": ago(bad)}, "bad", "channel_renew", action=_("Type it in again"))
    if last:
        return Check(title, _("Arrive, the last one %(ago)s.") % {"ago": ago(last)}, "good")
    if channel.challenged_at:
        words = _("Meta has found our address %(ago)s. Nothing has happened since that it would report.")
        return Check(title, words % {"ago": ago(channel.challenged_at)}, "good")
    return Check(title, _("Nothing has come yet. Until Meta knows our address, no message comes in."), "warn")


def _listening(channel: Channel, address: str) -> Check:
    title = _("The account reports to us")
    act = {"post_name": "channel_report", "action": _("Set it up")}
    listeners = channel.health.get("listeners")
    if not isinstance(listeners, list):
        return Check(title, _("Not known yet."), "", **act)
    if address and address in listeners:
        return Check(title, _("Meta brings everything about the account to our address."), "good")
    if "" in listeners:
        return Check(title, _("Meta brings it to the address that is entered in your app at Meta."), "good")
    if listeners:
        return Check(title, _("Meta brings it to another address only."), "warn" if address else "good", **act)
    return Check(title, _("No app listens to the account. Nothing comes in."), "bad", **act)


def _name(channel: Channel) -> Check:
    word, tone = explaining.name_state_of(channel.health)
    name = str(channel.health.get("name", ""))
    return Check(_("Display name"), f"{name}: {word}" if name else str(word), tone)


def _templates(channel: Channel) -> Check:
    title, act = _("Templates"), {"url_name": "templates", "action": _("Look")}
    if not channel.account_external_id:
        return Check(title, _("No account is known, so none can be fetched."), "warn")
    told = channel.health.get("templates")
    known: Mapping[str, Any] = told if isinstance(told, dict) else {}
    if code := str(known.get("code", "")):
        reason = explaining.reason_of(channel.kind, code)
        return Check(title, _("Could not be fetched. %(why)s") % {"why": reason.what if reason else ""}, "warn", **act)
    at = _time(known.get("at"))
    if at is None:
        return Check(title, _("Are fetched within a minute."), "", **act)
    words = ngettext("%(count)s, fetched %(ago)s.", "%(count)s, fetched %(ago)s.", int(known.get("count", 0)))
    return Check(title, words % {"count": number(known.get("count", 0)), "ago": ago(at)}, "good", **act)


def _payment(channel: Channel) -> Check:
    """A payment method cannot be asked for; a refusal for money can be seen."""
    title = _("Payment at Meta")
    codes = [channel.state_reason.partition(" ")[0]] if channel.state == ChannelState.PAUSED else []
    codes += [problem.code for problem in explaining.problems_of(channel.kind, channel.health)]
    for code in codes:
        rule = rule_for(channel.kind, code)
        if rule.means == ErrorClass.MONEY:
            return Check(title, f"{rule.what} {rule.todo}", "bad")
    return Check(title, _("No refusal for a missing payment method was seen."), "good")


def _listeners(channel: Channel) -> list[Any]:
    found = channel.health.get("listeners")
    return found if isinstance(found, list) else []


def _time(value: Any) -> datetime | None:
    return parse_datetime(str(value)) if value else None
