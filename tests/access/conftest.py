"""Acme with a row of each kind that has a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from messaging.channels.models import Channel
from messaging.contacts.imports import services as imports
from messaging.contacts.models import Attribute, Contact, ContactList
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Message
from tenants.context import company_context
from tenants.models import Company, Invitation, Mail, Membership, ParkedTask, Role, Session, SignUp, User
from tenants.services import enter, visits
from tenants.services.audit import Actor
from tests.access.acme import Acme
from tests.messaging.inbox.conftest import begin
from tests.messaging.media.conftest import keep_files_in


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
