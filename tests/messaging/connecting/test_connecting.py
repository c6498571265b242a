"""An admin connects a number: Meta is asked first, and every refusal stands at its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from messaging.channels import asking, connecting, services
from messaging.channels.base import Account, Credentials, Health, NoAnswer, ProviderError, SendFailed
from messaging.channels.connecting import Provider, Wish
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import credentials_of
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import AuditEntry, Company, DueWork, ProviderRoute, User
from tenants.services.audit import SYSTEM
from tenants.services.errors import Refused
from tests.conftest import Browser
from tests.messaging.connecting.conftest import NUMBER, SECRET, TOKEN, VERIFY, WABA, number

FORM = {
    "name": "Support",
    "external_id": NUMBER,
    "account_external_id": WABA,
    "token": TOKEN,
    "app_secret": SECRET,
    "verify_token": VERIFY,
}


def connect(browser: Browser, **changes: str) -> Any:
    return browser.post("/channels/connect/", {**FORM, **changes})


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return dict(answer.context["form"].errors)


def channels(company: Company) -> list[Channel]:
    with company_context(company):
        return list(Channel.objects.all())


def test_a_number_is_connected_and_leads_to_its_page(browser: Browser, meta: Sandbox, acme: Company) -> None:
    answer = connect(browser)
    [channel] = channels(acme)
    assert answer.url == f"/channels/{channel.public_id}/"
    assert (channel.state, channel.display_address) == (ChannelState.CONNECTED, "+49 405 551200")
    with company_context(acme):
        assert credentials_of(channel).token == TOKEN


def test_templates_and_health_are_asked_for_at_once(browser: Browser, meta: Sandbox, acme: Company) -> None:
    connect(browser)
    kinds = set(DueWork.objects.filter(company=acme).values_list("kind", flat=True))
    assert {"check-channels", "sync-templates"} <= kinds


def test_connecting_stands_in_the_log_without_its_secrets(browser: Browser, meta: Sandbox, admin: User) -> None:
    connect(browser)
    entry = AuditEntry.objects.get(action="channel.connected")
    assert (entry.actor_id, entry.target) == (admin.pk, "Support")
    assert not [secret for secret in (TOKEN, SECRET, VERIFY) if secret in f"{entry.before}{entry.after}{entry.reason}"]


def test_a_verify_token_is_made_for_the_person(browser: Browser, meta: Sandbox) -> None:
    made = browser.get("/channels/connect/").context["form"]["verify_token"].value()
    assert len(made) >= 16


@pytest.mark.usefixtures("webhooks_arrive")
def test_meta_is_told_where_to_report_in_the_same_step(browser: Browser, meta: Sandbox, acme: Company) -> None:
    connect(browser, reports_here="on")
    [channel] = channels(acme)
    assert channel.health["listeners"] == [meta.receiver.url]
    assert AuditEntry.objects.filter(action="channel.reports_here").exists()


def test_when_meta_cannot_find_us_the_number_is_connected_all_the_same(
    browser: Browser, meta: Sandbox, acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "webhook_address", lambda channel: "http://127.0.0.1:9/")
    answer = connect(browser, reports_here="on")
    assert answer.status_code == 302
    assert channels(acme)[0].state == ChannelState.CONNECTED
    page = browser.get(answer.url).content.decode()
    assert "Meta could not reach our address" in page


# --- What is typed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "\u202e"),
        ("external_id", ""),
        ("external_id", "+49 40 555"),
        ("external_id", "../me"),
        ("external_id", "１２３４５６７"),
        ("external_id", "9" * 65),
        ("account_external_id", "abc"),
        ("token", ""),
        ("token", "tok\u00e9n"),
        ("token", "x" * 1001),
        ("app_secret", ""),
        ("app_secret", "a\0b"),
        ("verify_token", "short"),
        ("verify_token", "with a space"),
    ],
)
def test_what_cannot_be_right_is_not_asked_for(
    browser: Browser, acme: Company, monkeypatch: pytest.MonkeyPatch, field: str, typed: str
) -> None:
    monkeypatch.setattr(connecting, "REAL", None)
    assert list(errors(connect(browser, **{field: typed}))) == [field]
    assert channels(acme) == []


def test_white_space_of_copying_is_taken_off(browser: Browser, meta: Sandbox, acme: Company) -> None:
    half = len(TOKEN) // 2
    connect(
        browser,
        token=f" {TOKEN[:half]}\r\n{TOKEN[half:]}\t",
        external_id=f" {NUMBER[:3]} {NUMBER[3:]} ",
        app_secret=f"\n{SECRET} ",
    )
    with company_context(acme):
        kept = credentials_of(Channel.objects.get())
    assert (kept.token, kept.app_secret, kept.external_id) == (TOKEN, SECRET, NUMBER)


def test_after_a_refusal_all_but_the_secrets_is_still_there(browser: Browser, meta: Sandbox) -> None:
    page = connect(browser, token="wrong-token-of-mine").content.decode()
    assert f'value="{NUMBER}"' in page
    assert f'value="{WABA}"' in page
    assert "wrong-token-of-mine" not in page
    assert SECRET not in page


# --- What Meta refuses ------------------------------------------------------------------------------------------------


def test_a_refused_token_stands_at_the_token(browser: Browser, meta: Sandbox, acme: Company) -> None:
    assert "does not accept this token" in errors(connect(browser, token="nobody-s"))["token"][0]
    assert channels(acme) == []
    assert not ProviderRoute.objects.exists()


def test_a_token_of_another_account_lacks_a_permission(browser: Browser, meta: Sandbox) -> None:
    meta.add_account(
        "1002", name="Other", app_secret="s", token="token-of-other", numbers=[number("2002002", "+49301")]
    )
    assert "whatsapp_business_management" in errors(connect(browser, token="token-of-other"))["token"][0]


def test_an_unknown_number_stands_at_its_id(browser: Browser, meta: Sandbox) -> None:
    assert "phone number ID" in errors(connect(browser, external_id="999999"))["external_id"][0]


def test_an_unknown_account_stands_at_its_id(browser: Browser, meta: Sandbox) -> None:
    assert "Business account" in errors(connect(browser, account_external_id="999999"))["account_external_id"][0]


def test_a_number_of_another_account_is_not_taken(browser: Browser, meta: Sandbox) -> None:
    meta.add_account("1002", name="Other", app_secret="s", token=TOKEN, numbers=[number("2002002", "+49301")])
    found = errors(connect(browser, external_id="2002002"))
    assert "does not belong" in found["account_external_id"][0]


def test_a_number_that_is_not_registered_is_not_taken(browser: Browser, meta: Sandbox) -> None:
    meta.number(NUMBER, registered=False)
    assert "not registered" in errors(connect(browser))["external_id"][0]


@pytest.mark.parametrize("status", ["PENDING", "UNVERIFIED"])
def test_a_number_that_is_being_set_up_is_not_taken(browser: Browser, meta: Sandbox, status: str) -> None:
    meta.number(NUMBER, status=status)
    assert "not registered" in errors(connect(browser))["external_id"][0]


def test_a_display_name_that_was_declined_stands_in_the_way(browser: Browser, meta: Sandbox) -> None:
    meta.number(NUMBER, name_status="DECLINED")
    assert "display name" in errors(connect(browser))["external_id"][0]


def test_a_restricted_account_is_connected_and_shown_as_it_is(browser: Browser, meta: Sandbox) -> None:
    meta.api("POST", f"/accounts/{WABA}/status", {"status": "RESTRICTED"})
    page = browser.get(connect(browser).url).content.decode()
    assert "Meta has restricted or locked the account." in page


def test_without_a_connection_nothing_is_saved(browser: Browser, acme: Company, settings: Settings) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    assert "could not be reached" in errors(connect(browser))["__all__"][0]
    assert channels(acme) == []


def test_a_provider_that_is_silent_is_not_waited_for_long(
    browser: Browser, meta: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: Any) -> Health:
        raise TimeoutError

    monkeypatch.setattr(asking.adapter_for("whatsapp").__class__, "health", silent)
    assert "did not answer in time" in errors(connect(browser))["__all__"][0]


def test_a_number_of_another_company_is_refused(
    browser: Browser, meta: Sandbox, globex: Company, rival: User, at: Callable[..., Browser]
) -> None:
    connect(at(globex, rival))
    assert "another company" in errors(connect(browser))["external_id"][0]
    assert ProviderRoute.objects.get().company == globex


def test_who_has_no_right_to_a_number_does_not_learn_who_has_connected_it(
    browser: Browser, meta: Sandbox, globex: Company, rival: User, at: Callable[..., Browser]
) -> None:
    connect(at(globex, rival))
    assert list(errors(connect(browser, token="guessed"))) == ["token"]


def test_the_same_number_is_not_connected_twice(browser: Browser, meta: Sandbox, acme: Company) -> None:
    connect(browser)
    assert "already, as “Support”" in errors(connect(browser, name="Again"))["external_id"][0]
    assert [channel.name for channel in channels(acme)] == ["Support"]


def test_a_disconnected_number_goes_on_where_it_was(
    browser: Browser, meta: Sandbox, acme: Company, channel: Channel
) -> None:
    browser.post(f"/channels/{channel.public_id}/disconnect/", {"typed": "Support"})
    connect(browser, name="Support again")
    [again] = channels(acme)
    assert (again.pk, again.state, again.name) == (channel.pk, ChannelState.CONNECTED, "Support again")


# --- Answers the sandbox does not give --------------------------------------------------------------------------------

WELL, OURS = Health("Acme", "+49 40 555", "CONNECTED"), Account((NUMBER,))


def wished(company: Company, health: Any = WELL, account: Any = OURS) -> Refused:
    """What stands against the wish when Meta answers like this."""

    def answering(answer: Any) -> Callable[..., Any]:
        def give(kind: str, credentials: Credentials) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return give

    provider = Provider(health=answering(health), account=answering(account))
    wish = Wish("whatsapp", "Support", NUMBER, WABA, TOKEN, SECRET, VERIFY)
    with company_context(company), pytest.raises(Refused) as refused:
        connecting.connect(wish, actor=SYSTEM, provider=provider)
    return refused.value


def refusal(code: str) -> SendFailed:
    return SendFailed(ProviderError(code, "No"))


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("190", "token"),
        ("0", "token"),
        ("http_401", "token"),
        ("10", "token"),
        ("200", "token"),
        ("131005", "token"),
        ("33", "external_id"),
        ("100", "external_id"),
        ("http_404", "external_id"),
        ("80007", ""),
        ("131016", ""),
        ("368", ""),
        ("4711", ""),
    ],
)
def test_each_refusal_about_the_number_has_its_place(acme: Company, code: str, field: str) -> None:
    assert wished(acme, health=refusal(code)).field == field


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (refusal("100"), "account_external_id"),
        (refusal("33"), "account_external_id"),
        (refusal("10"), "account_external_id"),
        (refusal("190"), "token"),
        (refusal("80007"), ""),
        (NoAnswer(), ""),
    ],
)
def test_each_refusal_about_the_account_has_its_place(acme: Company, problem: Exception, field: str) -> None:
    assert wished(acme, account=problem).field == field


def test_a_problem_with_the_display_name_counts_whatever_its_state_says(acme: Company) -> None:
    health = Health("Acme", "", "CONNECTED", problems=[ProviderError("131037")])
    assert "display name" in str(wished(acme, health=health))


def test_a_refusal_never_repeats_the_token(acme: Company) -> None:
    assert TOKEN not in str(wished(acme, health=SendFailed(ProviderError("4711", f"Bad token {TOKEN}"))))
    assert TOKEN not in repr(Wish("whatsapp", "Support", NUMBER, WABA, TOKEN, SECRET, VERIFY))
