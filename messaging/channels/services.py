"""A company's numbers and pages at the providers: connected, looked after, disconnected."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.asking import ask_account, ask_health
from messaging.channels.base import Account, Credentials, Health, NoAnswer, NotSent, SendFailed
from messaging.channels.models import Channel, ChannelKind, ChannelState
from messaging.live.events import tell
from tenants.context import current_company
from tenants.lib.secrets import SecretUnreadable, decrypt
from tenants.models import Company, ProviderRoute
from tenants.services import due
from tenants.services.keys import data_keys, encrypt_for

# Asks the provider how a number stands; raises SendFailed, NotSent or NoAnswer.
Check = Callable[[str, Credentials], Health]
AccountCheck = Callable[[str, Credentials], Account]
# Refusals that end a connection: the token is not valid (any more), or the number is gone. A lacking permission does
# not: what the check may not see, a message may still pass.
TOKEN_REFUSED = {"0", "190", "http_401"}
NUMBER_GONE = {"33"}
UNREADABLE = "SecretUnreadable"
# Not refused: the provider could not be reached, or said nothing in time.
UNREACHED, SILENT = "no_connection", "no_answer"
PASSING = {UNREACHED, SILENT}
# Due work of a company with channels: ask how they stand, take over the templates of their accounts.
CHECK, TEMPLATES = "check-channels", "sync-templates"
# The due work of the pumps, by lane: what waits for a channel that goes on is asked for at once.
SENDING = {"replies": "deliver-replies", "bulk": "deliver-bulk"}


class ChannelTaken(Exception):
    """Another company has connected this number."""

    def __init__(self) -> None:
        super().__init__(_("This number is connected to another company."))


def base_url(kind: str) -> str:
    """Where a provider is spoken to."""
    return {ChannelKind.WHATSAPP: settings.WHATSAPP_API_URL}.get(ChannelKind(kind), "")


def connect_channel(
    *,
    kind: str,
    name: str,
    external_id: str,
    token: str,
    account_external_id: str = "",
    app_secret: str = "",
    verify_token: str = "",
    check: Check = ask_health,
) -> Channel:
    """Connect a number of the current company, or connect it again with new secrets.

    The provider is asked first: what it refuses is not saved. Raises ChannelTaken, or what `check` raises.
    """
    health = check(kind, Credentials(base_url(kind), external_id, token, app_secret, verify_token, account_external_id))
    company = current_company()
    values = {
        "name": name,
        "account_external_id": account_external_id,
        "token": encrypt_for(company, token),
        "app_secret": _sealed(company, app_secret),
        "verify_token": _sealed(company, verify_token),
        "state": ChannelState.CONNECTED,
        "state_reason": "",
        "resting_until": None,
        **_known(health),
    }
    with transaction.atomic():
        channel, _made = Channel.objects.update_or_create(kind=kind, external_id=external_id, defaults=values)
        _route(company, channel)
        look_after(company)
        for work in SENDING.values():
            due.announce(work, company)
        tell("channel", id=channel.public_id)
    return channel


def look_after(company: Company) -> None:
    """Ask the providers soon how the company's channels stand and which templates there are, and from then on."""
    due.announce(CHECK, company)
    due.announce(TEMPLATES, company)


def route_of(channel: Channel) -> ProviderRoute | None:
    """The way its webhooks come; None for a channel that is disconnected."""
    return ProviderRoute.objects.filter(company=current_company(), channel_public_id=channel.public_id).first()


def webhook_address(channel: Channel) -> str:
    """Where the provider brings what happens on this channel; '' for one that is disconnected."""
    route = route_of(channel)
    if route is None:
        return ""
    path = reverse("webhook_channel", args=[channel.kind, route.key], urlconf=settings.PUBLIC_URLCONF)
    return f"{settings.SCHEME}://{settings.BASE_HOST}{path}"


def credentials_of(channel: Channel) -> Credentials:
    """How to speak for a channel of the current company. SecretUnreadable when a secret was damaged."""
    company = current_company()
    keys = data_keys(company)
    token, app_secret, verify_token = (
        decrypt(sealed, owner=company.schema_name, data_keys=keys) if sealed else ""
        for sealed in (channel.token, channel.app_secret, channel.verify_token)
    )
    return Credentials(
        base_url=base_url(channel.kind),
        external_id=channel.external_id,
        token=token,
        app_secret=app_secret,
        verify_token=verify_token,
        account_external_id=channel.account_external_id,
    )


