"""A month's lines: the same from the same usage, parted where a price changes, late ones beside what is invoiced."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from billing.plans.models import SeatPeak
from billing.rating import rules
from billing.rating.charges import Charge, ChargesChanged, charges_for, claim, messages_behind, month_of, release
from billing.rating.lines import rate_month
from billing.rating.models import RatedLine
from billing.rating.rules import Rules
from billing.usage.metering import UsageFact, record_usage
from billing.usage.models import DailyUsage, UsageRecord
from tenants.models import Company
from tests.billing.metered import (
    FRENCH,
    GERMAN,
    NOVEMBER,
    dollars,
    fact,
    on_plan,
    own_prices,
    publish,
    rated,
    use,
)

PERIOD = month_of(date(2026, 11, 1))
NEXT = month_of(date(2026, 12, 1))
RATES = [
    (market, category, amount)
    for market in ("Germany", "France")
    for category, amount in (("marketing", "0.10"), ("utility", "0.04"))
]


@pytest.fixture
def company(acme: Company) -> Company:
    """On a plan without fees, with prices that are easy to reckon: 0.10 for marketing, 0.04 for the rest."""
    publish(RATES)
    on_plan(acme)
    return acme


def due(company: Company, period: Any = PERIOD, *, now: datetime = NOVEMBER) -> tuple[Charge, ...]:
    found = charges_for(company, period, now=now)
    assert found.problems == ()
    return found.charges


def net(charges: tuple[Charge, ...]) -> Decimal:
    return sum((charge.quantity * charge.unit_price for charge in charges), Decimal(0))


def test_a_second_run_changes_no_row(company: Company) -> None:
    use(company, 3)
    use(company, 2, prefix="f", address=FRENCH, category="utility")
    rated(company)
    first = rate_month(company, PERIOD, now=NOVEMBER)
    before = list(RatedLine.objects.order_by("pk").values())
    again = rate_month(company, PERIOD, now=NOVEMBER + timedelta(days=1))
    assert (first.changed, again.changed, again.digest) == (0, 0, first.digest)
    assert list(RatedLine.objects.order_by("pk").values()) == before


def test_a_line_holds_the_provider_s_cost_beside_the_price(company: Company) -> None:
    own_prices(company, "20", since=date(2026, 10, 1))
    use(company, 3)
    (charge,) = due(company)
    assert (charge.kind, charge.unit, charge.quantity) == ("usage", "message", 3)
    assert (charge.unit_price, charge.unit_cost, charge.currency) == (Decimal("0.12"), Decimal("0.10"), "EUR")
    assert (charge.service_from, charge.service_to) == (PERIOD.first, PERIOD.last)
    assert charge.description == {"market": "Germany", "category": "marketing", "rule": "charged", "turn": 0}
    line = RatedLine.objects.get()
    assert (line.cost, line.net) == (Decimal("0.30"), Decimal("0.36"))
    assert charge.rate_ref == line.rate_ref
    assert charge.rule_ref == "2026-10-01/charged"


def test_a_price_that_changes_within_the_month_parts_the_line(company: Company) -> None:
    own_prices(company, "10", since=date(2026, 11, 16), until=date(2026, 11, 20))
    for day in (15, 16, 20, 21):
        use(company, day, prefix=f"d{day}", occurred_at=datetime(2026, 11, day, 12, tzinfo=UTC))
    told = [
        (charge.service_from.day, charge.service_to.day, charge.quantity, charge.unit_price) for charge in due(company)
    ]
    assert sorted(told) == [
        (1, 15, 15, Decimal("0.10")),
        (16, 20, 36, Decimal("0.11")),
        (21, 30, 21, Decimal("0.10")),
    ]


def test_a_price_changes_at_midnight_where_the_provider_bills(company: Company) -> None:
    own_prices(company, "10", since=date(2026, 11, 16))
    before, after = datetime(2026, 11, 15, 22, 59, tzinfo=UTC), datetime(2026, 11, 15, 23, tzinfo=UTC)
    record_usage(company, [fact("a", occurred_at=before), fact("b", occurred_at=after)])
    assert sorted(charge.unit_price for charge in due(company)) == [Decimal("0.10"), Decimal("0.11")]


def test_the_free_thousand_goes_by_time_and_number(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with_allowance(monkeypatch, 3)
    service = {"category": "service", "origin": "reply"}
    seconds = [NOVEMBER + timedelta(seconds=second) for second in range(6)]
    # The French one is told first and delivered last.
    record_usage(company, [fact("last", address=FRENCH, occurred_at=seconds[5], **service)])
    record_usage(company, [fact(f"m{n}", occurred_at=seconds[n], **service) for n in range(4)])
    record_usage(company, [fact("other", number="2077", channel_public_id="second", **service)])
    told = {(charge.description["market"], charge.description["rule"]): charge.quantity for charge in due(company)}
    assert told == {("Germany", "allowance"): 4, ("Germany", "charged"): 1, ("France", "charged"): 1}


def test_the_free_ones_begin_anew_each_month(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with_allowance(monkeypatch, 3)
    for month in (10, 11):
        use(company, 4, prefix=f"m{month}", category="service", occurred_at=datetime(2026, month, 2, 9, tzinfo=UTC))
    told = [(charge.description["rule"], charge.quantity) for charge in due(company)]
    assert sorted(told) == [("allowance", 3), ("allowance", 3), ("charged", 1), ("charged", 1)]


def test_late_usage_of_an_invoiced_month_is_a_line_of_the_next_that_names_its_month(company: Company) -> None:
    use(company, 3)
    claim(company, due(company), by="invoice-1", now=timezone.now())
    frozen = list(RatedLine.objects.values())
    use(company, 2, prefix="late")
    (charge,) = due(company, NEXT)
    assert (charge.kind, charge.quantity, charge.service_from) == ("usage", 2, PERIOD.first)
    assert list(RatedLine.objects.claimed().values()) == frozen
    assert {record.message_public_id for record in messages_behind(charge.key)} == {"late0", "late1"}


def test_what_is_corrected_after_the_invoice_is_taken_back_and_charged_anew(company: Company) -> None:
    use(company, 3)
    claim(company, due(company), by="invoice-1", now=NOVEMBER)
    use(company, 1, category="utility")
    taken_back, instead = sorted(due(company, NEXT), key=lambda charge: charge.quantity)
    assert (taken_back.kind, taken_back.quantity, taken_back.unit_price) == ("adjustment", -1, Decimal("0.10"))
    assert (instead.kind, instead.quantity, instead.unit_price) == ("usage", 1, Decimal("0.04"))


def test_a_charge_is_claimed_once_and_only_as_it_stands(company: Company) -> None:
    use(company, 3)
    stale = due(company)
    use(company, 1, prefix="more")
    fresh = due(company)
    with pytest.raises(ChargesChanged):
        claim(company, stale, by="invoice-1", now=NOVEMBER)
    claim(company, fresh, by="invoice-1", now=NOVEMBER)
    with pytest.raises(ChargesChanged):
        claim(company, fresh, by="invoice-2", now=NOVEMBER)
    assert due(company) == ()
    assert release(company, by="invoice-1") == 1
    assert due(company) == fresh


def test_a_company_cannot_claim_another_s_charge(company: Company, globex: Company) -> None:
    use(company, 1)
    with pytest.raises(ChargesChanged):
        claim(globex, due(company), by="invoice-1", now=NOVEMBER)


def test_a_claimed_line_never_changes(company: Company) -> None:
    use(company, 1)
    claim(company, due(company), by="invoice-1", now=NOVEMBER)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        RatedLine.objects.update(quantity=2)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        RatedLine.objects.all().delete()


def test_a_claim_that_breaks_off_takes_nothing(company: Company) -> None:
    use(company, 1)
    use(company, 1, prefix="f", address=FRENCH)
    first, second = due(company)
    gone = Charge(**{**vars(second), "quantity": Decimal(9)})
    with pytest.raises(ChargesChanged):
        claim(company, [first, gone], by="invoice-1", now=NOVEMBER)
    assert not RatedLine.objects.claimed().exists()


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"category": "general_purpose_ai"}, "category"),
        ({"address": ""}, "market"),
        ({"address": "+393331234567", "category": "authentication"}, "exchange"),
        ({"pricing_type": "half"}, "pricing_type"),
    ],
)
def test_usage_without_a_price_is_a_problem_until_it_is_mended(
    company: Company, fields: dict[str, Any], missing: str
) -> None:
    use(company, 2, **fields)
    found = charges_for(company, PERIOD, now=NOVEMBER)
    assert found.charges == ()
    (problem,) = found.problems
    assert (problem.missing, problem.quantity) == (missing, 2)
    # It is not forgotten when the next month is asked for.
    assert charges_for(company, NEXT, now=NOVEMBER).problems == (problem,)
    if missing == "exchange":
        dollars()
        assert len(due(company)) == 1


def test_a_corrected_card_changes_what_is_open_and_adjusts_what_is_claimed(company: Company) -> None:
    use(company, 2)
    claim(company, due(company), by="invoice-1", now=NOVEMBER)
    publish([("Germany", "marketing", "0.08")], revision=2)
    charges = due(company)
    assert sorted((charge.quantity, charge.unit_price) for charge in charges) == [
        (-2, Decimal("0.10")),
        (2, Decimal("0.08")),
    ]


def test_usage_without_a_plan_is_priced_and_told(acme: Company) -> None:
    publish(RATES)
    use(acme, 2)
    found = charges_for(acme, PERIOD, now=NOVEMBER)
    assert len(found.charges) == 1
    assert [problem.missing for problem in found.problems] == ["subscription"]


def test_the_plan_is_charged_by_days_its_fee_beyond_the_included_and_seats_beyond_theirs(acme: Company) -> None:
    publish(RATES)
    figures = {"monthly_fee": 30, "seats": 2, "extra_seat_fee": 9, "included_messages": 10, "message_fee": "0.01"}
    on_plan(acme, since=date(2026, 11, 16), **figures)
    SeatPeak.objects.create(company=acme, month=PERIOD.first, seats=4)
    use(acme, 8, occurred_at=datetime(2026, 11, 20, tzinfo=UTC))
    told = {(charge.kind, charge.unit): charge for charge in due(acme) if "charge" in charge.description}
    assert {key: (charge.quantity, charge.unit_price) for key, charge in told.items()} == {
        ("plan", "month"): (Decimal("0.5"), 30),
        ("seats", "seat"): (Decimal(1), 9),
        # Half a month includes half of the ten.
        ("usage", "message"): (3, Decimal("0.01")),
    }
    fee = told["usage", "message"]
    assert (fee.service_from, fee.description["plan"]) == (date(2026, 11, 16), "Test")
    assert len(list(messages_behind(fee.key))) == 3
    assert list(messages_behind(told["plan", "month"].key)) == []


def test_included_messages_of_a_category_are_not_paid(acme: Company) -> None:
    publish(RATES)
    on_plan(acme, included={"marketing": 2})
    use(acme, 5)
    told = {charge.description["rule"]: (charge.quantity, charge.unit_price) for charge in due(acme)}
    assert told == {"included": (2, 0), "charged": (3, Decimal("0.10"))}


def test_every_line_opens_its_messages(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with_allowance(monkeypatch, 3)
    use(company, 2)
    seconds = [NOVEMBER + timedelta(seconds=second) for second in range(5)]
    record_usage(company, [fact(f"s{n}", category="service", occurred_at=seconds[n]) for n in range(5)])
    opened = {
        (charge.description["category"], charge.description["rule"]): [
            record.message_public_id for record in messages_behind(charge.key)
        ]
        for charge in due(company)
    }
    assert opened == {
        ("marketing", "charged"): ["m0", "m1"],
        ("service", "allowance"): ["s0", "s1", "s2"],
        ("service", "charged"): ["s3", "s4"],
    }


def with_allowance(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Rules as since October, with fewer free messages."""
    monkeypatch.setattr(rules, "RULES", (Rules(date(2025, 7, 1), True, free, False),))


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("use"),
            st.integers(0, 11),
            st.sampled_from(["marketing", "service", "utility"]),
            st.integers(-12, 24),
            st.sampled_from([GERMAN, FRENCH]),
        ),
        st.tuples(st.just("rate")),
        st.tuples(st.just("invoice")),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture
