"""Only the provider itself can hand us a webhook: HMAC over the bytes as they came."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from messaging.channels.base import InvalidSignature
from messaging.channels.registry import adapter_for

SECRET = "test_app_secret"
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SIGNATURE = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
WHATSAPP = adapter_for("whatsapp")


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_the_vector_of_the_reference_is_accepted() -> None:
    WHATSAPP.verify({"X-Hub-Signature-256": SIGNATURE}, BODY, [SECRET])


@pytest.mark.parametrize("header", ["x-hub-signature-256", "X-HUB-SIGNATURE-256"])
def test_a_header_is_found_however_it_is_written(header: str) -> None:
    WHATSAPP.verify({"Host": "x", header: SIGNATURE}, BODY, [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, "new"], ["new", SECRET], ["", SECRET]])
def test_while_a_secret_changes_both_count(secrets: list[str]) -> None:
    WHATSAPP.verify({"X-Hub-Signature-256": SIGNATURE}, BODY, secrets)


def test_the_bytes_count_and_not_the_json() -> None:
    escaped, plain = b'{"a":"\\u00e4"}', '{"a":"ä"}'.encode()
    WHATSAPP.verify(signed(escaped, SECRET), escaped, [SECRET])
    with pytest.raises(InvalidSignature):
        WHATSAPP.verify(signed(escaped, SECRET), plain, [SECRET])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        SIGNATURE[:-1],
        SIGNATURE + "0",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.replace("sha256", "sha1"),
        "sha256=" + "0" * 64,
        "sha256=ä\udcff",
    ],
)
def test_a_missing_short_or_wrong_signature_is_refused(signature: str) -> None:
    with pytest.raises(InvalidSignature):
        WHATSAPP.verify({"X-Hub-Signature-256": signature}, BODY, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["other"]])
def test_nobody_signs_with_no_secret(secrets: list[str]) -> None:
    for secret in [*secrets, ""]:
        with pytest.raises(InvalidSignature):
            WHATSAPP.verify(signed(BODY, secret) if not secret else {"X-Hub-Signature-256": SIGNATURE}, BODY, secrets)


def test_no_header_at_all_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        WHATSAPP.verify({}, BODY, [SECRET])


QUERY = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "t-1"}


def test_the_challenge_is_answered_to_whom_knows_the_token() -> None:
    assert WHATSAPP.challenge(QUERY, ["t-0", "t-1"]) == "1158201444"


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({}, ["t-2"]),
        ({}, []),
        ({"hub.mode": "unsubscribe"}, ["t-1"]),
        ({"hub.verify_token": ""}, [""]),
    ],
)
def test_the_challenge_is_not_answered_otherwise(changes: dict[str, str], tokens: list[str]) -> None:
    with pytest.raises(InvalidSignature):
        WHATSAPP.challenge({**QUERY, **changes}, tokens)
