"""Each line of an invoice opens the messages behind it: on pages and as a file they add up to its quantity."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.invoices.drafting import write_draft
from billing.invoices.models import Invoice, InvoiceLine
from billing.rating.charges import charges_for, claim, month_of
from billing.usage.models import UsageRecord
from billing.views.staff import invoices
from tenants.models import Company
from tests.billing.metered import FRENCH, GERMAN, NOVEMBER, on_plan, own_prices, publish, rated, use
from tests.conftest import Browser

PERIOD = month_of(date(2026, 11, 1))
RATES = [
    (market, category, amount)
    for market in ("Germany", "France")
    for category, amount in (("marketing", "0.10"), ("utility", "0.04"))
]
Billed = Callable[..., Invoice]


@pytest.fixture
def billed(acme: Company) -> Billed:
    """A draft of November with all that was used; prices are easy to reckon."""
    publish(RATES)

    def made(**figures: object) -> Invoice:
        on_plan(acme, **figures)  # type: ignore[arg-type]
        rated(acme)
        charges = charges_for(acme, PERIOD, now=NOVEMBER).charges
        draft = write_draft(acme, PERIOD, charges, now=NOVEMBER)
        assert draft is not None
        claim(acme, charges, by=draft.public_id, now=NOVEMBER)
        return draft

    return made


def url(line: InvoiceLine, rest: str = "") -> str:
    return f"/staff/billing/invoices/{line.invoice.public_id}/lines/{line.position}/{rest}"


def paged(console: Browser, line: InvoiceLine) -> list[str]:
    """The messages of all pages."""
    found: list[str] = []
    after: str = ""
    while True:
        answer = console.get(url(line), {"after": after} if after else {})
        assert answer.status_code == 200
        found += [record.message_public_id for record in answer.context["page"]]
        after = answer.context["page"].after
        if not after:
            return found


def filed(console: Browser, line: InvoiceLine) -> list[dict[str, str]]:
    answer = console.get(url(line, "csv/"))
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]


def test_pages_and_file_add_up_to_the_line(
    console: Browser, acme: Company, billed: Billed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "PAGE_SIZE", 4)
    for day in range(3):
        use(acme, 5, prefix=f"d{day}m", occurred_at=NOVEMBER - timedelta(days=day))
    use(acme, 3, prefix="other", number="2077")
    use(acme, 6, prefix="f", address=FRENCH, category="utility")
    draft = billed()
    quantities = {}
    for line in draft.lines.all():
        messages = paged(console, line)
        assert len(messages) == len(set(messages)) == line.quantity
        assert sorted(row["message"] for row in filed(console, line)) == sorted(messages)
        quantities[line.facts["market"]] = line.quantity
    assert quantities == {"Germany": 18, "France": 6}


def test_a_line_cut_within_a_day_shows_only_its_part(
    console: Browser, acme: Company, billed: Billed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "PAGE_SIZE", 2)
    use(acme, 8)
    draft = billed(included={"marketing": 3})
    told = {line.rule_ref.partition("/")[2]: paged(console, line) for line in draft.lines.all()}
    assert {rule: len(messages) for rule, messages in told.items()} == {"charged": 5, "included": 3}
    assert not set(told["charged"]) & set(told["included"])


def test_the_plan_s_fee_shows_what_is_beyond_the_included_messages(
    console: Browser, acme: Company, billed: Billed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "PAGE_SIZE", 2)
    use(acme, 7)
    draft = billed(included_messages=2, message_fee=Decimal("0.01"))
    fee = draft.lines.get(facts__charge="fee")
    assert len(paged(console, fee)) == fee.quantity == 5


def test_rate_rule_and_price_are_explained(console: Browser, acme: Company, billed: Billed) -> None:
    own_prices(acme, "20", since=date(2026, 10, 1))
    use(acme, 2, address=GERMAN)
    (line,) = billed().lines.all()
    text = console.get(url(line)).content.decode()
    assert "Charged: the provider&#x27;s price" in text
    assert "whatsapp EUR 2026-10-01 test" in text
    assert "€0.1000" in text
    assert "20% mark-up" in text
    for row in filed(console, line):
        assert row["rule"].endswith("/charged")
        assert (row["rate_card"], row["rate"]) == ("whatsapp EUR 2026-10-01 test", "0.100000 EUR")
        assert (Decimal(row["price"]), row["currency"]) == (Decimal("0.12"), "EUR")


def test_a_cell_of_the_file_is_never_a_formula(console: Browser, acme: Company, billed: Billed) -> None:
    use(acme, 1, number="=HYPERLINK(1)")
    (line,) = billed().lines.all()
    (row,) = filed(console, line)
    assert row["number"] == "'=HYPERLINK(1)"


def test_a_key_that_is_not_there_shows_the_first_page(console: Browser, acme: Company, billed: Billed) -> None:
    use(acme, 2)
    (line,) = billed().lines.all()
    assert len(console.get(url(line), {"after": "x"}).context["page"]) == 2
    gone = UsageRecord.objects.latest("pk").pk + 100
    assert len(console.get(url(line), {"after": gone}).context["page"]) == 2


def test_a_line_without_messages_has_no_such_page(console: Browser, acme: Company, billed: Billed) -> None:
    use(acme, 1)
    draft = billed(monthly_fee=Decimal(10))
    line = draft.lines.get(kind="plan")
    assert console.get(url(line)).status_code == 404
    assert console.get(f"/staff/billing/invoices/{draft.public_id}/lines/99/").status_code == 404
