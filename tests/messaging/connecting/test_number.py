"""One number's page: how it is and why, and what an admin does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import credentials_of
from messaging.conversations.models import Conversation
from messaging.message_templates.fetching import fetch
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Direction, Message, MessageState
from messaging.messages.trying import plain_templates
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import AuditEntry, Company, DueWork, ProviderRoute, StaffVisit, User
from tenants.services import visits
from tenants.services.audit import Actor
from tests.conftest import Browser
from tests.messaging.connecting.conftest import NUMBER, SECRET, TOKEN, VERIFY, WABA, now_is, put
from tests.messaging.messages.conftest import make_conversation, queue

PHONE = "+4915112345678"


def page(browser: Browser, channel: Channel, action: str = "") -> str:
    answer = browser.get(f"/channels/{channel.public_id}/{action}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def do(browser: Browser, channel: Channel, action: str, **fields: str) -> str:
    """Press a button, and read what then stands there."""
    return str(browser.post(f"/channels/{channel.public_id}/{action}/", fields, follow=True).content.decode())


def wait(acme: Company, channel: Channel, count: int = 2, *, person: int = 0, **fields: Any) -> None:
    """Messages in the channel's queue."""
    with company_context(acme):
        conversation = make_conversation(channel, person)
        for _ in range(count):
            queue(conversation, **fields)


# --- The list ---------------------------------------------------------------------------------------------------------


def test_a_company_without_a_number_is_led_to_its_first(browser: Browser) -> None:
    assert "Connect your first number" in browser.get("/channels/").content.decode()


def test_the_list_shows_what_each_number_is_and_does(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, last_webhook_at=timezone.now())
    wait(acme, channel)
    [row] = browser.get("/channels/").context["rows"]
    assert (str(row["quality"][0]), row["doing"]) == ("High", "Sends, 2 messages wait")


def test_the_worst_stands_as_the_one_warning(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, state=ChannelState.RECONNECT, state_reason="190 Invalid")
    [row] = browser.get("/channels/").context["rows"]
    assert row["warning"].startswith("Meta no longer accepts our access")


def test_the_list_asks_as_much_for_one_number_as_for_many(
    browser: Browser, acme: Company, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/channels/")
    with django_assert_num_queries(6) as few:
        browser.get("/channels/")
    with company_context(acme):
        for number in range(5):
            made = Channel.objects.create(kind="whatsapp", name=f"N{number}", external_id=f"9{number}", token="-")
            queue(make_conversation(made))
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get("/channels/")


def test_an_agent_is_told_who_can_do_it(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    answer = at(acme, agent).get("/channels/")
    assert answer.status_code == 403
    assert "admin@example.com" in answer.content.decode()


# --- How it is --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("reconnect", "190 Invalid OAuth access token", "Meta no longer accepts our access"),
        ("reconnect", "SecretUnreadable", "The stored access cannot be read"),
        ("reconnect", "PARTNER_REMOVED", "withdrawn our access"),
        ("reconnect", "ACCOUNT_DELETED", "was deleted at Meta"),
        ("paused", "131042 Business eligibility payment issue", "payment method is missing"),
        ("paused", "ACCOUNT_RESTRICTION RESTRICTED_BIZ_INITIATED_MESSAGING", "Meta has restricted the account"),
        ("paused", "DISABLED_UPDATE", "Meta has switched the account off"),
        ("paused", "by_hand Ann", "Ann has paused this number."),
        ("paused", "4711 Something new", "for a reason we do not know yet"),
    ],
)
def test_every_reason_is_in_plain_words(
    browser: Browser, acme: Company, channel: Channel, state: str, reason: str, words: str
) -> None:
    put(acme, channel, state=state, state_reason=reason)
    shown = page(browser, channel)
    assert words in shown
    code = reason.partition(" ")[0]
    assert code.isdigit() or code not in shown


def test_health_is_in_words(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, health={**channel.health, "quality": "RED", "daily_limit": "TIER_2K", "state": "FLAGGED"})
    shown = page(browser, channel)
    assert "up to 2,000 people a day" in shown
    assert "Low" in shown
    assert "Flagged for low quality" in shown


def test_what_webhooks_told_is_shown_with_its_time(browser: Browser, acme: Company, channel: Channel) -> None:
    told = {"phone_number_quality_update": {"at": "2026-05-01T12:00:00+00:00", "value": {"event": "FLAGGED"}}}
    put(acme, channel, health={**channel.health, "told": told})
    shown = page(browser, channel)
    assert "Quality fell to Low" in shown
    assert "1 May 2026, 14:00" in shown