def hold(channel: Channel) -> None:
    """Know its state as it is, which nobody changes until the caller's commit; many may hold it at once.

    Whoever writes a message that waits for it does this first: before people, conversations and messages are locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT state FROM {Channel._meta.db_table} WHERE id = %s FOR SHARE", [channel.pk])
        (channel.state,) = cursor.fetchone()


@transaction.atomic
def disconnect(channel: Channel) -> None:
    """Forget the secrets and the way of its webhooks; conversations stay. Another company may connect the number."""
    Channel.objects.filter(pk=channel.pk).update(
        state=ChannelState.DISCONNECTED, state_reason="", token="", app_secret="", verify_token=""
    )
    ProviderRoute.objects.filter(company=current_company(), channel_public_id=channel.public_id).delete()
    channel.refresh_from_db()
    tell("channel", id=channel.public_id)


def check_health(channel: Channel, *, check: Check = ask_health) -> Health | None:
    """Ask the provider and keep what it says; None when it does not say it, and why is kept as `health["trouble"]`.

    A refused token, one that cannot be read and a number that is gone end the connection.
    """
    try:
        health = check(channel.kind, credentials_of(channel))
    except SecretUnreadable:
        _trouble(channel, UNREADABLE)
        return None
    except SendFailed as refusal:
        _trouble(channel, refusal.error.code, refusal.error.title)
        return None
    except (NotSent, NoAnswer) as problem:
        _trouble(channel, UNREACHED if isinstance(problem, NotSent) else SILENT)
        return None
    known = _known(health)
    facts = known.pop("health")
    remember(channel, columns=known, **facts, trouble={})
    return health


def check_account(channel: Channel, *, check: AccountCheck = ask_account) -> Account | None:
    """Ask who listens to the account; None when the provider does not say, then what was known stays."""
    try:
        account = check(channel.kind, credentials_of(channel))
    except (SecretUnreadable, SendFailed, NotSent, NoAnswer):
        return None
    remember(channel, listeners=[*account.listeners])
    return account


@transaction.atomic
def remember(channel: Channel, *, columns: dict[str, Any] | None = None, **facts: Any) -> None:
    """Keep facts in the channel's health; what webhooks told meanwhile stays beside them."""
    row = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    Channel.objects.filter(pk=row.pk).update(**(columns or {}), health={**row.health, **facts})
    channel.refresh_from_db()
    tell("channel", id=channel.public_id)


def _trouble(channel: Channel, code: str, title: str = "") -> None:
    if code == UNREADABLE or code in TOKEN_REFUSED | NUMBER_GONE:
        stop(channel, ChannelState.RECONNECT, reason=f"{code} {title}".strip())
    remember(channel, trouble={"code": code, "title": title, "at": timezone.now().isoformat()})


@transaction.atomic
def rename(channel: Channel, name: str) -> None:
    Channel.objects.filter(pk=channel.pk).update(name=name)
    channel.name = name
    tell("channel", id=channel.public_id)


@transaction.atomic
def set_state(channel: Channel, state: ChannelState, *, reason: str = "") -> bool:
    """Pause a channel, ask for a new connection, or let it go on; False when it is so already or disconnected."""
    others = Channel.objects.usable().filter(pk=channel.pk).exclude(state=state, state_reason=reason)
    changed = bool(others.update(state=state, state_reason=reason))
    if changed:
        channel.refresh_from_db()
        if state == ChannelState.CONNECTED:
            for work in SENDING.values():
                due.announce(work, current_company())
        tell("channel", id=channel.public_id)
    return changed


@transaction.atomic
def stop(channel: Channel, state: ChannelState, *, reason: str) -> bool:
    """Stop a channel for what was said of the access it had; False when it does not send, or has another one by now.

    What a person has paused stays as they left it, and what they connected anew meanwhile goes on.
    """
    sends = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk, state=ChannelState.CONNECTED)
    return sends.filter(token=channel.token).first() is not None and set_state(channel, state, reason=reason)


def _route(company: Company, channel: Channel) -> None:
    """Write the way of its webhooks. The unique number decides between two companies that connect it at once."""
    try:
        with transaction.atomic():
            route, _made = ProviderRoute.objects.get_or_create(
                company=company,
                kind=channel.kind,
                external_id=channel.external_id,
                defaults={"key": secrets.token_urlsafe(32), "channel_public_id": channel.public_id},
            )
    except IntegrityError:
        raise ChannelTaken from None
    route.account_external_id, route.channel_public_id = channel.account_external_id, channel.public_id
    route.save(update_fields=["account_external_id", "channel_public_id"])


def _known(health: Health) -> dict[str, Any]:
    return {
        "display_address": health.display_address[:64],
        "messages_per_second": health.messages_per_second,
        "health": asdict(health),
        "checked_at": timezone.now(),
    }


def _sealed(company: Company, secret: str) -> str:
    return encrypt_for(company, secret) if secret else ""
