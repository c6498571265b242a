"""A company's numbers and pages at the providers: connected, looked after, disconnected."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.channels.base import Credentials, Health, NoAnswer, NotSent, SendFailed
from messaging.channels.models import Channel, ChannelKind, ChannelState
from messaging.channels.registry import adapter_for, open_session
from messaging.live.events import tell
from tenants.context import current_company
from tenants.lib.secrets import decrypt
from tenants.models import Company, ProviderRoute
from tenants.services.keys import data_keys, encrypt_for

# Asks the provider how a number stands; raises SendFailed, NotSent or NoAnswer.
Check = Callable[[str, Credentials], Health]
# The provider's "this token is not valid (any more)".
TOKEN_REFUSED = "190"  # noqa: S105


class ChannelTaken(Exception):
    """Another company has connected this number."""

    def __init__(self) -> None:
        super().__init__(_("This number is connected to another company."))


def base_url(kind: str) -> str:
    """Where a provider is spoken to."""
    return {ChannelKind.WHATSAPP: settings.WHATSAPP_API_URL}.get(ChannelKind(kind), "")


def ask_health(kind: str, credentials: Credentials) -> Health:
    """How a number stands, as its provider says."""

    async def ask() -> Health:
        async with open_session(connections=1) as session:
            return await adapter_for(kind).health(session, credentials)

    return async_to_sync(ask)()


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
        tell("channel", id=channel.public_id)
    return channel


def route_of(channel: Channel) -> ProviderRoute | None:
    """The way its webhooks come; None for a channel that is disconnected."""
    return ProviderRoute.objects.filter(company=current_company(), channel_public_id=channel.public_id).first()


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
    """Ask the provider and keep what it says; None when it cannot be reached. A refused token ends the connection."""
    try:
        health = check(channel.kind, credentials_of(channel))
    except SendFailed as refusal:
        if refusal.error.code == TOKEN_REFUSED:
            reason = f"{refusal.error.code} {refusal.error.title}".strip()
            set_state(channel, ChannelState.RECONNECT, reason=reason)
        return None
    except (NotSent, NoAnswer):
        return None
    known = _known(health)
    with transaction.atomic():
        row = Channel.objects.select_for_update().get(pk=channel.pk)
        # What webhooks told meanwhile stays beside it.
        Channel.objects.filter(pk=row.pk).update(**{**known, "health": {**row.health, **known["health"]}})
        tell("channel", id=row.public_id)
    channel.refresh_from_db()
    return health


@transaction.atomic
def set_state(channel: Channel, state: ChannelState, *, reason: str = "") -> bool:
    """Pause a channel, ask for a new connection, or let it go on; False when it is so already or disconnected."""
    others = Channel.objects.usable().filter(pk=channel.pk).exclude(state=state, state_reason=reason)
    changed = bool(others.update(state=state, state_reason=reason))
    if changed:
        channel.refresh_from_db()
        tell("channel", id=channel.public_id)
    return changed


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
