"""Rows of acme whose ids a stranger might hold, and how a URL names each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.utils import timezone

from billing.invoices.models import Invoice
from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.contacts.consent.preferences import token_of
from messaging.contacts.imports.models import ContactImport
from messaging.contacts.models import Attribute, Contact, ContactList
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Attachment, Message
from tenants.context import company_context
from tenants.models import Company, Invitation, Mail, Membership, ParkedTask, Session, SignUp, StaffVisit, User
from tests.billing.desk.cast import Desk, lay
from tests.billing.invoices.cast import charge, issued, ready
from tests.messaging.media import samples
from tests.messaging.media.test_views import keep


@dataclass
class Acme:
    """Rows of acme whose ids a stranger might hold."""

    company: Company
    agent: Membership
    contact: Contact
    contact_list: ContactList
    attribute: Attribute
    contact_import: ContactImport
    conversation: Conversation
    channel: Channel
    message: Message
    template: MessageTemplate
    invitation: Invitation
    sign_up: SignUp
    visit: StaffVisit
    session: Session
    parked: ParkedTask
    mail: Mail
    enter_token: str
    staff: User
    folder: Path

    # What is dear to make is made for the first who asks for it.

    @cached_property
    def attachment(self) -> Attachment:
        return keep(self.company, self.folder, samples.picture())

    @cached_property
    def invoice(self) -> Invoice:
        ready(self.company)
        return issued(self.company, self.staff, charge(f"{self.company.public_id}/2026-10/none/0"))

    @cached_property
    def desk(self) -> Desk:
        return lay(self.company)


def contact(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.contact.public_id}


def contact_list(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.contact_list.public_id}


def attribute(acme: Acme) -> dict[str, Any]:
    return {"key": acme.attribute.key}


def contact_import(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.contact_import.public_id}


def preferences_link(acme: Acme) -> dict[str, Any]:
    return {"token": token_of(acme.contact, acme.company.schema_name)}


def conversation(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.conversation.public_id}


def channel(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.channel.public_id}


def tried(acme: Acme) -> dict[str, Any]:
    return {**channel(acme), "message_id": acme.message.public_id}


def template(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.template.public_id}


def attachment(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.attachment.public_id}


def message(acme: Acme) -> dict[str, Any]:
    return {**conversation(acme), "message_id": acme.message.public_id}


def filled(acme: Acme) -> dict[str, Any]:
    return {**conversation(acme), "template_id": acme.template.public_id}


def draft(acme: Acme) -> dict[str, Any]:
    return _broadcast(acme, state="draft")


def sending(acme: Acme) -> dict[str, Any]:
    return _broadcast(acme, state="sending", started_at=timezone.now())


def _broadcast(acme: Acme, **values: Any) -> dict[str, Any]:
    """A new one for each who asks: what one has done to it must not change what the next gets."""
    with company_context(acme.company):
        made = Broadcast.objects.create(
            name="News", channel=Channel.objects.get(), template=MessageTemplate.objects.get(), **values
        )
        return {"public_id": made.public_id}


def member(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.agent.public_id}


def invitation(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.invitation.public_id}


def invoice(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.invoice.public_id}


def invoice_line(acme: Acme) -> dict[str, Any]:
    return {**invoice(acme), "position": 1}


def company(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.company.public_id}


def month(acme: Acme) -> dict[str, Any]:
    return {"pk": acme.desk.month.pk}


def invoice_draft(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.desk.invoice.public_id}


def line(acme: Acme) -> dict[str, Any]:
    return {**invoice_draft(acme), "position": 1}


def payment(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.desk.payment.public_id}


def allocation(acme: Acme) -> dict[str, Any]:
    return {**payment(acme), "pk": acme.desk.allocation.pk}


def refund(acme: Acme) -> dict[str, Any]:
    return {**payment(acme), "refund_id": acme.desk.refund.public_id}


def card(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.desk.card.public_id}


def price_list(acme: Acme) -> dict[str, Any]:
    return {"public_id": acme.desk.price_list.public_id}
