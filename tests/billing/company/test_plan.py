"""A change of the plan: what it would cost, from when it holds, and that it can be taken back."""

from __future__ import annotations

from datetime import timedelta

from billing.models import Plan, Subscription
from billing.plans.changing import begins, standing
from billing.plans.periods import month_of, today
from tenants.models import AuditEntry, Company
from tests.billing.company.conftest import now, use
from tests.conftest import Browser


def on(company: Company) -> list[tuple[str, bool]]:
    """The plans of the company in order, and whether they end."""
    rows = Subscription.objects.of(company).order_by("since")
    return [(row.plan.code, row.until is not None) for row in rows]


def test_the_page_reckons_every_plan_with_the_company_s_own_month(priced: Company, browser: Browser) -> None:
    use(priced, 1100)
    offers = {one["plan"].code: one["month"] for one in browser.get("/billing/plan/").context["plans"]}
    # Start: 29.00, and a hundred messages beyond its thousand at a cent.
    assert f"{offers['start']:.2f}" == "30.00"
    assert f"{offers['team']:.2f}" == "99.00"


def test_the_preview_changes_nothing(priced: Company, browser: Browser) -> None:
    answer = browser.get("/billing/plan/start/")
    assert b"Nothing is due now" in answer.content
    assert len(on(priced)) == 1


def test_a_change_holds_from_the_next_month_on(priced: Company, browser: Browser) -> None:
    assert browser.post("/billing/plan/start/").status_code == 302
    held = standing(priced, today(now()))
    assert held.current
    assert held.coming
    assert (held.coming.plan.code, held.coming.since) == ("start", month_of(today(now())).last + timedelta(days=1))
    assert held.current.until == month_of(today(now())).last
    entry = AuditEntry.objects.get(action="plan.changed")
    assert (entry.before["plan"], entry.after["plan"]) == ("Test", "Start")


def test_another_choice_replaces_the_planned_one(priced: Company, browser: Browser) -> None:
    browser.post("/billing/plan/start/")
    browser.post("/billing/plan/haus/")
    assert [code for code, _ in on(priced)][1:] == ["haus"]


def test_a_planned_change_is_taken_back(priced: Company, browser: Browser) -> None:
    browser.post("/billing/plan/start/")
    browser.post("/billing/plan/keep/")
    assert [ends for _, ends in on(priced)] == [False]
    assert AuditEntry.objects.filter(action="plan.kept").exists()


def test_the_plan_one_is_on_cannot_be_chosen(acme: Company, browser: Browser) -> None:
    browser.post("/billing/plan/team/")
    answer = browser.post("/billing/plan/team/")
    assert answer.status_code == 422
    assert b"on this plan already" in answer.content


def test_without_a_plan_it_begins_today(acme: Company, browser: Browser) -> None:
    assert b"The company has no plan yet" in browser.get("/billing/plan/").content
    browser.post("/billing/plan/start/")
    assert begins(standing(acme, today(now())), today(now())) > today(now())
    assert Subscription.objects.get(company=acme).since == today(now())


def test_a_plan_that_is_not_on_offer_is_not_found(priced: Company, browser: Browser) -> None:
    for code in ("nothing", Plan.objects.get(is_public=False).code):
        assert browser.get(f"/billing/plan/{code}/").status_code == 404


def test_a_smaller_plan_says_which_seats_are_beyond_it(priced: Company, browser: Browser) -> None:
    Plan.objects.create(code="solo", name="Solo", monthly_fee=5, seats=1, extra_seat_fee=9)
    assert "one of yours is beyond" in browser.get("/billing/plan/solo/").content.decode()
