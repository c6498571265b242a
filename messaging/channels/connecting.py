"""Connecting a number, step by step as its provider answers: every refusal becomes words at the field it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from django.db import transaction
from django.utils.translation import gettext as _

from messaging.channels import asking, services
from messaging.channels.base import Account, Credentials, Health, NoAnswer, NotSent, SendFailed
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import ChannelTaken, base_url, credentials_of
from tenants.context import current_company
from tenants.lib.secrets import SecretUnreadable
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused

NUMBER, ACCOUNT, TOKEN = "external_id", "account_external_id", "token"
# The provider knows nothing under this id, or will not show it (whatsapp §7); both mean the same for who typed it.
NOBODY = {"33", "100", "bad_id", "http_404"}
TOKEN_REFUSED = {*services.TOKEN_REFUSED, "http_403"}
NOT_REGISTERED = {"131045", *(str(code) for code in range(133000, 133016) if code != 133004)}
UNREGISTERED_STATES = {"PENDING", "UNVERIFIED", "DELETED", "MIGRATED"}
NAME_REFUSED, NAME_STATES = "131037", {"DECLINED", "EXPIRED"}


@dataclass(frozen=True)
class Wish:
    """What an admin typed."""

    kind: str
    name: str
    external_id: str
    account_external_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)

    def credentials(self) -> Credentials:
        return Credentials(
            base_url(self.kind),
            self.external_id,
            self.token,
            self.app_secret,
            self.verify_token,
            self.account_external_id,
        )


@dataclass(frozen=True)
class Provider:
    """Whom to ask; tests put somebody else here."""

    health: Callable[[str, Credentials], Health] = asking.ask_health
    account: Callable[[str, Credentials], Account] = asking.ask_account
    report: Callable[[str, Credentials, str], None] = asking.ask_to_report


REAL = Provider()


def connect(wish: Wish, *, actor: Actor, provider: Provider = REAL) -> Channel:
    """A new channel, or a disconnected one again. Refused says what is wrong and at which field; nothing is saved."""
    known = Channel.objects.usable().filter(kind=wish.kind, external_id=wish.external_id).first()
    if known is not None:
        raise Refused(
            _("This number is connected already, as “%(name)s”. To change its access, open it and connect it anew.")
            % {"name": known.name},
            field=NUMBER,
        )
    return _checked(wish, "channel.connected", actor, provider)


def renew(
    channel: Channel, *, token: str, app_secret: str, verify_token: str, actor: Actor, provider: Provider = REAL
) -> Channel:
    """The same number with new secrets; it sends again. An empty secret stays as it is. Refused as in `connect`."""
    wish = Wish(
        channel.kind,
        channel.name,
        channel.external_id,
        channel.account_external_id,
        token,
        app_secret=app_secret,
        verify_token=verify_token,
    )
    if not (app_secret and verify_token):
        known = _readable(channel)
        wish = replace(wish, app_secret=app_secret or known.app_secret, verify_token=verify_token or known.verify_token)
    return _checked(wish, "channel.renewed", actor, provider)


def report_here(channel: Channel, *, actor: Actor, provider: Provider = REAL) -> None:
    """Have the provider bring the account's webhooks to our address; it looks at the address meanwhile."""
    credentials = _readable(channel)
    url = services.webhook_address(channel)
    try:
        provider.report(channel.kind, credentials, url)
    except (SendFailed, NotSent, NoAnswer) as problem:
        _refuse_report(channel.kind, problem)
    with transaction.atomic():
        services.remember(channel, listeners=[url])
        audit.record(actor, "channel.reports_here", company=current_company(), target=channel.name)


def _readable(channel: Channel) -> Credentials:
    try:
        return credentials_of(channel)
    except SecretUnreadable:
        raise Refused(
            _("The stored access cannot be read any more. Type in all three secrets again."), field=TOKEN
        ) from None


def _checked(wish: Wish, action: str, actor: Actor, provider: Provider) -> Channel:
    """Ask first, then save: what the provider refuses leaves no trace."""
    credentials = wish.credentials()
    health = _number(wish, credentials, provider)
    account = _account(wish, credentials, provider)
    try:
        with transaction.atomic():
            channel = services.connect_channel(
                kind=wish.kind,
                name=wish.name,
                external_id=wish.external_id,
                token=wish.token,
                account_external_id=wish.account_external_id,
                app_secret=wish.app_secret,
                verify_token=wish.verify_token,
                check=lambda kind, credentials: health,
            )
            services.remember(channel, listeners=[*account.listeners])
            audit.record(
                actor,
                action,
                company=current_company(),
                target=channel.name,
                after={"channel_address": channel.display_address},
            )
    except ChannelTaken as taken:
        raise Refused(
            _("%(problem)s It has to be disconnected there first.") % {"problem": taken}, field=NUMBER
        ) from None
    return channel


# --- What the provider says to it -------------------------------------------------------------------------------------


def _number(wish: Wish, credentials: Credentials, provider: Provider) -> Health:
    try:
        health = provider.health(wish.kind, credentials)
    except (SendFailed, NotSent, NoAnswer) as problem:
        _refuse_number(wish.kind, problem)
    codes = {problem.code for problem in health.problems}
    if codes & NOT_REGISTERED or health.state in UNREGISTERED_STATES:
        raise Refused(
            _(
                "This number is not registered at WhatsApp yet."
                " Register it in Meta's WhatsApp Manager, then connect it."
            ),
            field=NUMBER,
        )
    if NAME_REFUSED in codes or health.name_status in NAME_STATES:
        raise Refused(
            _(
                "WhatsApp has not approved this number's display name, so nothing could be sent."
                " Change the name in Meta's WhatsApp Manager, then connect the number."
            ),
            field=NUMBER,
        )
    return health