@pytest.mark.parametrize(
    "odd",
    [{"told": []}, {"told": {"security": 7}}, {"problems": "x"}, {"templates": []}, {"listeners": 1}, {"trouble": 1}],
)
def test_odd_health_still_makes_a_page(browser: Browser, acme: Company, channel: Channel, odd: dict[str, Any]) -> None:
    put(acme, channel, health={**channel.health, **odd})
    page(browser, channel)
    browser.get("/channels/")


def test_a_resting_number_says_until_when(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, resting_until=timezone.now() + timedelta(minutes=1))
    assert "Rests until" in page(browser, channel)


def test_what_waits_and_what_nobody_heard_of_is_counted(browser: Browser, acme: Company, channel: Channel) -> None:
    wait(acme, channel, 3)
    wait(acme, channel, 1, person=1, state="unknown", lane="")
    waiting = browser.get(f"/channels/{channel.public_id}/").context["waiting"]
    assert (waiting.queued, waiting.unknown) == (3, 1)


def test_the_checklist_follows_what_is_known(browser: Browser, acme: Company, channel: Channel) -> None:
    def state(title: str) -> str:
        checks = browser.get(f"/channels/{channel.public_id}/").context["checks"]
        return str(next(check.state for check in checks if check.title == title))

    assert (state("Reports from Meta"), state("Access to the number")) == ("warn", "good")
    put(acme, channel, challenged_at=timezone.now())
    assert state("Reports from Meta") == "good"
    put(acme, channel, badly_signed_at=timezone.now())
    assert state("Reports from Meta") == "bad"
    put(acme, channel, last_webhook_at=timezone.now() + timedelta(seconds=1))
    assert state("Reports from Meta") == "good"
    put(acme, channel, state="paused", state_reason="131042 payment")
    assert state("Payment at Meta") == "bad"


