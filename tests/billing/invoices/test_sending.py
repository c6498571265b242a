"""An issued document goes out with the bytes it was issued with, to everybody named, and what became of it is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.invoices import issuing, profiles, sending
from billing.invoices.models import Invoice, IssuedDocument
from tenants.models import Company, Mail, Membership, Role, User
from tenants.services import mail
from tenants.services.audit import Actor
from tenants.services.errors import Refused
from tests.billing.invoices.cast import NOW, approved, draft, issued, plan, ready


@pytest.fixture
def invoice(buyer: Company, staff: User) -> Invoice:
    ready(buyer, recipients=["one@acme.example", "two@acme.example"])
    return issued(buyer, staff)


def test_everybody_named_gets_the_issued_bytes(invoice: Invoice, outbox: list[Any]) -> None:
    sending.send_invoice(invoice)
    mail.send_due()
    assert [message.to for message in outbox] == [["one@acme.example"], ["two@acme.example"]]
    stored = bytes(IssuedDocument.objects.get().pdf)
    assert {message.attachments[0].content for message in outbox} == {stored}
    assert outbox[0].subject == "Invoice RE-000001 from Botschaft Betriebsgesellschaft mbH"
    assert "Please pay €280.25 by 17 November 2026." in outbox[0].body


def test_the_mail_row_names_the_file_and_holds_no_copy(invoice: Invoice) -> None:
    sending.send_invoice(invoice)
    (attached,) = Mail.objects.filter(to="one@acme.example").get().attachments
    assert attached == {
        "kind": "issued_document",
        "key": invoice.document.pk,
        "name": "RE-000001.pdf",
        "type": "application/pdf",
    }


def test_the_invoice_is_sent_with_the_first_that_went_out(invoice: Invoice, outbox: list[Any]) -> None:
    sending.send_invoice(invoice)
    sending.record_deliveries(invoice)
    invoice.refresh_from_db()
    assert invoice.state == "issued"
    mail.send_due()
    states = [delivery.state for delivery in sending.record_deliveries(invoice)]
    invoice.refresh_from_db()
    assert (states, invoice.state) == (["sent", "sent"], "sent")


def test_a_document_is_sent_once_by_itself_and_again_by_hand(invoice: Invoice, actor: Actor, outbox: list[Any]) -> None:
    sending.send_invoice(invoice)
    assert sending.send_invoice(invoice) == []
    assert sending.send_invoice(invoice, actor=actor, recipients=["one@acme.example"]) == []
    mail.send_due()
    sending.record_deliveries(invoice)
    assert len(sending.send_invoice(invoice, actor=actor, recipients=["one@acme.example", "new@acme.example"])) == 2


def test_what_became_of_a_mail_outlives_its_row(invoice: Invoice, outbox: list[Any]) -> None:
    sending.send_invoice(invoice)
    mail.send_due()
    sending.record_deliveries(invoice)
    Mail.objects.all().delete()
    deliveries = sending.record_deliveries(invoice, now=NOW + timedelta(days=40))
    assert [(delivery.state, bool(delivery.message_id)) for delivery in deliveries] == [("sent", True)] * 2


def test_a_draft_is_not_sent(buyer: Company) -> None:
    with pytest.raises(Refused, match="Only an issued"):
        sending.send_invoice(draft(buyer))


def test_without_an_address_of_their_own_invoices_go_to_the_company_s_admins(acme: Company, admin: User) -> None:
    ready(acme, recipients=[])
    assert profiles.recipients_of(acme) == [admin.email]


def test_of_many_admins_as_many_as_may_be_get_the_invoice(buyer: Company, staff: User, outbox: list[Any]) -> None:
    ready(buyer, recipients=[])
    for number in range(12):
        person = User.objects.create_user(f"admin{number}@acme.example", "x")
        Membership.objects.create(company=buyer, user=person, role=Role.ADMIN)
    assert len(sending.send_invoice(issued(buyer, staff))) == profiles.MOST_RECIPIENTS


def test_what_cannot_be_seen_is_not_kept_since_no_e_invoice_takes_it(buyer: Company, staff: User, actor: Actor) -> None:
    profiles.change_profile(buyer, actor=actor, street="König\x01straße\u202e 1", buyer_reference="\x0bKst. 7")
    made = issuing.issue_invoice(approved(buyer, staff), now=NOW)
    assert (made.buyer["street"], made.buyer_reference) == ("Königstraße 1", "Kst. 7")


@pytest.mark.parametrize("addresses", [["no address"], [f"n{n}@b.example" for n in range(11)]])
def test_addresses_are_checked_where_they_are_written(acme: Company, actor: Actor, addresses: list[str]) -> None:
    with pytest.raises(Refused):
        profiles.change_profile(acme, actor=actor, recipients=addresses)


def test_an_address_is_kept_once_and_in_lower_case(acme: Company, actor: Actor) -> None:
    profile = profiles.change_profile(acme, actor=actor, recipients=[" A@b.example", "a@B.example", ""])
    assert profile.recipients == ["a@b.example"]


def test_a_company_sees_its_own_issued_documents_and_no_draft(
    invoice: Invoice, buyer: Company, globex: Company, staff: User
) -> None:
    ready(globex)
    issued(globex, staff)
    draft(buyer, plan(key="plan:next"))
    assert list(Invoice.objects.of_company(buyer)) == [invoice]