def _account(wish: Wish, credentials: Credentials, provider: Provider) -> Account:
    try:
        account = provider.account(wish.kind, credentials)
    except (SendFailed, NotSent, NoAnswer) as problem:
        _refuse_account(wish.kind, problem)
    if wish.external_id not in account.numbers:
        raise Refused(
            _("The number does not belong to this account. Copy both ids from the same page at Meta."), field=ACCOUNT
        )
    return account


def _refuse_number(kind: str, problem: Exception) -> NoReturn:
    code = _code(problem)
    if code in TOKEN_REFUSED:
        raise Refused(
            _("Meta does not accept this token. It has expired, was withdrawn, or was not copied whole."), field=TOKEN
        ) from None
    if code in NOBODY:
        raise Refused(
            _(
                "Meta knows no number with this id, or this token may not see it."
                " It is the phone number ID, not the telephone number itself."
            ),
            field=NUMBER,
        ) from None
    if rule_for(kind, code).means == ErrorClass.RECONNECT:
        raise Refused(
            _("This token may not see the number. For its account it needs the permissions %(one)s and %(other)s.")
            % {"one": "whatsapp_business_management", "other": "whatsapp_business_messaging"},
            field=TOKEN,
        ) from None
    _refuse(kind, problem)


def _refuse_account(kind: str, problem: Exception) -> NoReturn:
    code = _code(problem)
    if code in NOBODY:
        raise Refused(
            _("Meta knows no WhatsApp Business account with this id, or this token may not see it."), field=ACCOUNT
        ) from None
    if code not in TOKEN_REFUSED and rule_for(kind, code).means == ErrorClass.RECONNECT:
        raise Refused(
            _("This token may not manage this account. It needs the permission %(permission)s for it.")
            % {"permission": "whatsapp_business_management"},
            field=ACCOUNT,
        ) from None
    _refuse_number(kind, problem)


def _refuse_report(kind: str, problem: Exception) -> NoReturn:
    code = _code(problem)
    if code == "by_hand":
        raise Refused(_("This provider is told the address by hand.")) from None
    if code == "100":
        raise Refused(
            _(
                "Meta could not reach our address, or did not get the verify token back."
                " Check whether this installation can be reached from the internet, then try again."
            )
        ) from None
    if code not in TOKEN_REFUSED and rule_for(kind, code).means == ErrorClass.RECONNECT:
        raise Refused(
            _("The token may not set this up for the account. Enter the address at Meta by hand, as described below.")
        ) from None
    _refuse(kind, problem)


def _refuse(kind: str, problem: Exception) -> NoReturn:
    """What is nobody's field: the provider is away, or says something about the account."""
    if isinstance(problem, NotSent):
        raise Refused(_("Meta could not be reached. Nothing was saved; try again in a moment.")) from None
    if not isinstance(problem, SendFailed):
        raise Refused(_("Meta did not answer in time. Nothing was saved; try again in a moment.")) from None
    rule = rule_for(kind, problem.error.code)
    if rule.means in (ErrorClass.SLOW_NUMBER, ErrorClass.RETRY_LATER):
        raise Refused(
            _("Meta takes no request of this account for the moment. Nothing was saved; try again in some minutes.")
        ) from None
    raise Refused(
        _("Meta refuses: %(what)s %(todo)s (Error %(code)s)")
        % {"what": rule.what, "todo": rule.todo, "code": problem.error.code}
    ) from None


def _code(problem: Exception) -> str:
    return problem.error.code if isinstance(problem, SendFailed) else ""


# --- Pausing, going on, leaving ---------------------------------------------------------------------------------------

# A pause by hand: this word, and who it was.
BY_HAND = "by_hand"


@transaction.atomic
def pause(channel: Channel, *, actor: Actor) -> bool:
    """Send nothing any more until somebody lets it go on; what waits stays. False when it does not send anyway."""
    channel = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    if channel.state != ChannelState.CONNECTED:
        return False
    name = actor.user.name if actor.user else ""
    changed = services.set_state(channel, ChannelState.PAUSED, reason=f"{BY_HAND} {name}".strip())
    if changed:
        audit.record(actor, "channel.paused", company=current_company(), target=channel.name)
    return changed


@transaction.atomic
def go_on(channel: Channel, *, actor: Actor) -> bool:
    """Send again, what waits first. False for a channel that sends, or whose access has to be mended before."""
    channel = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    if channel.state != ChannelState.PAUSED:
        return False
    services.set_state(channel, ChannelState.CONNECTED)
    audit.record(actor, "channel.resumed", company=current_company(), target=channel.name)
    return True


def check_now(channel: Channel, *, actor: Actor, provider: Provider = REAL) -> Health | None:
    """Ask how it stands; a connection that was refused and works again goes on. None when the provider does not say."""
    health = services.check_health(channel, check=provider.health)
    if health is None:
        return None
    services.check_account(channel, check=provider.account)
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        if row.state == ChannelState.RECONNECT:
            services.set_state(row, ChannelState.CONNECTED)
            audit.record(actor, "channel.resumed", company=current_company(), target=row.name)
    channel.refresh_from_db()
    return health


@transaction.atomic
def rename(channel: Channel, name: str, *, actor: Actor) -> None:
    before = channel.name
    services.rename(channel, name)
    if before != name:
        audit.record(
            actor,
            "channel.renamed",
            company=current_company(),
            target=before,
            before={"channel_name": before},
            after={"channel_name": name},
        )