def covered(acme: Company) -> Company:
    """On a plan that covers two marketing messages a month."""
    publish(RATES)
    on_plan(acme, included={"marketing": 2})
    return acme


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
def test_whatever_happens_in_which_order_the_invoices_add_up_to_the_messages(
    covered: Company, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[Any, ...]]
) -> None:
    """I-01 to I-07 and I-24: use, repeat, correct, come late, rate and invoice, against a count of the raw events.

    The price goes up in the middle of November; of a month three service messages of each of two numbers are free, and
    the plan covers two marketing messages.
    """
    with transaction.atomic():
        with_allowance(monkeypatch, 3)
        own_prices(covered, "50", since=date(2026, 11, 16))
        invoices: list[Charge] = []
        events: dict[int, Event] = {}
        addresses: dict[int, str] = {}
        for step in steps:
            if step[0] == "use":
                _, key, category, days, address = step
                # Where a person is does not change with a report, nor the number that wrote.
                event = Event(
                    f"m{key}",
                    category,
                    NOVEMBER + timedelta(days=days, seconds=key),
                    addresses.setdefault(key, address),
                    number=("1065", "2077")[key % 2],
                )
                record_usage(covered, [event.fact()])
                events[key] = event
            elif step[0] == "rate":
                rated(covered)
            else:
                charges = due(covered, NEXT)
                frozen = list(RatedLine.objects.claimed().order_by("pk").values())
                claim(covered, charges, by=f"invoice-{len(invoices)}", now=NOVEMBER)
                kept = RatedLine.objects.filter(pk__in=[row["id"] for row in frozen]).order_by("pk")
                assert list(kept.values()) == frozen
                invoices += charges
        rest = due(covered, NEXT)
        before = list(RatedLine.objects.order_by("pk").values())
        for period in (month_of(date(2026, 10, 1)), PERIOD, NEXT):
            assert rate_month(covered, period, now=NOVEMBER).changed == 0
        assert due(covered, NEXT) == rest
        assert list(RatedLine.objects.order_by("pk").values()) == before
        expected = oracle(list(events.values()))
        assert counted((one.description["category"], one.unit_price, one.quantity) for one in (*invoices, *rest)) == (
            expected
        )
        assert net((*invoices, *rest)) == sum(price * quantity for (_, price), quantity in expected.items())
        assert net((*invoices, *rest)) == sum(RatedLine.objects.values_list("net", flat=True), Decimal(0))
        happened = by_market((event.market, event.category, 1) for event in events.values())
        for rows in (UsageRecord.objects.standing(), DailyUsage.objects.all(), RatedLine.objects.all()):
            assert by_market(rows.values_list("market", "category", "quantity")) == happened
        if not invoices:
            behind = [record.message_public_id for charge in rest for record in messages_behind(charge.key)]
            assert sorted(behind) == sorted(event.message for event in events.values())
        transaction.set_rollback(True)


