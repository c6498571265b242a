"""The company's numbers, and how each of them is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messaging.channels import services
from messaging.channels.models import Channel
from messaging.channels.pages import shown
from messaging.messages.waiting import Waiting, waiting_by_channel
from messaging.webhooks.problems import unread_of
from tenants.access import role_required
from tenants.lib.secrets import SecretUnreadable
from tenants.models import Role
from tenants.request import Request


@require_safe
@role_required(Role.ADMIN)
def channels(request: Request) -> HttpResponse:
    """Every number with what it does now; the disconnected ones stand last."""
    waiting = waiting_by_channel()
    rows = [shown.row(one, waiting.get(one.pk, Waiting())) for one in Channel.objects.order_by("name", "pk")]
    rows.sort(key=lambda row: row["is_gone"])
    return render(request, "channels/list.html", {"rows": rows})


@require_safe
@role_required(Role.ADMIN)
def channel(request: Request, public_id: str) -> HttpResponse:
    """How one number is: its state with its reason, its health, what it still needs, what waits."""
    found = get_object_or_404(Channel, public_id=public_id)
    waiting = waiting_by_channel().get(found.pk, Waiting())
    address = services.webhook_address(found)
    unread, more_unread = unread_of(found)
    context = {
        **shown.doctor(found, waiting, address),
        "channel": found,
        "waiting": waiting,
        "address": address,
        # On a visit nobody can use it, so nobody needs to see it.
        "verify_token": "" if request.visit else _verify_token(found),
        "unread": unread,
        "unread_count": sum(one.count for one in unread),
        "more_unread": more_unread,
    }
    return render(request, "channels/channel.html", context)


def _verify_token(channel: Channel) -> str:
    """The one secret that is shown: it is typed in at Meta. '' when it cannot be read."""
    try:
        return services.credentials_of(channel).verify_token
    except SecretUnreadable:
        return ""
