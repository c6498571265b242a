"""What leaves the house: every file here is issued through the real rules."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pikepdf
import pytest
from lxml import etree

from billing.einvoice import rules
from billing.einvoice.pdf import attached_xml
from billing.einvoice.rules import RulesRefused
from billing.einvoice.tax import Outcome
from billing.invoices import corrections, issuing, profiles, taxing
from billing.invoices.models import Invoice, InvoiceSeries, IssuedDocument
from billing.rating.charges import Period
from tenants.models import Company, User
from tenants.services.audit import Actor
from tests.billing.invoices.cast import NOW, approved, charge, plan, ready, register_says, seats

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
VAT_IDS = {"DE": "DE136695976", "AT": "ATU13585627", "CH": "CHE116281710MWST"}


def moved(company: Company, country: str, *, language: str = "de", **profile: Any) -> Company:
    """The company in another country, its VAT id found valid."""
    Company.objects.filter(pk=company.pk).update(country=country, vat_id=VAT_IDS[country], language=language)
    company = Company.objects.get(pk=company.pk)
    ready(company, **profile)
    taxing.check_vat_id(company, now=NOW, ask=register_says(Outcome.VALID))
    return company


def really_issued(company: Company, person: User, *charges: Any) -> Invoice:
    return issuing.issue_invoice(approved(company, person, *charges), now=NOW)


def facts_in(xml: bytes) -> dict[str, str | None]:
    """What a receiver's program reads."""
    root = etree.fromstring(xml)
    sums = next(root.iter(f"{RAM}SpecifiedTradeSettlementHeaderMonetarySummation"))
    tax = next(root.find(f".//{RAM}ApplicableHeaderTradeSettlement").iter(f"{RAM}ApplicableTradeTax"))
    return {
        "number": root.findtext(f".//{{*}}ExchangedDocument/{RAM}ID"),
        "type": root.findtext(f".//{{*}}ExchangedDocument/{RAM}TypeCode"),
        "buyer": root.findtext(f".//{RAM}BuyerTradeParty/{RAM}Name"),
        "net": sums.findtext(f"{RAM}TaxBasisTotalAmount"),
        "tax": sums.findtext(f"{RAM}TaxTotalAmount"),
        "gross": sums.findtext(f"{RAM}GrandTotalAmount"),
        "category": tax.findtext(f"{RAM}CategoryCode"),
        "reason": tax.findtext(f"{RAM}ExemptionReasonCode"),
        "lines": str(len(root.findall(f".//{RAM}IncludedSupplyChainTradeLineItem"))),
    }


def facts_of(invoice: Invoice) -> dict[str, str | None]:
    """The same of the row."""
    share = invoice.tax_shares[0]
    return {
        "number": invoice.number,
        "type": "380" if invoice.kind == "invoice" else "381",
        "buyer": invoice.buyer["name"],
        "net": str(invoice.tax_exclusive_amount),
        "tax": str(invoice.tax_amount),
        "gross": str(invoice.tax_inclusive_amount),
        "category": share["category"],
        "reason": share["reason_code"] or None,
        "lines": str(invoice.lines.count()),
    }


@pytest.mark.parametrize(
    ("country", "language", "category"),
    [("DE", "de", "S"), ("AT", "de", "AE"), ("AT", "en", "AE"), ("CH", "en", "O"), ("DE", "en", "S")],
)
def test_what_the_file_says_is_what_the_row_says(
    acme: Company, staff: User, country: str, language: str, category: str
) -> None:
    company = moved(acme, country, language=language, buyer_reference="Kst. 4711", order_number="PO-2026-77")
    invoice = really_issued(company, staff, plan(), seats(), charge())
    document = invoice.document
    assert facts_in(attached_xml(bytes(document.pdf))) == facts_of(invoice)
    assert facts_of(invoice)["category"] == category
    assert bytes(document.xml) == attached_xml(bytes(document.pdf))


