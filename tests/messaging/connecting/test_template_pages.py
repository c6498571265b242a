"""The templates of an account: read as the customer reads them, kept in step by hand and at night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from messaging.channels.base import Credentials, NoAnswer, NotSent, ProviderError, SendFailed, TemplateValue
from messaging.channels.models import Channel, ChannelState
from messaging.message_templates import fetching
from messaging.message_templates.models import MessageTemplate
from messaging.message_templates.services import apply_event
from messaging.message_templates.tasks import sync_templates
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import Company, DueWork
from tests.conftest import Browser
from tests.messaging.connecting.conftest import TOKEN, WABA, now_is, put

BODY = {"type": "BODY", "text": "Hello {{1}}", "example": {"body_text": [["Ana"]]}}


def make(company: Company, name: str = "spring_sale", **fields: Any) -> MessageTemplate:
    values = {"language": "de", "category": "marketing", "status": "approved", "components": [BODY], **fields}
    with company_context(company):
        return MessageTemplate.objects.create(account_external_id=WABA, name=name, **{"external_id": "1", **values})


def names(browser: Browser, **query: str) -> list[str]:
    return [row["template"].name for row in browser.get("/templates/", query).context["rows"]]


def read(browser: Browser, made: MessageTemplate) -> str:
    return str(browser.get(f"/templates/{made.public_id}/").content.decode())


def due_at(company: Company) -> Any:
    return DueWork.objects.get(kind="sync-templates", company=company).due_at


# --- The list ---------------------------------------------------------------------------------------------------------


def test_without_a_number_the_page_leads_to_one(browser: Browser) -> None:
    assert "Connect a number" in browser.get("/templates/").content.decode()


def test_every_template_is_shown_in_words(browser: Browser, acme: Company) -> None:
    make(acme, status="rejected", rejected_reason="PROMOTIONAL", quality="RED")
    shown = browser.get("/templates/").content.decode()
    for words in ("spring_sale", "German", "Marketing", "Rejected", "It advertises", "Low"):
        assert words in shown


def test_an_unknown_status_is_kept_as_the_provider_says_it(browser: Browser, acme: Company) -> None:
    make(acme, status="of_tomorrow", category="new_kind", language="xx_unknown", rejected_reason="ODD")
    shown = browser.get("/templates/").content.decode()
    assert "Of tomorrow" in shown
    assert "xx_unknown" in shown


def test_templates_are_found_by_name_and_status(browser: Browser, acme: Company) -> None:
    make(acme)
    make(acme, "order_shipped", status="paused")
    make(acme, "gone", status="deleted")
    assert names(browser) == ["order_shipped", "spring_sale"]
    assert names(browser, q="spring sale") == ["spring_sale"]
    assert names(browser, status="paused") == ["order_shipped"]
    assert names(browser, status="deleted") == ["gone"]
    assert names(browser, q="nothing") == []


def test_typing_fetches_the_table_alone(browser: Browser, acme: Company) -> None:
    make(acme)
    part = browser.get("/templates/", {"q": "spring"}, headers={"HX-Request": "true"}).content.decode()
    assert "spring_sale" in part
    assert "<html" not in part


def test_the_list_asks_as_much_for_one_as_for_many(
    browser: Browser, acme: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make(acme)
    browser.get("/templates/")
    with django_assert_num_queries(8) as few:
        browser.get("/templates/")
    for number in range(30):
        make(acme, f"t{number}")
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get("/templates/")


# --- As the customer reads it -----------------------------------------------------------------------------------------


def test_a_template_is_read_with_its_samples(browser: Browser, acme: Company) -> None:
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["A-17"]}},
        {**BODY, "text": "Hello {{1}}, {{2}}", "example": {"body_text": [["Ana", "it left"]]}},
        {"type": "FOOTER", "text": "Only once"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track"}, {"type": "QUICK_REPLY", "text": "Stop"}]},
    ]
    shown = read(browser, make(acme, components=components))
    for words in ("Order A-17", "Hello Ana, it left", "Only once", "Track", "Stop"):
        assert words in shown


def test_named_placeholders_are_filled_too(browser: Browser, acme: Company) -> None:
    example = {"body_text_named_params": [{"param_name": "first_name", "example": "Ana"}]}
    component = {"type": "BODY", "text": "Hello {{first_name}}", "example": example}
    assert "Hello Ana" in read(browser, make(acme, components=[component]))


def test_of_a_code_s_template_whose_text_is_meta_s_the_page_says_so(browser: Browser, acme: Company) -> None:
    button = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}
    components = [{"type": "BODY", "add_security_recommendation": True}, {"type": "BUTTONS", "buttons": [button]}]
    assert "own text with a code to copy" in read(browser, make(acme, components=components))


@pytest.mark.parametrize(
    "components",
    [
        [],
        ["odd", None],
        [{"type": "BODY"}],
        [{"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": "x"}}],
        [{"type": "HEADER", "format": "IMAGE"}, {"type": "BUTTONS", "buttons": "x"}],
        [{"type": "BODY", "add_security_recommendation": True}, {"type": "BUTTONS", "buttons": [None]}],
        [{"type": "CAROUSEL", "cards": [{}, {}]}],
    ],
)
def test_odd_components_still_make_a_page(browser: Browser, acme: Company, components: list[Any]) -> None:
    assert browser.get(f"/templates/{make(acme, components=components).public_id}/").status_code == 200


def test_a_template_s_text_is_text_and_nothing_else(browser: Browser, acme: Company) -> None:
    made = make(acme, components=[{"type": "BODY", "text": "<script>alert(1)</script>"}])
    assert "<script>alert" not in read(browser, made)


# --- In step ----------------------------------------------------------------------------------------------------------


def test_templates_are_taken_over_when_somebody_asks(browser: Browser, channel: Channel, meta: Sandbox) -> None:
    browser.post("/templates/fetch/")
    assert names(browser) == ["hello_world", "order_shipped"]
    meta.template(f"{WABA}:hello_world:en", status="PAUSED")
    browser.post("/templates/fetch/")
    assert names(browser, status="paused") == ["hello_world"]


def test_many_pages_are_taken_over(browser: Browser, acme: Company, channel: Channel, meta: Sandbox) -> None:
    body = {"type": "BODY", "text": "This is a test."}
    many = [
        {"name": f"t{number:03}", "language": "en", "category": "UTILITY", "components": [body]}
        for number in range(230)
    ]
    meta.add_account(WABA, templates=many)
    browser.post("/templates/fetch/")
    with company_context(acme):
        assert MessageTemplate.objects.count() == 232


def test_what_stood_in_the_way_is_said_and_what_was_known_stays(
    browser: Browser, acme: Company, channel: Channel, meta: Sandbox
) -> None:
    browser.post("/templates/fetch/")
    meta.revoke_token(TOKEN)
    shown = browser.post("/templates/fetch/", follow=True).content.decode()
    assert "The templates of Support could not be fetched" in shown
    assert "Meta no longer accepts our access" in shown
    assert names(browser) == ["hello_world", "order_shipped"]
    meta.revoke_token(TOKEN, revoked=False)
    assert "could not be fetched" not in browser.post("/templates/fetch/", follow=True).content.decode()


@pytest.mark.parametrize(
    ("problem", "code"),
    [(NotSent(), "no_connection"), (NoAnswer(), "no_answer"), (SendFailed(ProviderError("80007")), "80007")],
)
def test_each_failure_is_kept_with_its_code(acme: Company, channel: Channel, problem: Exception, code: str) -> None:
    def ask(kind: str, credentials: Credentials) -> Sequence[TemplateValue]:
        raise problem

    with company_context(acme):
        assert not fetching.fetch(channel, ask=ask)
    assert now_is(acme, channel).health["templates"]["code"] == code


def test_a_damaged_token_is_a_failure_like_others(acme: Company, channel: Channel) -> None:
    put(acme, channel, token="damaged")
    with company_context(acme):
        assert not fetching.fetch(Channel.objects.get())
    assert now_is(acme, channel).health["templates"]["code"] == "SecretUnreadable"


def test_what_a_webhook_told_while_we_asked_stays(acme: Company, channel: Channel) -> None:
    asked_at = timezone.now()
    make(acme, external_id="16", synced_at=asked_at - timedelta(days=1))

    def ask(kind: str, credentials: Credentials) -> Sequence[TemplateValue]:
        said = {"message_template_id": 16, "event": "PAUSED"}
        apply_event(WABA, "message_template_status_update", said, at=asked_at + timedelta(seconds=1))
        return [TemplateValue("16", "spring_sale", "de", "MARKETING", "APPROVED", [BODY])]

    with company_context(acme):
        assert fetching.fetch(channel, ask=ask, now=asked_at)
        assert MessageTemplate.objects.get().status == "paused"


def test_an_account_with_two_numbers_is_asked_once(acme: Company, channel: Channel) -> None:
    with company_context(acme):
        other = {"kind": "whatsapp", "account_external_id": WABA, "token": "-"}
        Channel.objects.create(name="Two", external_id="2", state=ChannelState.RECONNECT, **other)
        Channel.objects.create(name="Gone", external_id="3", state=ChannelState.DISCONNECTED, **other)
        assert fetching.accounts() == [channel]


def test_the_task_comes_again_the_next_night(acme: Company, channel: Channel) -> None:
    assert sync_templates(acme.schema_name) == 1
    at = due_at(acme)
    assert 1 <= at.hour < 5
    assert timedelta(0) < at - timezone.now() < timedelta(hours=30)


def test_the_task_comes_again_soon_when_meta_was_away(acme: Company, channel: Channel, settings: Settings) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    assert sync_templates(acme.schema_name) == 0
    assert due_at(acme) - timezone.now() < timedelta(hours=1)


def test_without_a_number_the_task_has_an_end(acme: Company, channel: Channel) -> None:
    put(acme, channel, state=ChannelState.DISCONNECTED)
    sync_templates(acme.schema_name)
    assert not DueWork.objects.filter(kind="sync-templates", company=acme).exists()
