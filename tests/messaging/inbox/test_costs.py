"""An answer shows its price before it is sent, and is not sent past the month's budget."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.plans import entitlements
from billing.plans.budgets import reserve, set_budget
from messaging.conversations.models import Conversation
from messaging.messages.models import Direction, Message, MessageState
from tenants.context import company_context
from tenants.models import Company
from tests.billing import metered
from tests.conftest import Browser
from tests.messaging.inbox.conftest import begin, make_template, path, sent


@pytest.fixture
def priced(acme: Company) -> Company:
    metered.publish([("Germany", "utility", "0.0550"), ("Germany", "marketing", "0.1365")])
    metered.on_plan(acme)
    return acme


def number_of(company: Company) -> str:
    return f"10{company.pk}"


def use_up_the_free_ones(company: Company, left: int = 0) -> None:
    count = 1000 - left
    metered.use(
        company, count, number=number_of(company), category="service", origin="reply", occurred_at=timezone.now()
    )
    metered.rated(company, now=timezone.now())


def stop_at(company: Company, limit: str, *, replies: str = "0") -> None:
    values = {"hard_stop": True, "reply_reserve": Decimal(replies), "currency": "EUR"}
    set_budget(company, month_limit=Decimal(limit), now=timezone.now(), **values)


def answer(browser: Browser, conversation: Conversation, key: str = "k1") -> int:
    return browser.post(path(conversation, "reply/"), {"text": "Gern", "client_key": key}).status_code


def test_an_answer_says_how_many_free_ones_are_left(
    priced: Company, conversation: Conversation, browser: Browser
) -> None:
    use_up_the_free_ones(priced, left=412)
    assert "412 of 1,000 free messages left on this number" in browser.get(path(conversation)).content.decode()


def test_an_answer_past_the_free_ones_says_its_price(
    priced: Company, conversation: Conversation, browser: Browser
) -> None:
    use_up_the_free_ones(priced)
    cost = browser.get(path(conversation)).context["cost"]
    assert (cost.amount, cost.currency, cost.category, cost.country) == (Decimal("0.055"), "EUR", "Service", "DE")
    assert "about €0.055" in browser.get(path(conversation)).content.decode()


def test_a_template_says_its_price_in_the_list_and_in_its_form(priced: Company, browser: Browser) -> None:
    found = begin(priced, with_template=True)
    with company_context(priced):
        template = make_template("news", category="marketing")
    listed = browser.get(path(found, "templates/")).content.decode()
    assert "about €0.055" in listed
    assert "about €0.1365" in listed
    assert "about €0.1365" in browser.get(path(found, f"templates/{template.public_id}/")).content.decode()


def test_a_price_nobody_knows_is_said(acme: Company, conversation: Conversation, browser: Browser) -> None:
    metered.on_plan(acme)
    with company_context(acme):
        make_template(category="carrier_pigeon")
    page = browser.get(path(conversation, "templates/")).content.decode()
    assert "no price known" in page
    assert "The provider reported a category we do not know: carrier_pigeon." in page


def test_a_price_is_asked_once_a_minute(
    priced: Company, conversation: Conversation, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get(path(conversation))
    with django_assert_num_queries(19, exact=False) as known:
        browser.get(path(conversation))
    entitlements.forget_expected()
    with django_assert_num_queries(len(known.captured_queries) + 8, exact=False):
        browser.get(path(conversation))


def test_a_delivered_message_says_what_it_did_cost(
    priced: Company, conversation: Conversation, browser: Browser
) -> None:
    answer(browser, conversation)
    [message] = sent(priced)
    with company_context(priced):
        row = Message.objects.get(pk=message.pk)
        row.state, row.delivered_at = MessageState.DELIVERED, timezone.now()
        row.save()
    assert "Price" not in browser.get(path(conversation, f"messages/{message.public_id}/")).content.decode()
    told = metered.fact(message.public_id, category="utility", origin="reply", occurred_at=timezone.now())
    metered.record_usage(priced, [told])
    metered.rated(priced, now=timezone.now())
    page = browser.get(path(conversation, f"messages/{message.public_id}/"))
    assert page.context["cost"].amount == Decimal("0.055")
    assert "€0.055" in page.content.decode()


def test_a_hard_stop_refuses_an_answer_that_costs_and_keeps_the_words(
    priced: Company, conversation: Conversation, browser: Browser
) -> None:
    use_up_the_free_ones(priced)
    stop_at(priced, "1.00")
    reserve(priced, "all of it", Decimal("1.00"), now=timezone.now())
    refused = browser.post(path(conversation, "reply/"), {"text": "Gern geschehen", "client_key": "k1"})
    assert refused.status_code == 422
    assert "budget is used up" in refused.content.decode()
    assert "Gern geschehen" in refused.content.decode()
    assert sent(priced) == []


def test_what_is_free_goes_out_past_the_stop(priced: Company, conversation: Conversation, browser: Browser) -> None:
    stop_at(priced, "1.00")
    reserve(priced, "all of it", Decimal("1.00"), now=timezone.now())
    assert answer(browser, conversation) == 302


def test_answers_use_what_is_kept_for_them(priced: Company, conversation: Conversation, browser: Browser) -> None:
    use_up_the_free_ones(priced)
    stop_at(priced, "1.00", replies="0.50")
    reserve(priced, "a broadcast", Decimal("0.50"), now=timezone.now())
    assert answer(browser, conversation) == 302
    reserve(priced, "replies", Decimal("0.40"), now=timezone.now(), for_reply=True)
    assert answer(browser, conversation, "k2") == 422


def test_a_template_of_an_agent_is_refused_as_well(priced: Company, browser: Browser) -> None:
    found = begin(priced, with_template=True, hours_ago=30)
    with company_context(priced):
        template = make_template("plain", components=[{"type": "BODY", "text": "Hallo"}])
    stop_at(priced, "1.00")
    reserve(priced, "all of it", Decimal("1.00"), now=timezone.now())
    refused = browser.post(path(found, f"templates/{template.public_id}/"), {"client_key": "k1", "seen": ""})
    assert refused.status_code == 422
    assert "budget is used up" in refused.content.decode()


def test_a_retry_is_refused_as_well(priced: Company, conversation: Conversation, browser: Browser) -> None:
    answer(browser, conversation)
    [message] = sent(priced)
    with company_context(priced):
        Message.objects.filter(pk=message.pk).update(state=MessageState.FAILED, error_code="131000")
    use_up_the_free_ones(priced)
    # The answer was free, as this process would know for a minute.
    entitlements.forget_expected()
    stop_at(priced, "1.00")
    reserve(priced, "all of it", Decimal("1.00"), now=timezone.now())
    page = browser.post(path(conversation, f"messages/{message.public_id}/retry/"), follow=True)
    assert "budget is used up" in page.content.decode()
    with company_context(priced):
        states = Message.objects.filter(direction=Direction.OUTBOUND).values_list("state", flat=True)
        assert list(states) == [MessageState.FAILED]
