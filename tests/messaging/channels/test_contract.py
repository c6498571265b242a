"""The same promises by every adapter, over real HTTP, against the provider as the sandbox plays it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientTimeout

from messaging.channels.adapters import http
from messaging.channels.base import (
    InvalidSignature,
    MediaRef,
    MessageType,
    NoAnswer,
    NotSent,
    Report,
    SendFailed,
    StatusReport,
)
from messaging.channels.capabilities import capabilities_of
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.registry import ADAPTERS

from .houses import ANA, HOUSES, House


def test_every_adapter_is_held_to_the_contract() -> None:
    assert set(HOUSES) == set(ADAPTERS)


def test_a_text_arrives_and_is_reported_with_our_reference(open_house: House) -> None:
    accepted = open_house.text()
    reports = open_house.reports(accepted)
    assert {one.report for one in reports} == {Report.SENT, Report.DELIVERED, Report.READ}
    assert {one.reference for one in reports} == {"c7:m1"}
    assert {one.to.phone for one in reports} == {f"+{ANA}"}
    assert accepted.to.phone == f"+{ANA}"


def test_a_person_s_message_becomes_ours(open_house: House) -> None:
    [message] = open_house.received()
    assert (message.type, message.content) == (MessageType.TEXT, {"body": "Hello?"})
    assert message.sender.phone == f"+{ANA}"
    assert message.sender_name == "Ana"


def test_a_body_that_was_changed_on_its_way_is_refused(open_house: House) -> None:
    [post] = open_house.sandbox.receiver.received
    with pytest.raises(InvalidSignature):
        open_house.adapter.verify(post.headers, post.body + b" ", [open_house.credentials.app_secret])


CONTENTS: dict[MessageType, dict[str, Any]] = {
    MessageType.TEXT: {"body": "x" * 4096},
    MessageType.LOCATION: {"latitude": 50.9, "longitude": 6.9, "name": "Dom", "address": "Domkloster 4"},
    MessageType.CONTACTS: {
        "contacts": [{"name": {"formatted_name": "Bo Lee", "first_name": "Bo"}, "phones": [{"phone": "+1 555 1234"}]}]
    },
    MessageType.BUTTONS: {
        "body": "Good?",
        "header": "Delivery",
        "footer": "Acme",
        "buttons": [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}],
    },
    MessageType.LIST: {
        "body": "Pick a slot",
        "button": "Slots",
        "sections": [{"title": "Mon", "rows": [{"id": "mon-9", "title": "09:00", "description": "30 min"}]}],
    },
    MessageType.LINK: {"body": "Look", "title": "Open", "url": "https://example.com/x"},
    MessageType.LOCATION_REQUEST: {"body": "Where are you?"},
    MessageType.TEMPLATE: {"name": "order_shipped", "language": "en_US", "body": ["Ana", "A-17"]},
}
FILES: dict[MessageType, tuple[bytes, str]] = {
    MessageType.IMAGE: (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "image/png"),
    MessageType.VIDEO: (b"\x00\x00\x00\x18ftypmp42" + b"x" * 100, "video/mp4"),
    MessageType.AUDIO: (b"OggS" + b"x" * 100, "audio/ogg"),
    MessageType.DOCUMENT: (b"%PDF-1.7 " + b"x" * 100, "application/pdf"),
    MessageType.STICKER: (b"RIFF\x00\x00\x00\x00WEBP" + b"x" * 100, "image/webp"),
}


def test_every_type_that_can_be_sent_is_tried() -> None:
    tried = {*CONTENTS, *FILES, MessageType.REACTION}
    assert {type_ for kind in ADAPTERS for type_ in capabilities_of(kind).sends} == tried


@pytest.mark.parametrize("type_", [*CONTENTS, *FILES, MessageType.REACTION])
def test_every_type_the_table_promises_is_taken(open_house: House, type_: MessageType) -> None:
    if type_ not in capabilities_of(open_house.adapter.kind).sends:
        pytest.skip("this channel does not send it")
    if type_ in FILES:
        content: dict[str, Any] = {"media_id": open_house.upload(*FILES[type_])}
    elif type_ == MessageType.REACTION:
        [received] = open_house.received()
        content = {"message_id": received.external_id, "emoji": "👍"}
    else:
        content = CONTENTS[type_]
    accepted = open_house.send(type_, content)
    assert accepted.external_id
    assert Report.SENT in {one.report for one in open_house.reports(accepted)}


def test_an_answer_quotes_the_person_s_message(open_house: House) -> None:
    [received] = open_house.received()
    assert open_house.text(reply_to=received.external_id).external_id


def test_a_message_outside_the_window_fails_later_with_its_reason(house: House) -> None:
    accepted = house.text()
    [report] = [one for one in house.reports(accepted) if one.report == Report.FAILED]
    assert report.error
    assert rule_for(house.adapter.kind, report.error.code).means == ErrorClass.WINDOW_CLOSED


def test_an_unknown_token_wants_a_new_connection(house: House) -> None:
    house.credentials = replace(house.credentials, token="EAAG-wrong")
    assert rule_for(house.adapter.kind, house.refusal().code).means == ErrorClass.RECONNECT


@pytest.mark.parametrize(
    ("code", "means"),
    [
        (130429, ErrorClass.SLOW_NUMBER),
        (131056, ErrorClass.RETRY_LATER),
        (131048, ErrorClass.PAUSE_NUMBER),
        (131042, ErrorClass.MONEY),
        (131016, ErrorClass.RETRY_LATER),
    ],
)
def test_a_refusal_says_what_is_to_be_done(open_house: House, code: int, means: ErrorClass) -> None:
    number = open_house.credentials.external_id
    open_house.sandbox.knobs(number, errors=[{"code": code, "share": 1.0}])
    assert rule_for(open_house.adapter.kind, open_house.refusal().code).means == means
    assert open_house.sandbox.accepted(number)["total"] == 0


@pytest.mark.parametrize("garbage", ["html", "json", "huge", "empty"])
def test_garbage_leaves_the_outcome_open_until_the_report_comes(open_house: House, garbage: str) -> None:
    number = open_house.credentials.external_id
    open_house.sandbox.knobs(number, garbage=garbage, garbage_accepts=True)
    with pytest.raises(NoAnswer):
        open_house.text()
    assert "c7:m1" in {one.reference for one in open_house.told() if isinstance(one, StatusReport)}


def test_silence_leaves_the_outcome_open_until_the_report_comes(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", ClientTimeout(total=0.3))
    open_house.sandbox.knobs(open_house.credentials.external_id, silence="answer")
    with pytest.raises(NoAnswer):
        open_house.text()
    assert "c7:m1" in {one.reference for one in open_house.told() if isinstance(one, StatusReport)}


def test_without_a_provider_nothing_was_sent(house: House) -> None:
    house.credentials = replace(house.credentials, base_url="http://127.0.0.1:9/v25.0")
    with pytest.raises(NotSent):
        house.text()


def test_a_file_comes_back_as_it_went(house: House) -> None:
    data, mime_type = FILES[MessageType.DOCUMENT]
    external_id = house.upload(data, mime_type, "Größe.pdf")
    assert house.download(MediaRef(external_id)) == data


def test_a_file_is_fetched_no_larger_than_allowed(house: House) -> None:
    external_id = house.upload(*FILES[MessageType.IMAGE])
    with pytest.raises(SendFailed) as failed:
        house.download(MediaRef(external_id), most_bytes=50)
    assert failed.value.error.code == "too_large"


def test_a_file_nobody_has_is_refused(house: House) -> None:
    with pytest.raises(SendFailed):
        house.download(MediaRef("4711"))


def test_a_message_is_marked_as_read_while_somebody_types(open_house: House) -> None:
    can = capabilities_of(open_house.adapter.kind)
    if not can.read_receipts:
        pytest.skip("this channel knows no read receipts")
    [received] = open_house.received()
    open_house.run(
        lambda session: open_house.adapter.mark_read(
            session, open_house.credentials, received.external_id, typing=can.typing
        )
    )


def test_a_number_tells_how_it_stands(house: House) -> None:
    health = house.run(lambda session: house.adapter.health(session, house.credentials))
    assert health.name == "Acme"
    assert health.state
    assert health.messages_per_second > 0


def test_an_account_tells_its_numbers(house: House) -> None:
    account = house.run(lambda session: house.adapter.account(session, house.credentials))
    assert list(account.numbers) == [house.credentials.external_id]


def test_an_account_can_be_told_where_to_report(house: House) -> None:
    url = house.sandbox.receiver.url
    house.credentials = replace(house.credentials, verify_token=house.sandbox.receiver.verify_token)
    house.run(lambda session: house.adapter.listen(session, house.credentials, url))
    account = house.run(lambda session: house.adapter.account(session, house.credentials))
    assert url in account.listeners


def test_an_address_that_does_not_prove_itself_is_refused(house: House) -> None:
    house.credentials = replace(house.credentials, verify_token="not the one")
    with pytest.raises(SendFailed):
        house.run(lambda session: house.adapter.listen(session, house.credentials, house.sandbox.receiver.url))


def test_the_templates_are_those_of_the_account(house: House) -> None:
    if not capabilities_of(house.adapter.kind).template:
        pytest.skip("this channel knows no templates")
    found = house.run(lambda session: house.adapter.templates(session, house.credentials))
    assert [(one.name, one.language, one.status) for one in found] == [("order_shipped", "en_US", "APPROVED")]