def test_an_invoice_of_many_lines_long_names_and_nothing_to_pay_for_some_passes_the_rules(
    acme: Company, staff: User
) -> None:
    name = "Überseeische Großhandels- und Vermittlungsgesellschaft für Schädlingsbekämpfungsmittelgeräte mbH & Co. KGaA"
    company = moved(acme, "DE", legal_name=name)
    many = [charge(f"usage:{n}", quantity=Decimal(n), unit_price=Decimal("0.000123") * n) for n in range(58)]
    invoice = really_issued(company, staff, plan(), seats(), *many)
    xml = bytes(invoice.document.xml)
    assert facts_in(xml) == facts_of(invoice)
    assert facts_of(invoice)["lines"] == "60"
    assert [line.net for line in invoice.lines.all()].count(Decimal("0.00")) >= 2
    with pikepdf.open(io.BytesIO(bytes(invoice.document.pdf))) as file:
        assert len(file.pages) >= 3


def test_a_negative_adjustment_is_a_negative_quantity_at_a_positive_price(buyer: Company, staff: User) -> None:
    off = plan(key="adjust:1", kind="adjustment", description={"reason": "Kulanz"}, unit_price=Decimal("-12.345"))
    line = really_issued(buyer, staff, plan(), off).lines.get(charge_key="adjust:1")
    assert (line.quantity, line.unit_price, line.net) == (-1, Decimal("12.345"), Decimal("-12.35"))


def test_a_correction_and_a_cancellation_pass_the_rules_and_never_say_gutschrift(
    buyer: Company, staff: User, actor: Actor
) -> None:
    buyer = moved(buyer, "DE")
    invoice = really_issued(buyer, staff, plan(), charge())
    correction = corrections.draft_correction(invoice, {2: Decimal(100)}, reason="Doppelt gezählt", actor=actor)
    issuing.approve(correction, actor=actor)
    correction = issuing.issue_invoice(correction, now=NOW)
    other = really_issued(buyer, staff, plan(key="plan:other"))
    cancellation = corrections.draft_cancellation(other, reason="Falscher Empfänger", actor=actor)
    issuing.approve(cancellation, actor=actor)
    cancellation = issuing.issue_invoice(cancellation, now=NOW)
    for made, title in ((correction, "Rechnungskorrektur"), (cancellation, "Stornorechnung")):
        assert facts_in(bytes(made.document.xml)) == facts_of(made)
        with pikepdf.open(io.BytesIO(bytes(made.document.pdf))) as file:
            assert str(file.docinfo["/Title"]) == f"{title} {made.number}"
        assert b"Gutschrift" not in bytes(made.document.xml)


@pytest.mark.parametrize(("country", "category"), [("DE", "S"), ("AT", "AE"), ("CH", "O")])
def test_an_invoice_of_any_kind_of_vat_is_taken_back_by_a_document_that_passes_the_rules(
    acme: Company, staff: User, actor: Actor, country: str, category: str
) -> None:
    invoice = really_issued(moved(acme, country), staff, plan(), charge())
    for quantities in ({2: Decimal(100)}, {1: Decimal(1), 2: Decimal(900)}):
        made = corrections.draft_correction(invoice, quantities, reason="Falscher Empfänger", actor=actor)
        issuing.approve(made, actor=actor)
        made = issuing.issue_invoice(made, now=NOW)
        assert facts_in(bytes(made.document.xml)) == facts_of(made)
        assert (facts_of(made)["type"], facts_of(made)["category"]) == ("381", category)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.open_amount) == ("corrected", 0)


