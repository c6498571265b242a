"""An admin sets a budget, is told when it comes near, and reads what stops."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from billing.models import Budget, BudgetAlert
from billing.plans.budgets import reserve
from tenants.models import AuditEntry, Company, Mail, User
from tenants.services import visits
from tenants.services.audit import Actor
from tests.billing.company.conftest import budget, now, use
from tests.conftest import Browser

GIVEN = {"month_limit": "1.250,50", "hard_stop": "on", "reply_reserve": "50"}


def mails() -> list[Mail]:
    return list(Mail.objects.order_by("pk"))


def test_a_budget_is_set_as_people_write_it_and_logged(priced: Company, browser: Browser) -> None:
    assert browser.post("/billing/budget/", GIVEN).status_code == 302
    saved = Budget.objects.get(company=priced)
    assert (saved.month_limit, saved.hard_stop, saved.reply_reserve) == (Decimal("1250.50"), True, Decimal("50.00"))
    entry = AuditEntry.objects.get(action="budget.changed")
    assert entry.after == {"month_limit": "1250.50 EUR", "hard_stop": "yes", "reply_reserve": "50.00 EUR"}


def test_the_same_again_is_no_second_entry(priced: Company, browser: Browser) -> None:
    browser.post("/billing/budget/", GIVEN)
    browser.post("/billing/budget/", GIVEN)
    assert AuditEntry.objects.filter(action="budget.changed").count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"month_limit": ""}, "This field is required."),
        ({"month_limit": "much"}, "Write an amount, such as 250.00."),
        ({"month_limit": "1.000,000"}, "Write an amount, such as 250.00."),
        ({"month_limit": "0"}, "Write an amount from 1.00 to"),
        ({"month_limit": "-5"}, "Write an amount, such as 250.00."),
        ({"month_limit": "99999999999"}, "Write an amount from 1.00 to"),
        ({"reply_reserve": "2000"}, "This is more than the limit itself."),
    ],
)
def test_a_wrong_amount_says_what_is_wrong(
    priced: Company, browser: Browser, wrong: dict[str, str], words: str
) -> None:
    answer = browser.post("/billing/budget/", {**GIVEN, **wrong})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Budget.objects.exists()


def test_a_removed_budget_watches_nothing(priced: Company, browser: Browser) -> None:
    budget(priced, "10")
    browser.post("/billing/budget/remove/")
    assert not Budget.objects.exists()
    assert AuditEntry.objects.filter(action="budget.removed").exists()
    assert b"No budget is set" in browser.get("/billing/budget/").content


def test_each_threshold_is_mailed_once_in_the_company_s_language(priced: Company, admin: User) -> None:
    Company.objects.filter(pk=priced.pk).update(language="de")
    budget(priced, "1.00")
    reserve(priced, "a", Decimal("0.60"), now=now())
    reserve(priced, "b", Decimal("0.10"), now=now())
    assert [(mail.to, mail.company_id) for mail in mails()] == [(admin.email, priced.pk)]
    assert "50 % des Monatsbudgets von Acme Versand sind verbraucht" in mails()[0].subject
    assert "/billing/budget/" in mails()[0].text
    reserve(priced, "c", Decimal("0.20"), now=now())
    assert len(mails()) == 2


def test_several_thresholds_at_once_are_one_mail(priced: Company) -> None:
    budget(priced, "1.00", stop=True)
    use(priced, 11)
    assert [mail.subject for mail in mails()] == ["The month's budget of Acme Versand is used up"]
    assert BudgetAlert.objects.count() == 3


def test_counting_again_and_raising_the_limit_mail_nothing_twice(priced: Company) -> None:
    budget(priced, "1.00")
    use(priced, 11)
    use(priced, 1, prefix="late")
    budget(priced, "2.00")
    assert len(mails()) == 1


@pytest.mark.parametrize(
    ("stop", "words"),
    [(True, b"Broadcasts and replies that cost something wait"), (False, b"Nothing stops, since the stop is off")],
)
def test_used_up_is_a_banner_that_says_what_stops(priced: Company, browser: Browser, stop: bool, words: bytes) -> None:
    budget(priced, "1.00", stop=stop)
    use(priced, 11)
    for page in ("/billing/", "/billing/budget/"):
        assert words in browser.get(page).content


def test_what_is_kept_for_replies_pauses_broadcasts_before_the_limit(priced: Company, browser: Browser) -> None:
    budget(priced, "1.00", stop=True, replies="0.60")
    reserve(priced, "a", Decimal("0.40"), now=now())
    assert b"Broadcasts pause: only replies may use what is left." in browser.get("/billing/").content


def test_a_visitor_looks_and_changes_nothing(
    priced: Company, staff: User, at: Callable[..., Browser], browser: Browser
) -> None:
    visit = visits.begin_visit(priced, actor=Actor(user=staff), reason="looking after a ticket", minutes=15)
    visitor = at(priced).sign_in(staff, priced, visit=visit)
    assert visitor.get("/billing/budget/").status_code == 200
    assert visitor.post("/billing/budget/", GIVEN).status_code == 403
    assert not Budget.objects.exists()
