"""What providers may leave at our addresses, and how they are answered."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.channels import services as channels
from messaging.channels.models import Channel
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.views import LARGEST
from tenants.context import company_context
from tenants.models import Company, CompanyState, DueWork, Session, UnroutedAccount, UnroutedWebhook, User
from tests.conftest import Browser
from tests.messaging.webhooks import meta

# From the vendor's reference.
VECTOR_BODY = b'{"object":"whatsapp_business_account","entry":[]}'
VECTOR = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
PLATFORM = "the platform's secret"


def bodies(company: Company) -> list[bytes]:
    with company_context(company):
        return [bytes(event.body) for event in WebhookEvent.objects.order_by("id")]


# --- GET --------------------------------------------------------------------------------------------------------------


def asked(browser: Browser, url: str, **changes: str) -> tuple[int, bytes, str]:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": meta.VERIFY}
    answer = browser.get(url, {**query, **{f"hub.{key}": value for key, value in changes.items()}})
    return answer.status_code, answer.content, answer.headers["Content-Type"]


def test_the_address_proves_itself_with_the_bare_challenge(provider: Browser, url: str) -> None:
    assert asked(provider, url) == (200, b"1158201444", "text/plain; charset=utf-8")


def test_a_challenge_never_becomes_a_page(provider: Browser, url: str) -> None:
    _status, content, content_type = asked(provider, url, challenge="<script>alert(1)</script>")
    assert (content, content_type) == (b"<script>alert(1)</script>", "text/plain; charset=utf-8")


@pytest.mark.parametrize("changes", [{"verify_token": "other"}, {"verify_token": ""}, {"mode": "other"}])
def test_a_wrong_word_is_refused(provider: Browser, url: str, changes: dict[str, str]) -> None:
    assert asked(provider, url, **changes)[0] == 403


def test_the_platform_s_address_has_a_word_of_its_own(provider: Browser, url: str, platform: str) -> None:
    assert asked(provider, platform, verify_token="the platform's word")[0] == 200
    assert asked(provider, platform)[0] == 403


def test_without_a_word_of_ours_nobody_can_prove_anything(provider: Browser, db: None) -> None:
    assert asked(provider, "/webhooks/whatsapp/", verify_token="")[0] == 403


# --- Signatures -------------------------------------------------------------------------------------------------------


def test_the_vendor_s_example_is_accepted(provider: Browser, url: str, acme: Company) -> None:
    assert meta.post(provider, url, VECTOR_BODY, VECTOR) == 200
    assert bodies(acme) == [VECTOR_BODY]


def test_the_signature_is_over_the_bytes_as_they_came(provider: Browser, url: str, acme: Company) -> None:
    content = b'{ "entry": [],  "name": "Gr\\u00fc\\u00dfe" }'
    assert meta.post(provider, url, content) == 200
    assert meta.post(provider, url, json.dumps(json.loads(content)).encode(), meta.sign(content)) == 403
    assert bodies(acme) == [content]


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", VECTOR[:-1], VECTOR[7:], "sha1=" + "0" * 40, "sha256=" + "0" * 64, "sha256=ü", VECTOR + "0"],
)
def test_what_is_not_signed_is_refused_and_not_stored(
    provider: Browser, url: str, acme: Company, signature: str
) -> None:
    assert meta.post(provider, url, VECTOR_BODY, signature) == 403
    assert bodies(acme) == []
    assert not DueWork.objects.filter(kind="webhooks").exists()


def test_another_channel_s_secret_opens_nothing(provider: Browser, url: str, acme: Company) -> None:
    assert meta.post(provider, url, VECTOR_BODY, meta.sign(VECTOR_BODY, "another secret")) == 403


def test_an_empty_secret_opens_nothing(provider: Browser, url: str, channel: Channel, acme: Company) -> None:
    with company_context(acme):
        Channel.objects.update(app_secret="")
    assert meta.post(provider, url, VECTOR_BODY, meta.sign(VECTOR_BODY, "")) == 403
    assert meta.post(provider, "/webhooks/whatsapp/", VECTOR_BODY, meta.sign(VECTOR_BODY, "")) == 403
    assert not UnroutedWebhook.objects.exists()


def test_our_own_app_may_deliver_to_a_channel_s_address(provider: Browser, url: str, platform: str) -> None:
    assert meta.post(provider, url, VECTOR_BODY, meta.sign(VECTOR_BODY, PLATFORM)) == 200


def test_a_secret_of_a_company_does_not_open_the_platform_s_address(
    provider: Browser, url: str, platform: str, acme: Company
) -> None:
    assert meta.post(provider, platform, meta.said(meta.text())) == 403
    assert bodies(acme) == []


@pytest.mark.parametrize("path", ["/webhooks/whatsapp/unknown/", "/webhooks/telegraph/", "/webhooks/sms/key/"])
def test_an_address_that_is_none_is_not_found(provider: Browser, db: None, path: str) -> None:
    assert meta.post(provider, path, VECTOR_BODY) == 404


def test_the_address_of_a_disconnected_channel_is_gone(
    provider: Browser, url: str, acme: Company, channel: Channel
) -> None:
    with company_context(acme):
        channels.disconnect(channel)
    assert meta.post(provider, url, VECTOR_BODY) == 404


# --- Bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"no json", b"[]", b"null", b"1", b'"text"', b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 50_000],
)
def test_what_is_signed_but_no_json_object_is_a_bad_request(
    provider: Browser, url: str, platform: str, acme: Company, content: bytes
) -> None:
    assert meta.post(provider, url, content) == 400
    assert meta.post(provider, platform, content, meta.sign(content, PLATFORM)) == 400
    assert bodies(acme) == []


def test_a_body_of_the_largest_size_is_taken(provider: Browser, url: str, acme: Company) -> None:
    content = b'{"entry":[],"x":"' + b"a" * (LARGEST - 19) + b'"}'
    assert len(content) == LARGEST
    assert meta.post(provider, url, content) == 200


def test_a_larger_body_is_refused_and_not_stored(provider: Browser, url: str, acme: Company) -> None:
    content = b'{"x":"' + b"a" * LARGEST + b'"}'
    assert meta.post(provider, url, content) == 413
    assert bodies(acme) == []


def test_a_body_that_hides_its_size_is_read_no_further(provider: Browser, url: str, acme: Company) -> None:
    content = b'{"x":"' + b"a" * LARGEST + b'"}'
    answer = provider.post(url, content, content_type="application/json", headers={"Content-Length": "-"})
    assert answer.status_code in {400, 403, 413}
    assert bodies(acme) == []


def test_the_same_body_ten_times_is_one_row(provider: Browser, url: str, acme: Company) -> None:
    assert [meta.post(provider, url, meta.said(meta.text())) for _ in range(10)] == [200] * 10
    assert len(bodies(acme)) == 1


def test_a_body_is_stored_and_its_company_announced(provider: Browser, url: str, acme: Company) -> None:
    meta.post(provider, url, meta.said(meta.text()))
    assert DueWork.objects.get(kind="webhooks").company == acme


def test_a_suspended_company_misses_nothing(provider: Browser, url: str, acme: Company) -> None:
    Company.objects.filter(pk=acme.pk).update(state=CompanyState.SUSPENDED)
    assert meta.post(provider, url, meta.said(meta.text())) == 200
    assert len(bodies(acme)) == 1


def test_an_answer_takes_few_queries_and_no_session(provider: Browser, url: str) -> None:
    content = meta.said(*[meta.text(f"wamid.{number}") for number in range(100)])
    meta.post(provider, url, content)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        meta.post(provider, url, content)
    asked = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SET "))]
    # The route, the channel, its keys, the body, the announcement.
    assert len(asked) == 5, asked
    assert not Session.objects.exists()


def test_a_signed_in_browser_is_no_provider(url: str, acme: Company, admin: User, at: Callable[..., Browser]) -> None:
    assert meta.post(at(None, admin, enforce_csrf_checks=True), url, VECTOR_BODY, "") == 403


def test_providers_need_no_csrf_token(url: str, at: Callable[..., Browser]) -> None:
    assert meta.post(at(enforce_csrf_checks=True), url, VECTOR_BODY) == 200


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_only_get_and_post_are_answered(provider: Browser, url: str, method: str) -> None:
    assert getattr(provider, method)(url).status_code == 405


# --- The platform's address -------------------------------------------------------------------------------------------


@pytest.fixture
def posted(provider: Browser, platform: str) -> Callable[..., int]:
    def post(*entries: object) -> int:
        content = meta.body(*entries)
        return meta.post(provider, platform, content, meta.sign(content, PLATFORM))

    return post


def test_a_body_goes_to_the_company_of_its_number(
    posted: Callable[..., int], channel: Channel, globex_channel: Channel, acme: Company, globex: Company
) -> None:
    whole = meta.entry(meta.change(meta.text(), number=meta.OTHER_NUMBER), account="0")
    assert posted(whole) == 200
    assert bodies(globex) == [meta.body(whole)]
    assert bodies(acme) == []


def test_what_names_no_number_goes_by_the_account(
    posted: Callable[..., int], channel: Channel, globex_channel: Channel, acme: Company, globex: Company
) -> None:
    whole = meta.entry({"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}}, account=meta.ACCOUNT)
    posted(whole)
    assert bodies(acme) == [meta.body(whole)]
    assert bodies(globex) == []


def test_parts_for_several_companies_are_split(
    posted: Callable[..., int], channel: Channel, globex_channel: Channel, acme: Company, globex: Company
) -> None:
    ours = meta.change(meta.text("wamid.ours"))
    theirs = meta.change(meta.text("wamid.theirs"), number=meta.OTHER_NUMBER)
    posted(meta.entry(ours, theirs), meta.entry(theirs, account=meta.OTHER_ACCOUNT))
    [acme_body], [globex_body] = bodies(acme), bodies(globex)
    assert json.loads(acme_body)["entry"] == [meta.entry(ours)]
    assert json.loads(globex_body)["entry"] == [meta.entry(theirs), meta.entry(theirs, account=meta.OTHER_ACCOUNT)]


def test_a_split_body_that_comes_again_is_the_same_row(
    posted: Callable[..., int], channel: Channel, globex_channel: Channel, acme: Company, globex: Company
) -> None:
    for _ in range(3):
        posted(meta.entry(meta.change(meta.text()), meta.change(meta.text(), number=meta.OTHER_NUMBER)))
    assert (len(bodies(acme)), len(bodies(globex))) == (1, 1)


def test_what_is_for_nobody_is_kept_for_staff(posted: Callable[..., int], channel: Channel, acme: Company) -> None:
    stranger = meta.change(meta.text(), number="999")
    assert posted(meta.entry(meta.change(meta.text("wamid.ours"))), meta.entry(stranger, account="0")) == 200
    kept = UnroutedWebhook.objects.get()
    assert (kept.account.kind, kept.account.external_id) == ("whatsapp", "999")
    assert json.loads(bytes(kept.body))["entry"] == [meta.entry(stranger, account="0")]
    assert b"wamid.ours" in bodies(acme)[0]


def test_a_number_that_is_not_connected_is_not_its_account_s(
    posted: Callable[..., int], channel: Channel, acme: Company
) -> None:
    posted(meta.entry(meta.change(meta.text(), number="999")))
    assert bodies(acme) == []
    assert UnroutedAccount.objects.get().external_id == "999"


@pytest.mark.parametrize(
    "odd",
    [
        [],
        ["text", 1, None, [], {}],
        [{"id": {"a": 1}, "changes": "text"}],
        [{"id": "\0", "changes": [{"value": {"metadata": {"phone_number_id": "1\0"}}}]}],
        [{"id": "x" * 1000, "changes": [None, {"value": []}, {"value": {"metadata": {"phone_number_id": "9" * 999}}}]}],
    ],
)
def test_odd_bodies_are_kept_and_answered(posted: Callable[..., int], channel: Channel, odd: list[object]) -> None:
    assert posted(*odd) == 200
    assert UnroutedWebhook.objects.exists()


def test_the_platform_s_address_asks_as_much_for_many_as_for_one(
    posted: Callable[..., int], channel: Channel, globex_channel: Channel
) -> None:
    ours = [meta.entry(meta.change(meta.text(f"wamid.{number}"))) for number in range(50)]
    theirs = [meta.entry(meta.change(meta.text(f"wamid.{number}"), number=meta.OTHER_NUMBER)) for number in range(50)]
    with CaptureQueriesContext(connection) as queries:
        posted(*ours, *theirs)
    asked = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SET "))]
    # The routes, and for each of two companies the body and the announcement.
    assert len(asked) == 5, asked
