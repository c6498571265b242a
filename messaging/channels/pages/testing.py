"""A test message to a telephone of the admin's own, and what becomes of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from messaging.channels.errors import rule_for
from messaging.channels.models import Channel
from messaging.channels.pages.forms import TestForm
from messaging.message_templates.models import MessageTemplate
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.agreeing import NotAgreed
from messaging.messages.models import Message, MessageState
from messaging.messages.services import ChannelGone, ContentRefused, WindowClosed
from messaging.messages.trying import plain_templates, send_test
from tenants.access import role_required
from tenants.lib.ids import new_public_id
from tenants.models import Role
from tenants.request import Request, company_of

# After these nothing is waited for; `read` may come, and shows when the page is opened again.
ENDS = {MessageState.FAILED, MessageState.READ}


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def test(request: Request, public_id: str) -> HttpResponse:
    channel = get_object_or_404(Channel.objects.usable(), public_id=public_id)
    plain = plain_templates(channel)
    offered = MessageTemplate.objects.filter(pk__in=[template.pk for template in plain])
    form = TestForm(
        request.POST or None,
        country=company_of(request).country,
        templates=offered.order_by("name", "language"),
        initial={"client_key": new_public_id()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            sent = send_test(
                channel,
                author=request.user,
                phone=form.cleaned_data["phone_number"],
                text=form.cleaned_data["text"],
                template=form.cleaned_data["template"],
                client_key=form.cleaned_data["client_key"],
            )
        except WindowClosed as refusal:
            form.add_error("template", str(refusal))
        except NotAgreed as refusal:
            form.add_error("template", str(refusal))
        except (BudgetUsedUp, ContentRefused, ChannelGone) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("channel_tested", public_id=public_id, message_id=sent.public_id)
    context = {"form": form, "channel": channel, "has_templates": bool(plain)}
    return render(request, "channels/test.html", context, status=422 if form.is_bound else 200)


@require_safe
@role_required(Role.ADMIN)
def tested(request: Request, public_id: str, message_id: str) -> HttpResponse:
    """What became of it so far; the page asks again by itself until it is known."""
    channel = get_object_or_404(Channel, public_id=public_id)
    sent = get_object_or_404(
        Message.objects.select_related("conversation__contact", "identity"), channel=channel, public_id=message_id
    )
    rule = rule_for(channel.kind, sent.error_code) if sent.error_code else None
    context = {"channel": channel, "message": sent, "rule": rule, "is_over": sent.state in ENDS}
    template = "channels/_tested.html" if request.htmx and not request.htmx.boosted else "channels/tested.html"
    return render(request, template, context)
