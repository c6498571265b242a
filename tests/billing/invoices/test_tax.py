"""Which VAT a buyer's invoice bears, and what counts as proof."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from billing.einvoice import vies
from billing.einvoice.tax import Outcome, Proof, ProofMissing, Rule, decide, needs_proof
from billing.invoices import drafting, taxing
from billing.invoices.drafting import CannotDraft
from billing.invoices.models import VatCheck
from tenants.models import Company
from tests.billing.invoices.cast import NOW, OCTOBER, charge, draft, plan, ready, register_says

TODAY = NOW.date()
AUSTRIAN = "ATU13585627"


def proof(outcome: Outcome = Outcome.VALID, *, vat_id: str = AUSTRIAN, days: int = 3) -> Proof:
    return Proof(vat_id, outcome, NOW - timedelta(days=days), "WAPI1")


def decided(country: str, postcode: str = "1010", vat_id: str = "", given: Proof | None = None) -> tuple[str, str, str]:
    made = decide(country=country, postcode=postcode, vat_id=vat_id, proof=given, on_date=TODAY)
    return made.category, str(made.rate), made.rule


@pytest.mark.parametrize(
    ("country", "postcode", "category", "rule"),
    [
        ("DE", "70173", "S", Rule.DOMESTIC),
        ("DE", "27498", "O", Rule.SPECIAL_TERRITORY),  # Helgoland
        ("DE", "78266", "O", Rule.SPECIAL_TERRITORY),  # Büsingen
        ("CH", "8001", "O", Rule.THIRD_COUNTRY),
        ("GB", "BT1 1AA", "O", Rule.THIRD_COUNTRY),
        ("US", "10001", "O", Rule.THIRD_COUNTRY),
        ("ES", "35001", "O", Rule.SPECIAL_TERRITORY),  # Canaries
        ("ES", "51001", "O", Rule.SPECIAL_TERRITORY),  # Ceuta
        ("FI", "22100", "O", Rule.SPECIAL_TERRITORY),  # Åland
        ("FR", "97110", "O", Rule.SPECIAL_TERRITORY),  # Guadeloupe
        ("FR", "98800", "O", Rule.SPECIAL_TERRITORY),  # New Caledonia
        ("IT", "23041", "O", Rule.SPECIAL_TERRITORY),  # Livigno
        ("IT", "22061", "O", Rule.SPECIAL_TERRITORY),  # Campione
        ("IT", "23030", "S", Rule.EU_WITHOUT_ID),  # Livigno once, and many places around it
        ("IT", "22060", "S", Rule.EU_WITHOUT_ID),  # Campione once, and many places around it
        ("MC", "98000", "S", Rule.EU_WITHOUT_ID),  # Monaco belongs to the VAT of France
        ("FR", "98000", "S", Rule.EU_WITHOUT_ID),
        ("AT", "1010", "S", Rule.EU_WITHOUT_ID),
        ("ES", "28001", "S", Rule.EU_WITHOUT_ID),
    ],
)
def test_where_a_buyer_is_decides(country: str, postcode: str, category: str, rule: Rule) -> None:
    rate = "19" if category == "S" else "0"
    assert decided(country, postcode) == (category, rate, rule)


def test_a_valid_id_of_another_state_moves_the_debt_to_the_buyer() -> None:
    assert decided("AT", vat_id=AUSTRIAN, given=proof()) == ("AE", "0", Rule.REVERSE_CHARGE)


def test_an_invalid_id_is_taxed_like_none() -> None:
    assert decided("AT", vat_id=AUSTRIAN, given=proof(Outcome.INVALID)) == ("S", "19", Rule.EU_WITHOUT_ID)


@pytest.mark.parametrize(
    "given",
    [
        None,
        proof(Outcome.UNKNOWN),
        proof(vat_id="ATU00000000"),
        proof(days=32),
    ],
    ids=["never asked", "no answer", "of another id", "too old"],
)
def test_without_a_fresh_verdict_about_this_id_nobody_guesses(given: Proof | None) -> None:
    with pytest.raises(ProofMissing):
        decided("AT", vat_id=AUSTRIAN, given=given)


def test_only_where_the_id_decides_is_it_asked_for() -> None:
    assert needs_proof("AT", "1010", AUSTRIAN)
    assert not needs_proof("DE", "70173", "DE136695976")
    assert not needs_proof("CH", "8001", "CHE116281710MWST")
    assert not needs_proof("ES", "35001", "ESA13585625")
    assert not needs_proof("AT", "1010", "")
    assert needs_proof("MC", "98000", "FR40303265045")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"valid": True, "requestIdentifier": "WAPI1", "name": "Acme"}, Outcome.VALID),
        ({"valid": False}, Outcome.INVALID),
        ({"valid": False, "userError": "INVALID"}, Outcome.INVALID),
        ({"valid": False, "userError": "MS_MAX_CONCURRENT_REQ"}, Outcome.UNKNOWN),
        ({"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}, Outcome.UNKNOWN),
        ({"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}]}, Outcome.INVALID),
        ({"valid": "yes"}, Outcome.UNKNOWN),
        ({}, Outcome.UNKNOWN),
        ([], Outcome.UNKNOWN),
        ("<html>", Outcome.UNKNOWN),
    ],
)
def test_a_register_that_could_not_look_has_not_said_invalid(body: Any, outcome: Outcome) -> None:
    assert vies.read(body, NOW).outcome == outcome


class Register(BaseHTTPRequestHandler):
    """The register, on this machine."""

    asked: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        self.asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        body = json.dumps({"valid": True, "requestIdentifier": "WAPI1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


def test_the_register_is_asked_over_http_in_our_name(settings: Any) -> None:
    server = HTTPServer(("127.0.0.1", 0), Register)
    thread = Thread(target=server.handle_request)
    thread.start()
    settings.VIES_URL = f"http://127.0.0.1:{server.server_port}/rest-api"
    answer = vies.ask(AUSTRIAN, requester="DE123456788", now=NOW)
    thread.join()
    server.server_close()
    assert (answer.outcome, answer.request_id) == (Outcome.VALID, "WAPI1")
    question = {
        "countryCode": "AT",
        "vatNumber": "U13585627",
        "requesterMemberStateCode": "DE",
        "requesterNumber": "123456788",
    }
    assert Register.asked == [("/rest-api/check-vat-number", question)]


def test_a_register_that_is_away_is_unknown(settings: Any) -> None:
    settings.VIES_URL = "http://127.0.0.1:9"
    assert vies.ask(AUSTRIAN, requester="DE123456788", now=NOW).outcome == Outcome.UNKNOWN


@pytest.fixture
def austrian(acme: Company) -> Company:
    Company.objects.filter(pk=acme.pk).update(country="AT", vat_id=AUSTRIAN)
    acme.refresh_from_db()
    ready(acme, postcode="1010", city="Wien")
    return acme


def test_a_draft_waits_for_the_register_and_then_says_what_it_said(austrian: Company) -> None:
    taxing.check_vat_id(austrian, now=NOW, ask=register_says(Outcome.UNKNOWN))
    waiting = draft(austrian)
    assert (waiting.state, waiting.tax, waiting.tax_amount) == ("pending", {}, 0)
    taxing.check_vat_id(austrian, now=NOW, ask=register_says(Outcome.VALID, "WAPI7"))
    made = draft(austrian)
    assert (made.pk, made.state, made.tax["category"]) == (waiting.pk, "draft", "AE")
    assert made.tax["proof"] == {
        "vat_id": AUSTRIAN,
        "outcome": "valid",
        "checked_at": NOW.isoformat(),
        "request_id": "WAPI7",
    }


def test_a_young_verdict_is_not_asked_for_again_and_an_older_one_is_before_it_runs_out(austrian: Company) -> None:
    for days in (0, 5, 20, 22):
        taxing.check_vat_id(austrian, now=NOW + timedelta(days=days), ask=register_says(Outcome.VALID))
    assert VatCheck.objects.count() == 2


def test_an_id_that_was_not_valid_is_asked_for_with_each_invoice(austrian: Company) -> None:
    taxing.check_vat_id(austrian, now=NOW - timedelta(days=1), ask=register_says(Outcome.INVALID))
    assert draft(austrian).tax["category"] == "S"
    taxing.check_vat_id(austrian, now=NOW, ask=register_says(Outcome.VALID))
    assert draft(austrian).tax["category"] == "AE"


def test_while_the_register_is_away_an_older_verdict_still_holds(austrian: Company) -> None:
    taxing.check_vat_id(austrian, now=NOW - timedelta(days=25), ask=register_says(Outcome.VALID))
    taxing.check_vat_id(austrian, now=NOW, ask=register_says(Outcome.UNKNOWN))
    assert draft(austrian).tax["category"] == "AE"


def test_german_vat_is_charged_in_euros_only(austrian: Company, acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(country="DE", vat_id="")
    acme.refresh_from_db()
    dollars = plan(currency="USD")
    with pytest.raises(CannotDraft, match="tax_currency"):
        drafting.write_draft(acme, OCTOBER, (dollars,), now=NOW)


def test_a_swiss_company_may_pay_in_dollars(acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(country="CH", vat_id="")
    acme.refresh_from_db()
    ready(acme, postcode="8001", city="Zürich")
    made = draft(acme, plan(currency="USD"), charge(currency="USD"))
    assert (made.currency, made.tax["category"], made.tax_amount) == ("USD", "O", Decimal("0.00"))


def test_the_invoice_day_is_the_seller_s_day_over_both_changes_of_the_clock() -> None:
    for instant, day in (
        (datetime(2026, 10, 24, 21, 59, tzinfo=UTC), "2026-10-24"),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), "2026-10-25"),
        (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), "2026-11-01"),
        (datetime(2027, 3, 28, 21, 30, tzinfo=UTC), "2027-03-28"),
        (datetime(2028, 2, 28, 23, 30, tzinfo=UTC), "2028-02-29"),
    ):
        assert taxing.seller_day(instant).isoformat() == day