@pytest.mark.parametrize(
    ("period", "issued_at", "days"),
    [
        # Issued on 29 February at 23:59 of the seller's day, due at the end of March, over the change of the clock.
        (
            Period(date(2028, 1, 1), date(2028, 1, 31)),
            datetime(2028, 2, 29, 22, 59, tzinfo=UTC),
            ("20280131", "20280229", "20280330"),
        ),
        # The month with 29 days, issued in the first minute of the seller's March.
        (
            Period(date(2028, 2, 1), date(2028, 2, 29)),
            datetime(2028, 2, 29, 23, 1, tzinfo=UTC),
            ("20280229", "20280301", "20280331"),
        ),
        # In the hour that comes twice.
        (
            Period(date(2026, 9, 1), date(2026, 9, 30)),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            ("20260930", "20261025", "20261124"),
        ),
    ],
    ids=["29 February", "month end", "change of the clock"],
)
def test_odd_days_stand_in_the_file_as_the_calendar_has_them(
    buyer: Company, staff: User, period: Period, issued_at: datetime, days: tuple[str, str, str]
) -> None:
    ready(buyer, payment_terms_days=30)
    of_period = {"service_from": period.first, "service_to": period.last}
    made = approved(buyer, staff, plan(**of_period), period=period, now=issued_at)
    root = etree.fromstring(bytes(issuing.issue_invoice(made, now=issued_at).document.xml))
    places = (
        f".//{RAM}ApplicableHeaderTradeSettlement/{RAM}BillingSpecifiedPeriod/{RAM}EndDateTime/{{*}}DateTimeString",
        f".//{{*}}ExchangedDocument/{RAM}IssueDateTime/{{*}}DateTimeString",
        f".//{RAM}SpecifiedTradePaymentTerms/{RAM}DueDateDateTime/{{*}}DateTimeString",
    )
    assert tuple(root.findtext(place) for place in places) == days


def test_the_pdf_says_what_it_is_to_archives_and_programs(buyer: Company, staff: User) -> None:
    document = really_issued(buyer, staff).document
    with pikepdf.open(io.BytesIO(bytes(document.pdf))) as file:
        xmp = file.Root.Metadata.read_bytes().decode()
        assert [str(attached.AFRelationship) for attached in file.Root.AF] == ["/Alternative"]
        assert file.Root.OutputIntents
        with file.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "3"
            assert metadata["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}ConformanceLevel"] == "EN 16931"
    assert xmp.count("pdfaExtension:schemas>") == 2  # one list, opened and closed: a second one breaks PDF/A
    assert xmp.count("<rdf:RDF") == 1


def test_the_report_of_the_rules_is_kept_with_the_document(buyer: Company, staff: User) -> None:
    report = really_issued(buyer, staff).document.report
    assert report["findings"] == []
    assert report["rules_fired"] > 50
    assert "EN 16931" in report["rule_set"]


def test_issuing_again_makes_no_new_bytes_whatever_has_changed_since(buyer: Company, staff: User, actor: Actor) -> None:
    invoice = really_issued(buyer, staff)
    before = IssuedDocument.objects.values().get()
    profiles.change_profile(buyer, actor=actor, street="Neue Straße 5", legal_name="Acme neu")
    again = issuing.issue_invoice(invoice, now=NOW, build=lambda document: pytest.fail("drawn again"))
    assert again.number == invoice.number
    assert IssuedDocument.objects.values().get() == before


def test_a_letter_the_font_lacks_stops_the_invoice_with_its_name_and_takes_no_number(
    buyer: Company, staff: User
) -> None:
    ready(buyer, legal_name="京东 GmbH")
    invoice = approved(buyer, staff)
    with pytest.raises(RulesRefused) as refused:
        issuing.issue_invoice(invoice, now=NOW)
    assert "CJK UNIFIED IDEOGRAPH-4EAC" in refused.value.findings[0].words
    assert not InvoiceSeries.objects.exclude(last_serial=0).exists()


def test_rules_that_cannot_be_run_stop_the_invoice(
    buyer: Company, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = approved(buyer, staff)
    monkeypatch.setattr(rules, "_transform", lambda saxon, xml: "<nothing/>")
    with pytest.raises(rules.RulesNotRun):
        issuing.issue_invoice(invoice, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.number) == ("approved", None)