def test_the_page_asks_a_fixed_number_of_questions(
    browser: Browser, acme: Company, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page(browser, channel)
    with django_assert_num_queries(10) as few:
        page(browser, channel)
    wait(acme, channel, 20)
    with django_assert_num_queries(len(few.captured_queries)):
        page(browser, channel)


def test_secrets_never_stand_on_a_page(browser: Browser, channel: Channel) -> None:
    for action in ("", "renew/", "disconnect/", "test/", "rename/", "pause/"):
        shown = page(browser, channel, action)
        assert TOKEN not in shown
        assert SECRET not in shown


def test_the_address_and_the_verify_token_can_be_taken_along(browser: Browser, channel: Channel) -> None:
    shown = page(browser, channel)
    assert f"/webhooks/whatsapp/{ProviderRoute.objects.get().key}/" in shown
    assert f'data-copy-text="{VERIFY}"' in shown


def test_a_visitor_sees_neither_the_verify_token_nor_a_button(
    acme: Company, channel: Channel, staff: User, at: Callable[..., Browser]
) -> None:
    visit: StaffVisit = visits.begin_visit(acme, actor=Actor(user=staff), reason="looking after a ticket", minutes=15)
    shown = page(at(acme).sign_in(staff, acme, visit=visit), channel)
    assert VERIFY not in shown
    assert 'action="/channels/' not in shown


# --- Asking -----------------------------------------------------------------------------------------------------------


def test_asking_shows_what_meta_says_now(browser: Browser, acme: Company, channel: Channel, meta: Sandbox) -> None:
    meta.number(NUMBER, quality_rating="YELLOW", status="RATE_LIMITED")
    shown = do(browser, channel, "check")
    assert "Medium" in shown
    assert "Slowed down" in shown
    assert now_is(acme, channel).health["listeners"] == []


def test_a_withdrawn_token_asks_for_a_new_connection(
    browser: Browser, acme: Company, channel: Channel, meta: Sandbox
) -> None:
    meta.revoke_token(TOKEN)
    assert "Meta refuses our access to the number." in do(browser, channel, "check")
    assert now_is(acme, channel).state == ChannelState.RECONNECT


def test_a_connection_that_works_again_goes_on(
    browser: Browser, acme: Company, channel: Channel, meta: Sandbox
) -> None:
    put(acme, channel, state=ChannelState.RECONNECT, state_reason="10 permission")
    do(browser, channel, "check")
    assert now_is(acme, channel).state == ChannelState.CONNECTED
    assert AuditEntry.objects.filter(action="channel.resumed").exists()


def test_a_check_does_not_end_a_pause_by_hand(browser: Browser, acme: Company, channel: Channel) -> None:
    do(browser, channel, "pause")
    do(browser, channel, "check")
    assert now_is(acme, channel).state == ChannelState.PAUSED


def test_a_provider_that_is_away_is_said_and_changes_nothing(
    browser: Browser, acme: Company, channel: Channel, settings: Any
) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    shown = do(browser, channel, "check")
    assert "Meta could not be reached." in shown
    assert now_is(acme, channel).state == ChannelState.CONNECTED


def test_a_damaged_secret_asks_for_a_new_connection(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, token="damaged")
    assert "The stored access cannot be read" in do(browser, channel, "check")
    assert now_is(acme, channel).state_reason == "SecretUnreadable"


@pytest.mark.usefixtures("webhooks_arrive")
def test_meta_can_be_told_where_to_report_later(browser: Browser, acme: Company, channel: Channel) -> None:
    assert "Meta reports to us from now on." in do(browser, channel, "report")
    assert "Meta brings everything to this address already" in page(browser, channel)


# --- Pausing ----------------------------------------------------------------------------------------------------------


def test_a_paused_number_keeps_its_queue_and_goes_on_with_it(browser: Browser, acme: Company, channel: Channel) -> None:
    wait(acme, channel)
    assert "2 messages wait now." in page(browser, channel, "pause/")
    do(browser, channel, "pause")
    paused = now_is(acme, channel)
    assert (paused.state, paused.state_reason) == (ChannelState.PAUSED, "by_hand Admin")
    DueWork.objects.all().delete()
    do(browser, channel, "go-on")
    assert now_is(acme, channel).state == ChannelState.CONNECTED
    assert DueWork.objects.filter(kind="deliver-replies", company=acme).exists()
    with company_context(acme):
        assert Message.objects.filter(state=MessageState.QUEUED).count() == 2


def test_a_number_whose_access_is_refused_does_not_just_go_on(
    browser: Browser, acme: Company, channel: Channel
) -> None:
    put(acme, channel, state=ChannelState.RECONNECT, state_reason="190")
    do(browser, channel, "go-on")
    assert now_is(acme, channel).state == ChannelState.RECONNECT
    assert "nothing was changed" in do(browser, channel, "pause")
    assert now_is(acme, channel).state == ChannelState.RECONNECT


# --- Connecting anew --------------------------------------------------------------------------------------------------


def test_a_new_token_lets_the_number_go_on(browser: Browser, acme: Company, channel: Channel, meta: Sandbox) -> None:
    put(acme, channel, state=ChannelState.RECONNECT, state_reason="190")
    meta.add_account(WABA, token="a-new-token")
    do(browser, channel, "renew", token="a-new-token")
    again = now_is(acme, channel)
    assert (again.pk, again.state) == (channel.pk, ChannelState.CONNECTED)
    with company_context(acme):
        assert credentials_of(again) == credentials_of(channel).__class__(
            credentials_of(channel).base_url, NUMBER, "a-new-token", SECRET, VERIFY, WABA
        )
    assert AuditEntry.objects.get(action="channel.renewed").target == "Support"


def test_a_refused_new_token_changes_nothing(browser: Browser, acme: Company, channel: Channel) -> None:
    shown = do(browser, channel, "renew", token="wrong")
    assert "does not accept this token" in shown
    with company_context(acme):
        assert credentials_of(Channel.objects.get()).token == TOKEN


def test_damaged_secrets_are_all_asked_for(browser: Browser, acme: Company, channel: Channel) -> None:
    put(acme, channel, app_secret="damaged")
    assert "Type in all three secrets again" in do(browser, channel, "renew", token=TOKEN)
    do(browser, channel, "renew", token=TOKEN, app_secret=SECRET, verify_token="another-word")
    with company_context(acme):
        assert credentials_of(Channel.objects.get()).verify_token == "another-word"


# --- Renaming and leaving ---------------------------------------------------------------------------------------------


def test_a_new_name_stands_in_the_log(browser: Browser, acme: Company, channel: Channel) -> None:
    do(browser, channel, "rename", name=" Laden ")
    assert now_is(acme, channel).name == "Laden"
    entry = AuditEntry.objects.get(action="channel.renamed")
    assert (entry.before, entry.after) == ({"channel_name": "Support"}, {"channel_name": "Laden"})


@pytest.mark.parametrize("typed", ["", "support", "Suppor"])
def test_disconnecting_wants_the_name_typed(browser: Browser, acme: Company, channel: Channel, typed: str) -> None:
    answer = browser.post(f"/channels/{channel.public_id}/disconnect/", {"typed": typed})
    assert answer.status_code == 422
    assert now_is(acme, channel).state == ChannelState.CONNECTED


def test_what_waited_for_a_disconnected_number_is_never_sent(browser: Browser, acme: Company, channel: Channel) -> None:
    wait(acme, channel)
    do(browser, channel, "disconnect", typed="Support")
    gone = now_is(acme, channel)
    assert (gone.state, gone.token) == (ChannelState.DISCONNECTED, "")
    with company_context(acme):
        assert set(Message.objects.values_list("state", "error_code")) == {("failed", "channel_gone")}
    assert AuditEntry.objects.get(action="channel.disconnected").after["count"] == 2


def test_a_disconnected_number_can_only_be_looked_at(browser: Browser, acme: Company, channel: Channel) -> None:
    do(browser, channel, "disconnect", typed="Support")
    assert "This number is disconnected" in page(browser, channel)
    for action in ("renew/", "pause/", "test/", "disconnect/"):
        assert browser.get(f"/channels/{channel.public_id}/{action}").status_code == 404
    for action in ("check/", "go-on/", "report/"):
        assert browser.post(f"/channels/{channel.public_id}/{action}").status_code == 404


# --- A test message ---------------------------------------------------------------------------------------------------


def test_an_approved_template_is_sent_to_any_telephone(browser: Browser, acme: Company, channel: Channel) -> None:
    with company_context(acme):
        fetch(channel)
        [offered] = plain_templates(channel)
    assert "hello_world · en" in page(browser, channel, "test/")
    shown = do(browser, channel, "test", phone_number=PHONE, template=offered.public_id, client_key="k1")
    assert "On its way" in shown
    with company_context(acme):
        sent = Message.objects.get(direction=Direction.OUTBOUND)
        assert (sent.type, sent.state, sent.content["name"]) == ("template", "queued", "hello_world")
        assert sent.conversation.contact.identities.filter(kind="whatsapp", external_id=PHONE).exists()


def test_a_double_click_is_one_test(browser: Browser, acme: Company, channel: Channel) -> None:
    with company_context(acme):
        fetch(channel)
        [offered] = plain_templates(channel)
    for _ in range(2):
        do(browser, channel, "test", phone_number=PHONE, template=offered.public_id, client_key="k1")
    with company_context(acme):
        assert Message.objects.filter(direction=Direction.OUTBOUND).count() == 1


def test_a_text_needs_somebody_who_has_written(browser: Browser, acme: Company, channel: Channel) -> None:
    shown = do(browser, channel, "test", phone_number=PHONE, text="Kommt das an?", client_key="k1")
    assert "The customer service window is closed" in shown
    with company_context(acme):
        assert not Message.objects.exists()
        assert not Conversation.objects.exists()
        conversation = make_conversation(channel)
        to = conversation.identity.external_id
    do(browser, channel, "test", phone_number=to, text="Kommt das an?", client_key="k2")
    with company_context(acme):
        assert Message.objects.get().text == "Kommt das an?"


def test_a_marketing_template_is_no_test_for_who_has_not_agreed(
    browser: Browser, acme: Company, channel: Channel
) -> None:
    with company_context(acme):
        fetch(channel)
        [offered] = plain_templates(channel)
        MessageTemplate.objects.update(category="marketing")
    fields = {"phone_number": PHONE, "template": offered.public_id, "client_key": "k"}
    answer = browser.post(f"/channels/{channel.public_id}/test/", fields)
    assert (answer.status_code, [*answer.context["form"].errors]) == (422, ["template"])
    with company_context(acme):
        assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"phone_number": "nobody", "text": "x"}, "phone_number"),
        ({"phone_number": PHONE}, "text"),
        ({"phone_number": PHONE, "text": "x" * 1001}, "text"),
        ({"phone_number": PHONE, "template": "theirs"}, "template"),
    ],
)
def test_a_test_that_cannot_be_sent_says_why(
    browser: Browser, channel: Channel, fields: dict[str, str], wrong: str
) -> None:
    answer = browser.post(f"/channels/{channel.public_id}/test/", {"client_key": "k", **fields})
    assert answer.status_code == 422
    assert wrong in answer.context["form"].errors


@pytest.mark.parametrize(
    ("state", "words", "asks_again"),
    [("sent", "Meta has taken it", True), ("failed", "cannot reach this number", False), ("read", "Read", False)],
)
def test_the_page_shows_how_far_the_test_has_come(
    browser: Browser, acme: Company, channel: Channel, state: str, words: str, asks_again: bool
) -> None:
    with company_context(acme):
        code = "131026" if state == "failed" else ""
        sent = queue(make_conversation(channel), state=state, lane="", error_code=code)
    shown = page(browser, channel, f"test/{sent.public_id}/")
    assert words in shown
    assert ("every 2s" in shown) is asks_again
    part = browser.get(f"/channels/{channel.public_id}/test/{sent.public_id}/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
