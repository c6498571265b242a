"""Templates in the composer's place: chosen, filled in, sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import ConsentSource, ConsentState, Purpose
from messaging.conversations.models import Conversation
from messaging.message_templates.models import MessageTemplate
from messaging.messages import answering
from messaging.messages.models import Message
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.inbox.conftest import add, and_then, begin, make_template, path, sent

VALUES = {"body.0": "Ana", "body.1": "A-1", "buttons.0.value": "t7", "client_key": "k1"}


@pytest.fixture
def template(acme: Company) -> MessageTemplate:
    with company_context(acme):
        return make_template()


def at_(conversation: Conversation, template: MessageTemplate, action: str = "") -> str:
    return path(conversation, f"templates/{template.public_id}/{action}")


def test_only_what_is_approved_for_this_account_is_offered(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    with company_context(acme):
        make_template("paused_one", status="paused")
        make_template("someone_else", account_external_id="other")
        make_template("needs_catalogue", components=[{"type": "BUTTONS", "buttons": [{"type": "CATALOG"}]}])
    choices = browser.get(path(conversation, "templates/")).context["choices"]
    assert [choice["name"] for choice in choices] == ["order shipped"]


def test_the_contact_s_language_is_offered_first_and_the_others_beside_it(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    with company_context(acme):
        make_template(language="en")
    (choice,) = browser.get(path(conversation, "templates/")).context["choices"]
    assert [(one["language"], one["is_first"]) for one in choice["languages"]] == [("de", True), ("en", False)]


def test_without_an_approved_template_the_page_says_who_can_make_one(
    browser: Browser, conversation: Conversation
) -> None:
    page = browser.get(path(conversation, "templates/")).content.decode()
    assert "No approved template yet" in page
    assert "admin of your company" in page


@pytest.mark.parametrize(("words", "found"), [("bestellung", 1), ("order", 1), ("pizza", 0), ("'; --", 0)])
def test_templates_are_found_by_words(
    browser: Browser, conversation: Conversation, template: MessageTemplate, words: str, found: int
) -> None:
    assert len(browser.get(path(conversation, "templates/"), {"q": words}).context["choices"]) == found


def test_a_template_is_sent_as_the_person_will_read_it_also_after_the_window(
    browser: Browser, acme: Company, template: MessageTemplate
) -> None:
    conversation = begin(acme, hours_ago=25)
    for _ in range(2):
        assert browser.post(at_(conversation, template), VALUES).status_code == 302
    (message,) = sent(acme)
    assert message.text == "Hallo Ana, Ihre Bestellung A-1 ist unterwegs.\nIhr Paketladen"
    assert message.content["body"] == ["Ana", "A-1"]
    assert "https://example.com/t/t7" in browser.get(path(conversation)).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("body.0", "", "must not be empty"),
        ("body.1", "a\nb", "No line breaks"),
        ("body.1", "a\tb", "No line breaks"),
        ("body.1", "a     b", "No line breaks"),
        ("body.1", "x" * 1025, "At most 1024"),
        ("buttons.0.value", " ", "must not be empty"),
    ],
)
def test_what_is_wrong_with_a_value_stands_at_its_field(
    field: str,
    value: str,
    words: str,
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    template: MessageTemplate,
) -> None:
    answer = browser.post(at_(conversation, template), {**VALUES, field: value})
    assert answer.status_code == 422
    assert words in str(answer.context["template_form"].errors[field])
    assert sent(acme) == []


@pytest.mark.parametrize(
    "values", [{"client_key": "k"}, {**VALUES, "body.1": ""}, {"client_key": "k", "body.0": "Ana"}]
)
def test_too_few_values_are_refused_and_too_many_left_out(
    values: dict[str, str], browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    assert browser.post(at_(conversation, template), values).status_code == 422
    browser.post(at_(conversation, template), {**VALUES, "body.2": "zu viel", "header": "zu viel"})
    (message,) = sent(acme)
    assert (message.content["body"], "header" in message.content) == (["Ana", "A-1"], False)


def test_values_follow_a_template_that_was_changed_meanwhile(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    with company_context(acme):
        body = {"type": "BODY", "text": "Hallo {{1}}, {{2}}, {{3}}"}
        MessageTemplate.objects.update(components=[body])
    answer = browser.post(at_(conversation, template), VALUES)
    assert answer.status_code == 422
    assert [*answer.context["template_form"].errors] == ["body.2"]


@pytest.mark.parametrize(
    ("category", "decisions", "words"),
    [
        ("marketing", [], "they have not agreed to news and offers"),
        ("marketing", ["opted_in", "opted_out"], "they do not want news and offers"),
        ("marketing", ["opted_in"], ""),
        ("utility", ["opted_out"], ""),
    ],
)
def test_what_advertises_goes_only_to_whoever_agreed(
    category: str,
    decisions: list[str],
    words: str,
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    template: MessageTemplate,
) -> None:
    with company_context(acme):
        MessageTemplate.objects.update(category=category)
        for state in decisions:
            consent.record(conversation.contact, purpose="marketing", state=state, source="keyword", at=timezone.now())
    assert words in browser.get(at_(conversation, template)).content.decode()
    answer = browser.post(at_(conversation, template), VALUES)
    assert (answer.status_code, words in answer.content.decode()) == ((422, True) if words else (302, True))
    assert len(sent(acme)) == (0 if words else 1)


@pytest.mark.parametrize("status", ["paused", "deleted", "rejected", "pending", "disabled"])
def test_a_template_that_was_paused_or_withdrawn_meanwhile_is_not_sent(
    status: str, browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    with company_context(acme):
        MessageTemplate.objects.update(status=status)
    answer = browser.post(at_(conversation, template), VALUES)
    assert answer.status_code == 409
    assert "paused or withdrawn" in answer.content.decode()
    assert sent(acme) == []


def test_a_template_past_a_new_message_is_held(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    with company_context(acme):
        seen = Message.objects.get().public_id
    add(acme, conversation, text="Hat sich erledigt")
    held = browser.post(at_(conversation, template), {**VALUES, "seen": seen})
    assert held.status_code == 409
    assert "Hat sich erledigt" in held.content.decode()
    form = held.context["template_form"]
    assert browser.post(at_(conversation, template), {**VALUES, "seen": form["seen"].value()}).status_code == 302


def test_what_came_while_a_template_was_held_holds_it_too(
    browser: Browser,
    acme: Company,
    conversation: Conversation,
    template: MessageTemplate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with company_context(acme):
        seen = Message.objects.get().public_id
    add(acme, conversation)
    after = and_then(answering.answer_with_template, lambda: add(acme, conversation))
    monkeypatch.setattr(answering, "answer_with_template", after)
    form = browser.post(at_(conversation, template), {**VALUES, "seen": seen}).context["template_form"]
    assert browser.post(at_(conversation, template), {**VALUES, "seen": form["seen"].value()}).status_code == 409


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("first_name", "Customer"),
        ("nachname", "of Acme Versand"),
        ("customer_name", "Customer of Acme Versand"),
        ("order_no", None),
    ],
)
def test_what_a_variable_s_name_says_is_filled_in(
    variable: str, value: str | None, browser: Browser, acme: Company, conversation: Conversation
) -> None:
    body = {"type": "BODY", "text": f"Hallo {{{{{variable}}}}}"}
    with company_context(acme):
        named = make_template(components=[body], parameter_format="NAMED")
    assert browser.get(at_(conversation, named)).context["template_form"].initial.get("body.0") == value


def test_the_preview_shows_what_is_typed_so_far_and_nothing_else(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    page = browser.post(at_(conversation, template, "preview/"), {"body.0": "<b>Ana</b>"}).content.decode()
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page
    assert "{{2}}" in page
    assert sent(acme) == []


@pytest.mark.parametrize("action", ["", "preview/"])
def test_a_template_of_another_account_or_company_is_not_there(
    action: str, browser: Browser, acme: Company, globex: Company, conversation: Conversation
) -> None:
    with company_context(acme):
        other = make_template(account_external_id="other")
    with company_context(globex):
        foreign = make_template()
    for one in (other, foreign):
        assert browser.post(at_(conversation, one, action), VALUES).status_code == 404


def test_an_example_of_the_provider_is_text(browser: Browser, acme: Company, conversation: Conversation) -> None:
    body: dict[str, Any] = {"type": "BODY", "text": "Hallo {{1}}", "example": {"body_text": [["<script>x</script>"]]}}
    with company_context(acme):
        odd = make_template(components=[body])
    assert "<script>x" not in browser.get(at_(conversation, odd)).content.decode()


# --- Consent ----------------------------------------------------------------------------------------------------------


def agree(company: Company, conversation: Conversation, state: ConsentState = ConsentState.OPTED_IN) -> None:
    with company_context(company):
        consent.record(conversation.contact, purpose=Purpose.MARKETING, state=state, source=ConsentSource.KEYWORD)


@pytest.fixture
def news(acme: Company, template: MessageTemplate) -> MessageTemplate:
    with company_context(acme):
        return make_template("news", category="marketing")


def test_the_picker_says_which_templates_may_not_be_sent_to_this_person_and_why(
    browser: Browser, acme: Company, conversation: Conversation, news: MessageTemplate
) -> None:
    answer = browser.get(path(conversation, "templates/"))
    page = answer.content.decode()
    assert [(one["name"], one["is_refused"]) for one in answer.context["choices"]] == [
        ("news", True),
        ("order shipped", False),
    ]
    assert "they have not agreed to news and offers" in page
    with company_context(acme):
        assert f"/contacts/{conversation.contact.public_id}/#consent-title" in page
    agree(acme, conversation)
    assert "Not to this person" not in browser.get(path(conversation, "templates/")).content.decode()


def test_the_form_of_a_template_says_that_it_may_not_be_sent_before_it_is_filled_in(
    browser: Browser, acme: Company, conversation: Conversation, news: MessageTemplate, template: MessageTemplate
) -> None:
    agree(acme, conversation, ConsentState.OPTED_OUT)
    page = browser.get(at_(conversation, news)).content.decode()
    assert "they do not want news and offers" in page
    assert "Send the template" not in page
    assert "Send the template" in browser.get(at_(conversation, template)).content.decode()


def test_a_template_without_consent_is_refused_and_nothing_typed_is_lost(
    browser: Browser, acme: Company, conversation: Conversation, news: MessageTemplate
) -> None:
    answer = browser.post(at_(conversation, news), VALUES)
    page = answer.content.decode()
    assert (answer.status_code, sent(acme)) == (422, [])
    assert "they have not agreed to news and offers" in page
    assert answer.context["template_form"].values["body.1"] == "A-1"
    agree(acme, conversation)
    assert browser.post(at_(conversation, news), VALUES).status_code == 302
    assert len(sent(acme)) == 1


def test_a_template_that_became_marketing_after_it_was_looked_at_is_refused(
    browser: Browser, acme: Company, conversation: Conversation, template: MessageTemplate
) -> None:
    assert "Send the template" in browser.get(at_(conversation, template)).content.decode()
    with company_context(acme):
        MessageTemplate.objects.update(category="MARKETING")
    assert browser.post(at_(conversation, template), VALUES).status_code == 422
    assert sent(acme) == []


def test_sending_a_marketing_template_again_is_refused_in_words(
    browser: Browser, acme: Company, conversation: Conversation, news: MessageTemplate
) -> None:
    failed = add(
        acme,
        conversation,
        direction="outbound",
        state="failed",
        type="template",
        error_code="131016",
        content={"name": "news", "language": "de"},
    )
    answer = browser.post(path(conversation, f"messages/{failed.public_id}/retry/"), follow=True)
    assert "they have not agreed to news and offers" in answer.content.decode()
    assert [one.state for one in sent(acme)] == ["failed"]