@dataclass(frozen=True)
class Event:
    """A delivered message, as a slow count knows it."""

    message: str
    category: str
    at: datetime
    address: str
    number: str

    @property
    def market(self) -> str:
        return {GERMAN: "Germany", FRENCH: "France"}[self.address]

    def fact(self) -> UsageFact:
        return fact(
            self.message,
            category=self.category,
            address=self.address,
            occurred_at=self.at,
            number=self.number,
            channel_public_id=self.number,
        )


def oracle(events: list[Event]) -> dict[Any, Decimal]:
    """How many of each category at each price: one message after the other, by time."""
    service: Counter[Any] = Counter()
    covered: Counter[int] = Counter()
    prices = []
    for event in sorted(events, key=lambda event: (event.at, event.message)):
        amount = Decimal("0.10") if event.category == "marketing" else Decimal("0.04")
        price = amount * (Decimal("1.5") if event.at.date() >= date(2026, 11, 16) else 1)
        if event.category == "service":
            service[event.number, event.at.month] += 1
            price = Decimal(0) if service[event.number, event.at.month] <= 3 else price
        if event.category == "marketing":
            covered[event.at.month] += 1
            price = Decimal(0) if covered[event.at.month] <= 2 else price
        prices.append((event.category, price, Decimal(1)))
    return counted(prices)


def counted(found: Iterable[tuple[Any, Decimal, Decimal]]) -> dict[Any, Decimal]:
    """Quantities by what they have in common, without those that cancel out."""
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for what, price, quantity in found:
        sums[what, price] += quantity
    return {key: quantity for key, quantity in sums.items() if quantity}


def by_market(found: Iterable[tuple[str, str, Any]]) -> dict[Any, Decimal]:
    return counted((market, category, Decimal(quantity)) for market, category, quantity in found)  # type: ignore[misc]
