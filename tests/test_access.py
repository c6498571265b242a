"""Every URL and every task of the project, tried by everybody.

A new page or task without a row here fails the first test. A row says what each actor gets:

    public     not signed in                      agent, admin   members of acme
    visitor    staff on a visit in acme           staff          staff on the public host
    outsider   signed in, member of nothing       rival          globex's admin, on globex's host, with acme's ids

On a company's host an outsider or a rival has no session, so they are asked as they would come: with a session of
another host, which must be as good as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django import Settings

from billing.invoices.models import Invoice
from config.celery import app
from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.contacts.consent.preferences import token_of
from messaging.contacts.imports import services as imports
from messaging.contacts.imports.models import ContactImport
from messaging.contacts.models import Attribute, Contact, ContactList
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Attachment, Message
from tenants.company_task import CompanyTask
from tenants.context import company_context, current_schema
from tenants.models import Company, Invitation, Mail, Membership, ParkedTask, Role, Session, SignUp, StaffVisit, User
from tenants.services import enter, visits
from tenants.services.audit import Actor
from tests.billing.desk.cast import Desk, lay
from tests.billing.invoices.cast import charge, issued, ready
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin
from tests.messaging.media import samples
from tests.messaging.media.conftest import keep_files_in
from tests.messaging.media.test_views import keep

LOGIN = 302
Keys = Callable[["Acme"], dict[str, Any]]


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


@dataclass(frozen=True)
class Row:
    """What each gets; `None` stands for an actor that has no place on this host."""

    public: int
    agent: int
    admin: int
    visitor: int
    rival: int
    method: str = "get"
    keys: Keys = field(default=lambda acme: {})


@dataclass(frozen=True)
class PublicRow:
    public: int
    outsider: int
    admin: int
    staff: int
    method: str = "get"
    keys: Keys = field(default=lambda acme: {})


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


# --- A company's host -----------------------------------------------------------------------------
COMPANY_URLS: dict[str, Row] = {
    "home": Row(LOGIN, 200, 200, 200, 200),
    "team": Row(LOGIN, 200, 200, 200, 200),
    "invite": Row(LOGIN, 403, 200, 200, 200),
    "invite_again": Row(LOGIN, 403, 302, 403, 404, "post", invitation),
    "withdraw_invitation": Row(LOGIN, 403, 302, 403, 404, "post", invitation),
    "change_role": Row(LOGIN, 403, 200, 200, 404, "get", member),
    "remove_member": Row(LOGIN, 403, 200, 200, 404, "get", member),
    "company_settings": Row(LOGIN, 403, 200, 200, 200),
    "company_address": Row(LOGIN, 403, 200, 200, 200),
    "company_visits": Row(LOGIN, 403, 200, 200, 200),
    "company_audit": Row(LOGIN, 403, 200, 200, 200),
    "visit_end": Row(LOGIN, 404, 404, 302, 404, "post"),
    "enter": Row(302, 302, 302, 302, 302, "get", lambda acme: {"token": "x" * 43}),
    "invitation": Row(410, 410, 410, 410, 410, "get", lambda acme: {"token": "x" * 43}),
    "inbox": Row(LOGIN, 200, 200, 200, 200),
    "inbox_list": Row(LOGIN, 200, 200, 200, 200),
    "conversation": Row(LOGIN, 200, 200, 200, 404, "get", conversation),
    "conversation_older": Row(LOGIN, 404, 404, 404, 404, "get", conversation),
    "conversation_thread": Row(LOGIN, 200, 200, 200, 404, "get", conversation),
    "conversation_reply": Row(LOGIN, 422, 422, 403, 404, "post", conversation),
    "conversation_files": Row(LOGIN, 422, 422, 403, 404, "post", conversation),
    "file": Row(LOGIN, 200, 200, 200, 404, "get", attachment),
    "file_thumbnail": Row(LOGIN, 200, 200, 200, 404, "get", attachment),
    "conversation_composer": Row(LOGIN, 200, 200, 200, 404, "get", conversation),
    "conversation_send": Row(LOGIN, 422, 422, 403, 404, "post", lambda acme: {**conversation(acme), "key": "link"}),
    "conversation_message": Row(LOGIN, 200, 200, 200, 404, "get", message),
    "conversation_react": Row(LOGIN, 302, 302, 403, 404, "post", message),
    "conversation_retry": Row(LOGIN, 302, 302, 403, 404, "post", message),
    "conversation_let_be": Row(LOGIN, 302, 302, 403, 404, "post", message),
    "conversation_templates": Row(LOGIN, 200, 200, 200, 404, "get", conversation),
    "conversation_template": Row(LOGIN, 200, 200, 200, 404, "get", filled),
    "conversation_template_preview": Row(LOGIN, 200, 200, 403, 404, "post", filled),
    "conversation_note": Row(LOGIN, 422, 422, 403, 404, "post", conversation),
    "conversation_assign": Row(LOGIN, 302, 302, 403, 404, "post", conversation),
    "conversation_resolve": Row(LOGIN, 302, 302, 403, 404, "post", conversation),
    "conversation_reopen": Row(LOGIN, 302, 302, 403, 404, "post", conversation),
    "conversation_snooze": Row(LOGIN, 422, 422, 403, 404, "post", conversation),
    "conversation_label": Row(LOGIN, 302, 302, 403, 404, "post", conversation),
    "conversation_unread": Row(LOGIN, 302, 302, 403, 404, "post", conversation),
    "conversation_typing": Row(LOGIN, 204, 204, 403, 404, "post", conversation),
    "billing": Row(LOGIN, 403, 200, 200, 200),
    "billing_usage": Row(LOGIN, 403, 200, 200, 200),
    "billing_messages": Row(LOGIN, 403, 200, 200, 200),
    "billing_messages_csv": Row(LOGIN, 403, 200, 200, 200),
    "billing_budget": Row(LOGIN, 403, 200, 200, 200),
    "billing_budget_remove": Row(LOGIN, 403, 302, 403, 302, "post"),
    "billing_plan": Row(LOGIN, 403, 200, 200, 200),
    "billing_plan_keep": Row(LOGIN, 403, 302, 403, 302, "post"),
    "billing_plan_change": Row(LOGIN, 403, 200, 200, 200, "get", lambda acme: {"code": "team"}),
    "billing_prices": Row(LOGIN, 403, 200, 200, 200),
    "billing_invoices": Row(LOGIN, 403, 200, 200, 200),
    "billing_invoice": Row(LOGIN, 403, 200, 200, 404, "get", invoice),
    "billing_invoice_pdf": Row(LOGIN, 403, 200, 200, 404, "get", invoice),
    "billing_invoice_xml": Row(LOGIN, 403, 200, 200, 404, "get", invoice),
    "billing_line": Row(LOGIN, 403, 200, 200, 404, "get", invoice_line),
    "billing_line_csv": Row(LOGIN, 403, 200, 200, 404, "get", invoice_line),
    "billing_details": Row(LOGIN, 403, 200, 200, 200),
    "channels": Row(LOGIN, 403, 200, 200, 200),
    "channel_connect": Row(LOGIN, 403, 200, 200, 200),
    "channel": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_check": Row(LOGIN, 403, 302, 403, 404, "post", channel),
    "channel_report": Row(LOGIN, 403, 302, 403, 404, "post", channel),
    "channel_pause": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_go_on": Row(LOGIN, 403, 302, 403, 404, "post", channel),
    "channel_renew": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_rename": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_disconnect": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_test": Row(LOGIN, 403, 200, 200, 404, "get", channel),
    "channel_tested": Row(LOGIN, 403, 200, 200, 404, "get", tried),
    "templates": Row(LOGIN, 403, 200, 200, 200),
    "templates_fetch": Row(LOGIN, 403, 302, 403, 302, "post"),
    "template": Row(LOGIN, 403, 200, 200, 404, "get", template),
    "broadcasts": Row(LOGIN, 200, 200, 200, 200),
    "broadcast_new": Row(LOGIN, 403, 200, 200, 200),
    "broadcast": Row(LOGIN, 200, 200, 200, 404, "get", sending),
    "broadcast_progress": Row(LOGIN, 200, 200, 200, 404, "get", sending),
    "broadcast_csv": Row(LOGIN, 403, 200, 200, 404, "get", sending),
    "broadcast_rename": Row(LOGIN, 403, 200, 200, 404, "get", draft),
    "broadcast_duplicate": Row(LOGIN, 403, 302, 403, 404, "post", draft),
    "broadcast_delete": Row(LOGIN, 403, 200, 200, 404, "get", draft),
    "broadcast_audience": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_people": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_message": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_preview": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_timing": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_review": Row(LOGIN, 200, 200, 200, 404, "get", draft),
    "broadcast_test": Row(LOGIN, 403, 200, 200, 404, "get", draft),
    "broadcast_send": Row(LOGIN, 403, 302, 302, 404, "get", draft),
    "broadcast_unschedule": Row(LOGIN, 403, 302, 403, 404, "post", draft),
    "broadcast_pause": Row(LOGIN, 403, 302, 403, 404, "post", sending),
    "broadcast_resume": Row(LOGIN, 403, 302, 403, 404, "post", sending),
    "broadcast_cancel": Row(LOGIN, 403, 200, 200, 404, "get", sending),
    "contacts": Row(LOGIN, 200, 200, 200, 200),
    "contact": Row(LOGIN, 200, 200, 200, 404, "get", contact),
    "contact_add": Row(LOGIN, 200, 200, 200, 200),
    "contact_edit": Row(LOGIN, 200, 200, 200, 404, "get", contact),
    "contact_remove": Row(LOGIN, 403, 200, 200, 404, "get", contact),
    "contact_block": Row(LOGIN, 302, 302, 403, 404, "post", contact),
    "contact_unblock": Row(LOGIN, 302, 302, 403, 404, "post", contact),
    "contact_labels": Row(LOGIN, 302, 302, 403, 404, "post", contact),
    "contact_in_lists": Row(LOGIN, 302, 302, 403, 404, "post", contact),
    "contact_agreed": Row(LOGIN, 200, 200, 200, 404, "get", contact),
    "contact_refused": Row(LOGIN, 200, 200, 200, 404, "get", contact),
    "contact_lists": Row(LOGIN, 200, 200, 200, 200),
    "contact_list_put": Row(LOGIN, 302, 302, 403, 302, "post"),
    "contact_list_rename": Row(LOGIN, 200, 200, 200, 404, "get", contact_list),
    "contact_list_remove": Row(LOGIN, 403, 200, 200, 404, "get", contact_list),
    "attributes": Row(LOGIN, 403, 200, 200, 200),
    "attribute_rename": Row(LOGIN, 403, 200, 200, 404, "get", attribute),
    "attribute_remove": Row(LOGIN, 403, 200, 200, 404, "get", attribute),
    "imports": Row(LOGIN, 403, 200, 200, 200),
    "import": Row(LOGIN, 403, 200, 200, 404, "get", contact_import),
    "import_check": Row(LOGIN, 403, 422, 403, 404, "post", contact_import),
    "import_run": Row(LOGIN, 403, 302, 403, 404, "post", contact_import),
    "import_cancel": Row(LOGIN, 403, 302, 403, 404, "post", contact_import),
    "import_progress": Row(LOGIN, 403, 200, 200, 404, "get", contact_import),
    # There is no refused line in it.
    "import_refused": Row(LOGIN, 403, 404, 404, 404, "get", contact_import),
    # The signed link is the right, and opens for the company it was made for alone.
    "contact_preferences": Row(200, 200, 200, 200, 404, "get", preferences_link),
}
# Pages of whoever is or wants to be signed in; they stand on both kinds of host.
PERSON_URLS: dict[str, Row] = {
    "account_login": Row(200, 302, 302, 302, 302),
    "account_inactive": Row(200, 200, 200, 200, 200),
    "account_signup": Row(302, 302, 302, 302, 302),
    "account_logout": Row(302, 200, 200, 200, 200),
    "account_reauthenticate": Row(LOGIN, 200, 200, 200, 200),
    "account_reset_password": Row(200, 200, 200, 200, 200),
    "account_reset_password_done": Row(200, 200, 200, 200, 200),
    "account_reset_password_from_key": Row(
        200, 200, 200, 200, 200, "get", lambda acme: {"uidb36": "1", "key": "set-password"}
    ),
    "account_reset_password_from_key_done": Row(200, 200, 200, 200, 200),
    "account_change_password": Row(LOGIN, 200, 200, 200, 200),
    "mfa_index": Row(LOGIN, 200, 200, 200, 200),
    "mfa_authenticate": Row(302, 302, 302, 302, 302),
    # Only the visitor, who is staff, has a second factor here; most of these ask for a fresh proof first.
    "mfa_reauthenticate": Row(LOGIN, 302, 302, 200, 302),
    "mfa_activate_totp": Row(LOGIN, 302, 302, 302, 302),
    "mfa_deactivate_totp": Row(LOGIN, 404, 404, 302, 404),
    "mfa_view_recovery_codes": Row(LOGIN, 404, 404, 404, 404),
    "mfa_generate_recovery_codes": Row(LOGIN, 302, 302, 302, 302),
    "mfa_download_recovery_codes": Row(LOGIN, 404, 404, 404, 404),
    "profile": Row(LOGIN, 200, 200, 200, 200),
    "security": Row(LOGIN, 200, 200, 200, 200),
    "end_session": Row(LOGIN, 404, 404, 403, 404, "post", lambda acme: {"public_id": acme.session.public_id}),
    "end_other_sessions": Row(LOGIN, 302, 302, 403, 302, "post"),
    "preferences": Row(302, 302, 302, 302, 302, "post"),
}
# --- The public host ------------------------------------------------------------------------------
PUBLIC_URLS: dict[str, PublicRow] = {
    "site_home": PublicRow(200, 200, 200, 200),
    "site_prices": PublicRow(200, 200, 200, 200),
    "site_imprint": PublicRow(200, 200, 200, 200),
    "site_privacy": PublicRow(200, 200, 200, 200),
    "sign_up": PublicRow(200, 200, 200, 200),
    "sign_up_sent": PublicRow(200, 200, 200, 200, "get", lambda acme: {"public_id": acme.sign_up.public_id}),
    "sign_up_again": PublicRow(302, 302, 302, 302, "post", lambda acme: {"public_id": acme.sign_up.public_id}),
    "sign_up_confirm": PublicRow(410, 410, 410, 410, "get", lambda acme: {"token": "x" * 43}),
    "companies": PublicRow(LOGIN, 200, 200, 200),
    "enter_company": PublicRow(LOGIN, 404, 302, 404, "post", company),
    "accept_invitation": PublicRow(LOGIN, 404, 404, 404, "post", invitation),
    "staff_companies": PublicRow(LOGIN, 404, 404, 200),
    "staff_company": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_suspend": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_lift": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_visit": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_open_again": PublicRow(LOGIN, 404, 404, 404, "post", company),
    "staff_end_visit": PublicRow(LOGIN, 404, 404, 302, "post", lambda acme: {"public_id": acme.visit.public_id}),
    "staff_audit": PublicRow(LOGIN, 404, 404, 200),
    "staff_webhooks": PublicRow(LOGIN, 404, 404, 200),
    "dismiss_unrouted": PublicRow(LOGIN, 404, 404, 302, "post", lambda acme: {"pk": 1}),
    "staff_system": PublicRow(LOGIN, 404, 404, 200),
    "dismiss_parked": PublicRow(LOGIN, 404, 404, 302, "post", lambda acme: {"pk": acme.parked.pk}),
    "send_mail_again": PublicRow(LOGIN, 404, 404, 302, "post", lambda acme: {"pk": acme.mail.pk}),
    "staff_billing": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_begin": PublicRow(LOGIN, 404, 404, 302, "post"),
    "staff_billing_approve": PublicRow(LOGIN, 404, 404, 404),
    "staff_billing_again": PublicRow(LOGIN, 404, 404, 302, "post", month),
    "staff_billing_collect": PublicRow(LOGIN, 404, 404, 200, "get", month),
    "staff_billing_invoices": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_invoice": PublicRow(LOGIN, 404, 404, 200, "get", invoice_draft),
    # A draft has no document, and nothing that could be paid, sent or corrected.
    "staff_billing_pdf": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_xml": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_line": PublicRow(LOGIN, 404, 404, 200, "get", line),
    "staff_billing_line_csv": PublicRow(LOGIN, 404, 404, 200, "get", line),
    "staff_billing_approve_correction": PublicRow(LOGIN, 404, 404, 404, "post", invoice_draft),
    "staff_billing_withdraw": PublicRow(LOGIN, 404, 404, 200, "get", invoice_draft),
    "staff_billing_correct": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_cancel": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_drop": PublicRow(LOGIN, 404, 404, 404, "post", invoice_draft),
    "staff_billing_write_off": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_send": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_paid": PublicRow(LOGIN, 404, 404, 404, "get", invoice_draft),
    "staff_billing_owing": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_payments": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_payment_add": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_payment": PublicRow(LOGIN, 404, 404, 200, "get", payment),
    "staff_billing_payment_allocate": PublicRow(LOGIN, 404, 404, 422, "post", payment),
    "staff_billing_payment_match": PublicRow(LOGIN, 404, 404, 302, "post", payment),
    "staff_billing_payment_reverse": PublicRow(LOGIN, 404, 404, 200, "get", payment),
    "staff_billing_payment_release": PublicRow(LOGIN, 404, 404, 200, "get", allocation),
    "staff_billing_payment_refund": PublicRow(LOGIN, 404, 404, 200, "get", payment),
    "staff_billing_refund_reverse": PublicRow(LOGIN, 404, 404, 200, "get", refund),
    "staff_billing_cards": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_card_add": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_card": PublicRow(LOGIN, 404, 404, 200, "get", card),
    "staff_billing_card_approve": PublicRow(LOGIN, 404, 404, 302, "post", card),
    "staff_billing_card_publish": PublicRow(LOGIN, 404, 404, 302, "post", card),
    "staff_billing_prices": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_price_add": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_price_list": PublicRow(LOGIN, 404, 404, 200, "get", price_list),
    "staff_billing_exchange": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_books": PublicRow(LOGIN, 404, 404, 200),
    "staff_billing_books_check": PublicRow(LOGIN, 404, 404, 302, "post"),
    "staff_company_billing": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_company_billing_profile": PublicRow(LOGIN, 404, 404, 200, "get", company),
    "staff_company_billing_plan": PublicRow(LOGIN, 404, 404, 200, "get", company),
    # There is a parked task and a failed mail among the rows, so the answer to staff is that not all is well.
    "health_deep": PublicRow(404, 404, 404, 503),
    "metrics": PublicRow(404, 404, 404, 200),
    # Nobody's session opens these: the provider's signature does.
    "webhook_platform": PublicRow(403, 403, 403, 403, "post", lambda acme: {"kind": "whatsapp"}),
    "webhook_channel": PublicRow(404, 404, 404, 404, "post", lambda acme: {"kind": "whatsapp", "key": "x" * 43}),
    "design": PublicRow(200, 200, 200, 200),
    "demo": PublicRow(200, 200, 200, 200),
    "demo_mail": PublicRow(200, 200, 200, 200),
    "demo_mail_one": PublicRow(404, 404, 404, 404, "get", lambda acme: {"key": "none"}),
    "demo_mail_html": PublicRow(404, 404, 404, 404, "get", lambda acme: {"key": "none"}),
}
SHARED_TASKS = {
    "billing.tasks.begin_months": (),
    "billing.tasks.check_books": (),
    "billing.tasks.close_month": (0,),
    "billing.tasks.finish_invoices": (0,),
    "tenants.tasks.sweep": (),
    "tenants.tasks.delete_files": (),
    "tenants.tasks.send_mails": (),
    "tenants.tasks.open_company": (0,),
    "tenants.tasks.tidy": (),
    "billing.tasks.rate_usage": (0,),
    "billing.tasks.count_seats": (),
}
COMPANY_TASKS: dict[str, tuple[Any, ...]] = {
    "messaging.channels.tasks.check_channels": (),
    "messaging.contacts.imports.tasks.go_on_importing": (),
    "messaging.broadcasts.tasks.run_broadcasts": (),
    "messaging.conversations.tasks.wake_conversations": (),
    "messaging.message_templates.tasks.sync_templates": (),
    "messaging.media.tasks.fetch_media": (),
    "messaging.media.tasks.upload_media": (),
    "messaging.messages.tasks.deliver_bulk": (),
    "messaging.messages.tasks.deliver_replies": (),
    "messaging.messages.tasks.send_receipts": (),
    "messaging.webhooks.tasks.process_webhooks": (),
    "messaging.webhooks.tasks.tidy_webhooks": (),
}


def names_in(urlconf: str) -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern.name or str(pattern.pattern)

    yield from walk(get_resolver(urlconf).url_patterns)


def test_every_url_has_a_row() -> None:
    assert set(names_in(settings.ROOT_URLCONF)) == set(COMPANY_URLS) | set(PERSON_URLS)
    assert set(names_in(settings.PUBLIC_URLCONF)) == set(PUBLIC_URLS) | set(PERSON_URLS)


def test_every_task_has_a_row() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith(("celery.", "tests."))}
    companies = {name for name, task in ours.items() if isinstance(task, CompanyTask)}
    assert companies == set(COMPANY_TASKS)
    assert set(ours) - companies == set(SHARED_TASKS)


@pytest.fixture
def rows(
    acme: Company,
    agent: User,
    staff: User,
    acme_contact: Contact,
    outsider: User,
    tmp_path: Path,
    settings: Settings,
) -> Acme:
    soon = "2099-01-01T00:00Z"
    keep_files_in(tmp_path / "kept", settings)
    conversation = begin(acme, with_template=True)
    return Acme(
        company=acme,
        agent=Membership.objects.get(company=acme, user=agent),
        contact=acme_contact,
        **kept_of_contacts(acme, agent),
        conversation=conversation,
        channel=_channel(acme),
        message=_message(acme),
        template=_template(acme),
        invitation=Invitation.objects.create(
            company=acme, email="new@example.org", role=Role.AGENT, token_hash="0" * 64, expires_at=soon
        ),
        sign_up=SignUp.objects.create(
            company_name="New",
            address_name="new",
            country="DE",
            person_name="N",
            email="n@example.org",
            password_hash="-",
            language="en",
            token_hash="1" * 64,
            expires_at=soon,
        ),
        visit=visits.begin_visit(acme, actor=Actor(user=staff), reason="looking after a ticket", minutes=15),
        session=Session.objects.create(session_key="s" * 32, user=outsider, expire_date=soon),
        parked=ParkedTask.objects.create(task="t", reason="r"),
        mail=Mail.objects.create(
            to="n@example.org", subject="s", text="t", html="h", message_id="<m@localhost>", state="failed"
        ),
        enter_token=enter.make_link(agent, acme),
        staff=staff,
        folder=tmp_path,
    )


def _channel(acme: Company) -> Channel:
    with company_context(acme):
        return Channel.objects.get()


def _message(acme: Company) -> Message:
    with company_context(acme):
        return Message.objects.select_related("identity").latest("pk")


def _template(acme: Company) -> MessageTemplate:
    with company_context(acme):
        return MessageTemplate.objects.get()


def kept_of_contacts(acme: Company, by: User) -> dict[str, Any]:
    with company_context(acme):
        return {
            "contact_list": ContactList.objects.create(name="Regulars"),
            "attribute": Attribute.objects.create(key="city", name="City"),
            "contact_import": imports.take_in("people.csv", b"Name;Phone\nAna;0151 12345678\n", by=by),
        }


def ask(browser: Browser, row: Row | PublicRow, name: str, rows: Acme, urlconf: str) -> int:
    url = reverse(name, kwargs=row.keys(rows), urlconf=urlconf)
    return int(getattr(browser, row.method)(url).status_code)


@pytest.mark.parametrize("name", [*COMPANY_URLS, *PERSON_URLS])
def test_each_gets_what_is_theirs_in_a_company(
    name: str,
    rows: Acme,
    globex: Company,
    agent: User,
    admin: User,
    rival: User,
    staff: User,
    at: Callable[..., Browser],
) -> None:
    row = {**COMPANY_URLS, **PERSON_URLS}[name]
    acme = rows.company
    got = {
        "public": ask(at(acme), row, name, rows, settings.ROOT_URLCONF),
        "agent": ask(at(acme, agent), row, name, rows, settings.ROOT_URLCONF),
        "admin": ask(at(acme, admin), row, name, rows, settings.ROOT_URLCONF),
        "visitor": ask(
            at(acme).sign_in(staff, acme, visit=_visit(acme, staff)), row, name, rows, settings.ROOT_URLCONF
        ),
        "rival": ask(at(globex, rival), row, name, rows, settings.ROOT_URLCONF),
    }
    assert got == {actor: getattr(row, actor) for actor in got}


def _visit(acme: Company, staff: User) -> StaffVisit:
    return visits.begin_visit(acme, actor=Actor(user=staff), reason="looking after a ticket", minutes=15)


@pytest.mark.parametrize("name", [*COMPANY_URLS, *PERSON_URLS])
def test_a_session_of_another_host_is_as_good_as_none(
    name: str, rows: Acme, globex: Company, rival: User, outsider: User, at: Callable[..., Browser]
) -> None:
    row = {**COMPANY_URLS, **PERSON_URLS}[name]
    for stranger in (at(globex, rival), at(None, outsider), at(None, rival)):
        stranger.defaults["HTTP_HOST"] = rows.company.host
        assert ask(stranger, row, name, rows, settings.ROOT_URLCONF) == row.public


@pytest.mark.parametrize("name", PUBLIC_URLS)
def test_each_gets_what_is_theirs_on_the_public_host(
    name: str, rows: Acme, admin: User, outsider: User, staff: User, at: Callable[..., Browser]
) -> None:
    row = PUBLIC_URLS[name]
    got = {
        "public": ask(at(), row, name, rows, settings.PUBLIC_URLCONF),
        "outsider": ask(at(None, outsider), row, name, rows, settings.PUBLIC_URLCONF),
        "admin": ask(at(None, admin), row, name, rows, settings.PUBLIC_URLCONF),
        "staff": ask(at(None, staff), row, name, rows, settings.PUBLIC_URLCONF),
    }
    assert got == {actor: getattr(row, actor) for actor in got}


@pytest.mark.parametrize("name", [name for name in PUBLIC_URLS if name.startswith("staff")])
def test_staff_without_a_second_factor_are_led_to_set_one_up(
    name: str, rows: Acme, staff: User, at: Callable[..., Browser]
) -> None:
    staff.authenticator_set.all().delete()
    row = PUBLIC_URLS[name]
    url = reverse(name, kwargs=row.keys(rows), urlconf=settings.PUBLIC_URLCONF)
    answer = getattr(at(None, staff), row.method)(url)
    assert answer.url == reverse("mfa_activate_totp")


@pytest.mark.parametrize("name", SHARED_TASKS)
def test_a_shared_task_never_works_inside_a_company(
    name: str, rows: Acme, globex: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    task = app.tasks[name]
    real = task.run
    monkeypatch.setattr(task, "run", lambda *args: (seen.append(current_schema()), real(*args)))
    with company_context(globex):
        task(*SHARED_TASKS[name])
    assert seen == ["public"]


def test_a_company_task_with_a_rival_s_ids_changes_nothing_of_the_rival(rows: Acme, globex: Company) -> None:
    before = _all_rows(rows.company)
    for name, arguments in COMPANY_TASKS.items():
        app.tasks[name](globex.schema_name, *arguments)
    assert _all_rows(rows.company) == before


def _all_rows(company: Company) -> list[Any]:
    with company_context(company):
        return list(Contact.objects.values())
