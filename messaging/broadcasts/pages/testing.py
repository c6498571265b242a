"""The message to one person of one's choice, before everybody gets it; only to whom it may go, and in no total."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from messaging.broadcasts.models import Broadcast
from messaging.broadcasts.pages import guards
from messaging.broadcasts.pages.looking import one_person
from messaging.channels.models import ChannelState
from messaging.channels.services import hold
from messaging.contacts.consent.models import Purpose
from messaging.contacts.identities import PHONE_KINDS
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.services import conversation_for
from messaging.message_templates.filling import content_for, problems, rendered
from messaging.message_templates.models import TemplateStatus
from messaging.messages import agreeing, services as outbox
from messaging.messages.affording import BudgetUsedUp
from messaging.messages.agreeing import NotAgreed, Refusal
from messaging.messages.models import Message
from messaging.messages.services import ChannelGone, ContentRefused
from tenants.access import actor_of, role_required
from tenants.lib.ids import new_public_id
from tenants.models import Role
from tenants.request import Request

MOST = 10


class NoTest(Exception):
    """It cannot be sent to this person, and why."""


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
@guards.storable
@vary_on_headers("HX-Request")
def test(request: Request, public_id: str) -> HttpResponse:
    found = guards.find(public_id)
    words = request.GET.get("q", "").strip()[:100]
    if request.method == "POST":
        try:
            contact = Contact.objects.filter(public_id=request.POST.get("contact", "")).first()
            sent = _send(request, found, contact)
        except NoTest as refusal:
            messages.error(request, str(refusal))
            return redirect("broadcast_test", public_id=public_id)
        messages.success(request, _("The test is on its way to %(name)s.") % {"name": contact.name if contact else ""})
        return redirect("conversation", public_id=sent.conversation.public_id)
    context = {
        "broadcast": found,
        "people": _found(found, words),
        "words": words,
        "key": new_public_id(),
        "missing": _missing(found),
    }
    return render(request, "broadcasts/_test_people.html" if request.htmx else "broadcasts/test.html", context)


def _found(found: Broadcast, words: str) -> list[Contact]:
    """People with an address on the number's channel."""
    if found.channel is None or not words:
        return []
    kind = found.channel.kind
    kinds = PHONE_KINDS if kind in PHONE_KINDS else (kind,)
    identities = ChannelIdentity.objects.filter(contact=OuterRef("pk"), kind__in=kinds)
    rows = Contact.objects.for_list().found_by(words).filter(Exists(identities), blocked_at=None)
    return list(rows.order_by("name", "pk")[:MOST])


def _missing(found: Broadcast) -> str:
    """What must be there before anything can be tried; '' when all is."""
    if found.channel is None or found.template is None:
        return _("Choose a number and a template first.")
    if found.channel.state != ChannelState.CONNECTED:
        return _("The number is not connected or is paused.")
    if found.template.status != TemplateStatus.APPROVED:
        return _("The template is not approved any more.")
    return ""


def _send(request: Request, found: Broadcast, contact: Contact | None) -> Message:
    """Queue it among the replies, so that it does not wait behind a broadcast. Raises NoTest."""
    channel, template = found.channel, found.template
    if (missing := _missing(found)) or channel is None or template is None:
        raise NoTest(missing)
    address, values = one_person(found, contact) if contact else ("", {})
    if contact is None or not address:
        raise NoTest(_("Choose somebody with an address on this channel."))
    name = {"name": contact.name}
    if any(problems(template, values)):
        raise NoTest(_("A value is missing or wrong for %(name)s. Look at the values again.") % name)
    content: dict[str, Any] = {**content_for(template, values), "broadcast": found.public_id, "is_test": True}
    try:
        with transaction.atomic():
            hold(channel)
            identity, _new = ChannelIdentity.objects.get_or_create(
                kind=channel.kind, external_id=address, defaults={"contact": contact}
            )
            conversation = conversation_for(channel, contact, identity)
            agreeing.check_unasked(conversation, Purpose(found.purpose))
            sent = outbox.send_template(
                conversation,
                author=request.user,
                content=content,
                text=rendered(template, values).text,
                client_key=request.POST.get("key", "")[:64],
            )
            guards.record(actor_of(request), "tested", found, request)
    except NotAgreed as refusal:
        if refusal.refusal == Refusal.NOT_AGREED:
            raise NoTest(_("%(name)s has not agreed to such messages, and gets no test either.") % name) from refusal
        raise NoTest(_("%(name)s has opted out or is blocked, and gets no test either.") % name) from refusal
    except (BudgetUsedUp, ChannelGone, ContentRefused) as refusal:
        raise NoTest(str(refusal)) from refusal
    return sent
