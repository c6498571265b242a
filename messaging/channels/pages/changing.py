"""Connecting a number, and all that an admin does to it afterwards."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from messaging.channels import connecting
from messaging.channels.connecting import Wish
from messaging.channels.models import Channel, ChannelKind, ChannelState
from messaging.channels.pages.forms import ConfirmForm, ConnectForm, NameForm, RenewForm, new_verify_token
from messaging.messages import waiting
from messaging.messages.waiting import Waiting
from tenants.access import actor_of, role_required
from tenants.models import Role
from tenants.request import Request
from tenants.services.errors import Refused

_NOT_TOLD = gettext_lazy("Meta did not tell how the number stands. What is known is shown below.")
SECRETS = ("token", "app_secret", "verify_token")


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def connect(request: Request) -> HttpResponse:
    """Meta is asked before anything is saved; then it is told where to report, since it looks at the address itself."""
    form = ConnectForm(request.POST or None, initial={"verify_token": new_verify_token()})
    if request.method == "POST" and form.is_valid():
        details = dict(form.cleaned_data)
        reports_here = details.pop("reports_here")
        try:
            channel = connecting.connect(Wish(kind=ChannelKind.WHATSAPP, **details), actor=actor_of(request))
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, _("%(name)s is connected.") % {"name": channel.name})
            if reports_here:
                _report_here(request, channel)
            return redirect("channel", public_id=channel.public_id)
    return render(request, "channels/connect.html", {"form": form}, status=422 if form.is_bound else 200)


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def renew(request: Request, public_id: str) -> HttpResponse:
    channel = _usable(public_id)
    form = RenewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            connecting.renew(channel, actor=actor_of(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The connection works again. What waited is being sent."))
            return redirect("channel", public_id=public_id)
    context = {"form": form, "channel": channel, "waiting": _waiting(channel)}
    return render(request, "channels/renew.html", context, status=422 if form.is_bound else 200)


@require_POST
@role_required(Role.ADMIN)
def check(request: Request, public_id: str) -> HttpResponse:
    """Ask the provider now; the page then shows what it said."""
    channel = _usable(public_id)
    before = channel.state
    if connecting.check_now(channel, actor=actor_of(request)) is None:
        refused = channel.state == ChannelState.RECONNECT
        messages.error(request, _("Meta refuses our access to the number.") if refused else _NOT_TOLD)
    elif before == ChannelState.RECONNECT and channel.state == ChannelState.CONNECTED:
        messages.success(request, _("The connection works again. What waited is being sent."))
    else:
        messages.success(request, _("Asked just now. This is how the number stands."))
    return redirect("channel", public_id=public_id)


@require_POST
@role_required(Role.ADMIN)
def report(request: Request, public_id: str) -> HttpResponse:
    _report_here(request, _usable(public_id))
    return redirect("channel", public_id=public_id)


def _report_here(request: Request, channel: Channel) -> None:
    try:
        connecting.report_here(channel, actor=actor_of(request))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Meta reports to us from now on."))


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def pause(request: Request, public_id: str) -> HttpResponse:
    channel = _usable(public_id)
    if request.method == "POST":
        if connecting.pause(channel, actor=actor_of(request)):
            messages.success(request, _("%(name)s sends nothing any more.") % {"name": channel.name})
        else:
            messages.info(request, _("It did not send anyway; nothing was changed."))
        return redirect("channel", public_id=public_id)
    return render(request, "channels/pause.html", {"channel": channel, "waiting": _waiting(channel)})


@require_POST
@role_required(Role.ADMIN)
def go_on(request: Request, public_id: str) -> HttpResponse:
    channel = _usable(public_id)
    if connecting.go_on(channel, actor=actor_of(request)):
        messages.success(request, _("%(name)s sends again, what waited first.") % {"name": channel.name})
    else:
        messages.info(request, _("It was not paused; nothing was changed."))
    return redirect("channel", public_id=public_id)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def rename(request: Request, public_id: str) -> HttpResponse:
    channel = get_object_or_404(Channel, public_id=public_id)
    form = NameForm(request.POST or None, initial={"name": channel.name})
    if request.method == "POST" and form.is_valid():
        connecting.rename(channel, form.cleaned_data["name"], actor=actor_of(request))
        messages.success(request, _("Saved."))
        return redirect("channel", public_id=public_id)
    context = {"form": form, "channel": channel}
    return render(request, "channels/rename.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def disconnect(request: Request, public_id: str) -> HttpResponse:
    channel = _usable(public_id)
    form = ConfirmForm(request.POST or None, word=channel.name)
    if request.method == "POST" and form.is_valid():
        let_be = waiting.disconnect(channel, actor=actor_of(request))
        words = _("%(name)s is disconnected.") % {"name": channel.name}
        if let_be:
            words += " " + ngettext(
                "%(count)d message that waited is marked as not delivered.",
                "%(count)d messages that waited are marked as not delivered.",
                let_be,
            ) % {"count": let_be}
        messages.success(request, words)
        return redirect("channels")
    context = {"form": form, "channel": channel, "waiting": _waiting(channel)}
    return render(request, "channels/disconnect.html", context, status=422 if form.is_bound else 200)


def _usable(public_id: str) -> Channel:
    """One that is not disconnected."""
    return get_object_or_404(Channel.objects.usable(), public_id=public_id)


def _waiting(channel: Channel) -> Waiting:
    return waiting.waiting_by_channel().get(channel.pk, Waiting())
