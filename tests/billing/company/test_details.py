"""Who a company's invoices are for: changed here, logged, and refused in words."""

from __future__ import annotations

import pytest

from billing.models import BillingProfile
from tenants.models import AuditEntry, Company
from tests.conftest import Browser

GIVEN = {
    "legal_name": "Acme Versand GmbH & Co. KG",
    "street": "Königstraße 1",
    "postcode": "70173",
    "city": "Stuttgart",
    "country": "DE",
    "vat_id": "DE 136 695 976",
    "buyer_reference": "04011000-12345-34",
    "recipients": "Rechnung@acme.example\nchef@acme.example",
    "language": "de",
}


def test_details_are_saved_and_logged_on_both_sides(acme: Company, browser: Browser) -> None:
    assert browser.post("/billing/details/", GIVEN).status_code == 302
    profile = BillingProfile.objects.get(company=acme)
    assert profile.recipients == ["rechnung@acme.example", "chef@acme.example"]
    assert Company.objects.get(pk=acme.pk).language == "de"
    assert AuditEntry.objects.get(action="billing_profile.changed").after["legal_name"] == GIVEN["legal_name"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"vat_id": "DE136695975"}, "its check digit does not fit"),
        ({"vat_id": "FR40303265045"}, "belongs to another country"),
        ({"recipients": "nobody"}, "“nobody” is not an e-mail address."),
        ({"recipients": "\n".join(f"a{n}@b.example" for n in range(11))}, "At most 10 addresses"),
        ({"street": ""}, "This field is required."),
        ({"country": "XX"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_says_why_and_saves_nothing(
    acme: Company, browser: Browser, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post("/billing/details/", {**GIVEN, **wrong})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not BillingProfile.objects.exists()


def test_without_recipients_the_admins_get_them(acme: Company, browser: Browser) -> None:
    assert b"Invoices now go to admin@example.com" in browser.get("/billing/details/").content
