"""Taking over the templates of an account: after connecting, every night, and when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils import timezone

from messaging.channels.asking import ask_templates
from messaging.channels.base import Credentials, NoAnswer, NotSent, SendFailed, TemplateValue
from messaging.channels.models import Channel
from messaging.channels.services import PASSING, SILENT, UNREACHED, UNREADABLE, credentials_of, remember
from messaging.message_templates.services import sync
from tenants.lib.secrets import SecretUnreadable

Ask = Callable[[str, Credentials], Sequence[TemplateValue]]


def fetch(channel: Channel, *, ask: Ask = ask_templates, now: datetime | None = None) -> bool:
    """Ask for all templates of the channel's account and take them over; what stood in the way is kept for the page.

    The time is that of the question: what a webhook told meanwhile is newer and stays.
    """
    asked_at = now or timezone.now()
    try:
        values = ask(channel.kind, credentials_of(channel))
    except SecretUnreadable:
        return _trouble(channel, UNREADABLE)
    except SendFailed as refusal:
        return _trouble(channel, refusal.error.code)
    except (NotSent, NoAnswer) as problem:
        return _trouble(channel, UNREACHED if isinstance(problem, NotSent) else SILENT)
    sync(channel, values, now=asked_at)
    remember(channel, templates={"at": asked_at.isoformat(), "count": len(values), "code": ""})
    return True


def accounts() -> list[Channel]:
    """One usable channel for each account, the one that sends first: they share their templates."""
    first: dict[tuple[str, str], Channel] = {}
    for channel in Channel.objects.usable().exclude(account_external_id="").order_by("state", "pk"):
        first.setdefault((channel.kind, channel.account_external_id), channel)
    return list(first.values())


def was_away(channel: Channel) -> bool:
    """Whether the last question was not answered at all; a refusal would be the same again."""
    known = channel.health.get("templates")
    return isinstance(known, dict) and known.get("code") in PASSING


def _trouble(channel: Channel, code: str) -> bool:
    known = channel.health.get("templates")
    remember(channel, templates={**(known if isinstance(known, dict) else {}), "code": code})
    return False
