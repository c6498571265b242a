"""A budget is asked before anything is sent: however many send at once, it is not passed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from billing.plans.budget_models import Budget, BudgetAlert, BudgetMonth, Reservation
from billing.plans.budgets import used_reservations
from billing.plans.entitlements import (
    BudgetReached,
    Planned,
    budget_allows,
    quote,
    release,
    reserve,
    set_budget,
    settle,
    spending,
)
from billing.plans.periods import elapsed, month_of
from billing.rating import lines
from billing.usage.metering import UsageFact, record_usage, source_key
from billing.usage.models import UsageRecord
from billing.usage.rollup import is_behind
from tenants.models import Company
from tests.billing.metered import FRENCH, GERMAN, NOVEMBER, fact, on_plan, publish, rated, use
from tests.conftest import Cast

PRICE = Decimal("0.10")


def budget(company: Company, limit: str = "1.00", *, hard_stop: bool = True, replies: str = "0") -> Budget:
    return set_budget(
        company,
        month_limit=Decimal(limit),
        hard_stop=hard_stop,
        reply_reserve=Decimal(replies),
        currency="EUR",
        now=NOVEMBER,
    )


def hold(company: Company, key: str, amount: Decimal = PRICE, *, for_reply: bool = False) -> Reservation:
    return reserve(company, key, amount, now=NOVEMBER, for_reply=for_reply)


def reserved(company: Company) -> Decimal:
    return BudgetMonth.objects.get(company=company).reserved


@pytest.fixture
def company(acme: Company) -> Company:
    publish([("Germany", "marketing", "0.10"), ("Germany", "utility", "0.04"), ("France", "marketing", "0.20")])
    on_plan(acme)
    return acme


def test_what_does_not_fit_is_refused_and_says_what_would(company: Company) -> None:
    budget(company, "0.25")
    hold(company, "a")
    hold(company, "b")
    assert not budget_allows(company, PRICE, now=NOVEMBER)
    with pytest.raises(BudgetReached) as caught:
        hold(company, "c")
    assert (caught.value.left, caught.value.currency) == (Decimal("0.05"), "EUR")
    assert reserved(company) == Decimal("0.20")


def test_without_a_hard_stop_everything_goes_and_is_counted(company: Company) -> None:
    budget(company, "0.10", hard_stop=False)
    for number in range(3):
        hold(company, str(number))
    assert budget_allows(company, Decimal(99), now=NOVEMBER)
    assert spending(company, now=NOVEMBER).committed == Decimal("0.30")


def test_replies_keep_a_reserve_that_nothing_else_uses(company: Company) -> None:
    budget(company, "0.30", replies="0.10")
    hold(company, "a")
    hold(company, "b")
    with pytest.raises(BudgetReached):
        hold(company, "c")
    hold(company, "reply", for_reply=True)
    with pytest.raises(BudgetReached):
        hold(company, "reply 2", for_reply=True)


def test_the_same_key_is_reserved_once(company: Company) -> None:
    assert hold(company, "a").pk == hold(company, "a").pk
    assert reserved(company) == PRICE


def test_what_is_released_can_be_reserved_again(company: Company) -> None:
    budget(company, "0.10")
    hold(company, "a")
    assert release(company, "a")
    assert not release(company, "a")
    hold(company, "a")
    assert reserved(company) == PRICE


def test_what_is_settled_keeps_its_true_price(company: Company) -> None:
    hold(company, "a")
    assert settle(company, "a", Decimal("0.04"))
    assert not settle(company, "a", Decimal("0.04"))
    assert not release(company, "a")
    assert reserved(company) == Decimal("0.04")


def test_a_reservation_becomes_rated_usage_and_is_never_counted_twice(company: Company) -> None:
    arrived, on_its_way = fact("a"), fact("b")
    hold(company, source_key(company, arrived), Decimal("0.15"))
    hold(company, source_key(company, on_its_way), Decimal("0.15"))
    record_usage(company, [arrived])
    rated(company)
    money = spending(company, now=NOVEMBER)
    assert (money.rated, money.reserved) == (Decimal("0.10"), Decimal("0.15"))


def test_what_arrives_while_the_month_is_rated_is_let_go_of_too(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = fact("a"), fact("b")
    for one in (early, late):
        hold(company, source_key(company, one))
    record_usage(company, [early])

    def asked(of: Company) -> list[int]:
        found = used_reservations(of)
        # Counted by the rollup that follows, though nobody has seen its reservation.
        record_usage(company, [late])
        return found

    monkeypatch.setattr(lines, "used_reservations", asked)
    rated(company)
    assert is_behind(company)
    rated(company)
    assert not is_behind(company)
    money = spending(company, now=NOVEMBER)
    assert (money.rated, money.reserved) == (2 * PRICE, 0)


def test_a_message_reserved_in_one_month_and_delivered_in_the_next_is_let_go_of(company: Company) -> None:
    late = fact("a", occurred_at=datetime(2026, 12, 1, 9, tzinfo=UTC))
    hold(company, source_key(company, late))
    record_usage(company, [late])
    rated(company)
    told = {month.month.month: (month.rated, month.reserved) for month in BudgetMonth.objects.all()}
    assert told == {11: (0, 0), 12: (Decimal("0.10"), 0)}


def test_each_threshold_is_told_once_a_month(company: Company) -> None:
    budget(company, "1.00", hard_stop=False)
    hold(company, "a", Decimal("0.85"))
    hold(company, "b", Decimal("0.20"))
    assert list(BudgetAlert.objects.order_by("pk").values_list("percent", flat=True)) == [50, 80, 100]
    release(company, "b")
    hold(company, "b", Decimal("0.20"))
    assert BudgetAlert.objects.count() == 3


def test_rated_usage_alone_passes_a_threshold_too(company: Company) -> None:
    budget(company, "0.60", hard_stop=False)
    use(company, 5)
    rated(company)
    assert list(BudgetAlert.objects.order_by("percent").values_list("percent", flat=True)) == [50, 80]


def test_nobody_is_written_to_of_a_month_that_is_over(company: Company) -> None:
    budget(company, "0.60", hard_stop=False)
    use(company, 9, occurred_at=datetime(2026, 10, 28, tzinfo=UTC))
    rated(company)
    assert BudgetMonth.objects.get(month=date(2026, 10, 1)).rated == Decimal("0.90")
    assert not BudgetAlert.objects.exists()


def test_the_forecast_goes_on_as_the_month_began(company: Company) -> None:
    use(company, 10, occurred_at=datetime(2026, 11, 5, tzinfo=UTC))
    rated(company)
    third = datetime(2026, 11, 10, 23, tzinfo=UTC)
    assert spending(company, now=third).forecast == Decimal("3.00")


@pytest.mark.parametrize(
    ("day", "share"),
    [
        (datetime(2026, 10, 31, 23, tzinfo=UTC), "1"),
        (datetime(2028, 2, 14, 23, tzinfo=UTC), "0.4827586207"),
        (datetime(2026, 9, 1, tzinfo=UTC), "0"),
    ],
)
def test_elapsed_time_knows_leap_years_and_summer_time(day: datetime, share: str) -> None:
    period = month_of(date(day.year, 2, 1)) if day.month == 2 else month_of(date(2026, 10, 1))
    assert elapsed(period, day).quantize(Decimal("0.0000000001")) == Decimal(share).quantize(Decimal("0.0000000001"))


def test_a_quote_prices_what_is_planned_after_what_was_used(company: Company) -> None:
    use(company, 999, category="service")
    rated(company)
    planned = [
        Planned("1065", "service", GERMAN, quantity=3),
        Planned("1065", "marketing", FRENCH, quantity=2),
        Planned("1065", "marketing", "+8210", quantity=4),
    ]
    told = quote(company, planned, now=NOVEMBER)
    assert (told.amount, told.currency) == (2 * Decimal("0.04") + 2 * Decimal("0.20"), "EUR")
    assert [problem.missing for problem in told.problems] == ["exchange"]
    assert [part.quantity for _, part in told.parts] == [1, 2, 2]


def test_a_quote_and_the_invoice_say_the_same(company: Company) -> None:
    planned = [Planned("1065", "marketing", GERMAN, quantity=7)]
    told = quote(company, planned, now=NOVEMBER)
    use(company, 7)
    rated(company)
    assert spending(company, now=NOVEMBER).rated == told.amount


def test_many_senders_at_once_never_pass_the_budget(committed: Cast) -> None:
    """I-22"""
    company = Company.objects.get(pk=committed.acme)
    budget(company, "1.00")
    begin = Barrier(8)

    def send(sender: int) -> int:
        begin.wait()
        went = 0
        try:
            for number in range(4):
                hold(company, f"{sender}-{number}", Decimal("0.07"))
                went += 1
        except BudgetReached:
            pass
        finally:
            connection.close()
        return went

    with ThreadPoolExecutor(8) as senders:
        went = sum(senders.map(send, range(8)))
    assert (went, reserved(company)) == (14, Decimal("0.98"))


MOVES = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "settle", "arrive", "rate"]), st.integers(0, 5)),
    min_size=1,
    max_size=16,
)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_whatever_comes_in_which_order_the_sums_are_those_of_the_rows(
    company: Company, moves: list[tuple[str, int]]
) -> None:
    """I-22: nothing is held that no row holds; after rating, what arrived is rated and no longer reserved."""
    with transaction.atomic():
        budget(company, "0.40")
        for move, number in [*moves, ("rate", 0)]:
            _move(company, move, fact(f"m{number}"))
            held = Reservation.objects.filter(company=company, state__in=["open", "settled"])
            month = BudgetMonth.objects.get(company=company)
            assert month.reserved == sum((row.amount for row in held), Decimal(0))
            assert month.committed <= Decimal("0.40")
        arrived = UsageRecord.objects.of(company).count()
        assert spending(company, now=NOVEMBER).rated == arrived * PRICE
        transaction.set_rollback(True)


def _move(company: Company, move: str, one: UsageFact) -> None:
    key = source_key(company, one)
    match move:
        case "reserve" if budget_allows(company, PRICE, now=NOVEMBER):
            hold(company, key)
        case "release":
            release(company, key)
        case "settle":
            settle(company, key, PRICE)
        case "arrive" if Reservation.objects.filter(company=company, key=key, state__in=["open", "settled"]):
            record_usage(company, [one])
        case "rate":
            rated(company)
