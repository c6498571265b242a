"""Bodies of WhatsApp's webhooks become plain values, element by element."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from messaging.channels.base import (
    AccountEvent,
    Address,
    Broken,
    InboundMessage,
    MediaRef,
    MessageType,
    Report,
    StatusReport,
)
from messaging.channels.registry import adapter_for

from .payloads import NAMES, element, elements, payload

ANA = Address("+15550001111", "US.1349", "US.ENT.118")

CONTENTS: dict[str, tuple[MessageType, dict[str, Any]]] = {
    "text": (MessageType.TEXT, {"body": "Grüße 👋 aus Köln"}),
    "text_dashboard_test": (MessageType.TEXT, {"body": "this is a text message"}),
    "text_forwarded": (MessageType.TEXT, {"body": "Look", "forwarded": True, "frequently_forwarded": True}),
    "text_quoting_a_product": (
        MessageType.TEXT,
        {"body": "More?", "product": {"catalog_id": "194836987003835", "product_id": "sku-1"}},
    ),
    "image": (MessageType.IMAGE, {"caption": "look"}),
    "video": (MessageType.VIDEO, {}),
    "audio_voice": (MessageType.AUDIO, {}),
    "document": (MessageType.DOCUMENT, {"caption": "please check"}),
    "sticker": (MessageType.STICKER, {"animated": True}),
    "image_too_large": (MessageType.UNSUPPORTED, {"label": "image"}),
    "location": (
        MessageType.LOCATION,
        {"latitude": 50.9413, "longitude": 6.958, "name": "Dom", "address": "Domkloster 4"},
    ),
    "reaction": (MessageType.REACTION, {"message_id": "wamid.OUT", "emoji": "❤️"}),
    "reaction_removed": (MessageType.REACTION, {"message_id": "wamid.OUT", "emoji": ""}),
    "template_button": (MessageType.ANSWER, {"kind": "template_button", "id": "STOP_SHIP", "title": "Stop"}),
    "template_button_without_context": (
        MessageType.ANSWER,
        {"kind": "template_button", "id": "DID_NOT_REQUEST_CODE", "title": "I didn't request a code"},
    ),
    "button_reply": (MessageType.ANSWER, {"kind": "button", "id": "yes", "title": "Yes"}),
    "list_reply": (
        MessageType.ANSWER,
        {"kind": "list", "id": "mon-9", "title": "09:00", "description": "30 min"},
    ),
    "flow_reply": (
        MessageType.ANSWER,
        {"kind": "flow", "id": "", "title": "Sent", "data": {"flow_token": "t1", "rating": 5}},
    ),
    "flow_reply_broken": (
        MessageType.ANSWER,
        {"kind": "flow", "id": "", "title": "Sent", "data": '{"flow_token":'},
    ),
    "address_reply": (
        MessageType.ANSWER,
        {"kind": "address_message", "id": "", "title": "Sent", "data": ["not an object"]},
    ),
    "call_permission_reply": (
        MessageType.ANSWER,
        {
            "kind": "call_permission",
            "id": "",
            "title": "",
            "data": {"response": "accept", "expiration_timestamp": "1750021184"},
        },
    ),
    "interactive_with_errors_only": (MessageType.UNSUPPORTED, {"label": "interactive"}),
    "edit": (MessageType.EDIT, {"original_id": "wamid.1", "type": "text", "body": "fixed"}),
    "edit_old_style": (MessageType.UNSUPPORTED, {"label": "edit"}),
    "revoke": (MessageType.REVOKE, {"original_id": "wamid.1"}),
    "unsupported_poll": (MessageType.UNSUPPORTED, {"label": "poll"}),
    "unknown_type": (MessageType.UNSUPPORTED, {"label": "hologram"}),
    "ephemeral": (MessageType.UNSUPPORTED, {"label": "ephemeral"}),
    "request_welcome": (MessageType.UNSUPPORTED, {"label": "request_welcome"}),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_message_says_what_its_type_says(name: str) -> None:
    found = element(name)
    assert isinstance(found, InboundMessage)
    assert (found.type, found.content) == CONTENTS[name]


def test_a_message_names_its_number_its_sender_and_its_time() -> None:
    [found] = adapter_for("whatsapp").parse(payload("text"))
    assert (found.channel_external_id, found.account_external_id) == ("106540352242922", "102290129340398")
    message = found.element
    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.sender) == ("wamid.IN", ANA)
    assert (message.sender_name, message.username) == ("Ana", "ana.k")
    assert message.at == datetime(2025, 6, 8, 20, 59, 43, tzinfo=UTC)
    assert message.raw["text"] == {"body": "Grüße 👋 aus Köln"}


def test_a_file_is_named_with_all_that_is_known_of_it() -> None:
    assert element("document").media == MediaRef(
        "65463456", mime_type="application/pdf", sha256="4654+8g=", filename="Rechnung 17.pdf"
    )
    assert element("image").media.url == "https://lookaside.example/x"
    assert element("audio_voice").media.voice


def test_an_answer_names_the_message_it_answers() -> None:
    assert element("list_reply").reply_to == "wamid.OUT"
    assert element("template_button_without_context").reply_to == ""


def test_a_contact_card_and_an_order_are_kept_as_they_came() -> None:
    [card] = element("contacts").content["contacts"]
    assert card["phones"][0]["wa_id"] == "15550002222"
    order = element("order").content
    assert (order["text"], order["items"][0]["quantity"]) == ("Thanks!", 2)


def test_the_advertisement_a_person_came_from_is_kept() -> None:
    assert element("text_from_ad").referral["ctwa_clid"] == "Aff-n8ZT"


def test_errors_on_a_message_are_handed_on() -> None:
    [error] = element("image_too_large").errors
    assert (error.code, error.details) == ("131052", "File size is larger than the limit.")


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("text", ANA),
        ("text_without_contacts", Address("+15550001111")),
        ("text_username_only", Address("", "US.1349", "US.ENT.118")),
        ("text_bsuid_in_from", Address("", "US.1349")),
    ],
)
def test_a_person_is_known_by_what_the_payload_shows(name: str, sender: Address) -> None:
    assert element(name).sender == sender


def test_a_message_of_nobody_is_broken() -> None:
    assert isinstance(element("text_nobody"), Broken)


@pytest.mark.parametrize(
    ("name", "event", "old", "new"),
    [
        ("system_number_changed", "number_changed", Address("+15550001111"), Address("+15550002222")),
        ("system_user_id_changed", "user_id_changed", Address("", "US.1349"), Address("", "US.2222", "US.ENT.222")),
        (
            "system_user_id_changed_previous",
            "user_id_changed",
            Address("+15550001111", "US.1349"),
            Address("", "US.2222"),
        ),
        ("system_identity_changed", "identity_changed", Address("+15550001111"), Address("+15550001111")),
    ],
)
def test_a_person_who_moved_is_known_by_the_old_address(name: str, event: str, old: Address, new: Address) -> None:
    found = element(name)
    assert (found.type, found.content["event"]) == (MessageType.SYSTEM, event)
    assert (found.sender, found.moved_to) == (old, new)


def test_a_group_message_opens_no_conversation() -> None:
    found = element("group_message")
    assert isinstance(found, AccountEvent)
    assert (found.kind, found.person) == ("group_message", ANA)


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("status_sent", Report.SENT),
        ("status_delivered", Report.DELIVERED),
        ("status_read", Report.READ),
        ("status_played", Report.READ),
        ("status_failed", Report.FAILED),
        ("status_username_only", Report.READ),
    ],
)
def test_a_status_is_a_report(name: str, report: Report) -> None:
    found = element(name)
    assert isinstance(found, StatusReport)
    assert (found.external_id, found.report) == ("wamid.OUT", report)


def test_a_report_carries_our_reference_the_price_and_the_person() -> None:
    found = element("status_delivered")
    assert found.reference == "t42:m981"
    assert (found.pricing["category"], found.pricing["type"]) == ("marketing", "regular")
    assert found.to == ANA
    assert element("status_username_only").to == Address("", "US.1349")


def test_a_failure_carries_its_code() -> None:
    found = element("status_failed")
    assert found.error.code == "131049"
    assert found.error.details.startswith("In order to maintain")
    assert found.pricing == {}


def test_a_status_nobody_knows_is_kept_and_moves_nothing() -> None:
    assert element("status_deleted").kind == "unknown_status"


def test_preferences_name_the_person_one_by_one() -> None:
    stop, resume = (one for one in elements("user_preferences") if isinstance(one, AccountEvent))
    assert (stop.kind, stop.person, stop.value["value"]) == ("user_preferences", ANA, "stop")
    assert stop.at == datetime(2024, 11, 15, 21, 22, 1, tzinfo=UTC)
    assert (resume.person, resume.value["value"]) == (Address("", "US.77"), "resume")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("template_paused", "message_template_status_update"),
        ("template_quality", "message_template_quality_update"),
        ("template_category", "template_category_update"),
        ("number_quality", "phone_number_quality_update"),
        ("business_capability", "business_capability_update"),
        ("account_volume_tier", "account_update"),
        ("account_restriction", "account_update"),
        ("account_review", "account_review_update"),
        ("account_alert", "account_alerts"),
        ("account_errors", "errors"),
        ("number_name", "phone_number_name_update"),
        ("security_pin", "security"),
        ("message_echoes", "smb_message_echoes"),
        ("field_of_tomorrow", "brand_new_field"),
    ],
)
def test_what_the_account_is_told_is_kept_as_it_came(name: str, kind: str) -> None:
    found = element(name)
    assert isinstance(found, AccountEvent)
    assert found.kind == kind
    assert found.at is not None
    assert found.value


def test_broken_elements_keep_their_neighbours_and_their_order() -> None:
    found = adapter_for("whatsapp").parse(payload("batch_with_broken_elements"))
    seen = [getattr(one.element, "external_id", type(one.element).__name__) for one in found]
    assert seen == ["wamid.a", "Broken", "wamid.c", "wamid.OUT", "Broken", "wamid.OUT", "AccountEvent", "wamid.d"]
    assert [one.channel_external_id for one in found][-2:] == ["", "206540352242923"]
    assert [one.account_external_id for one in found][-1] == "202290129340399"
    broken = found[1].element
    assert isinstance(broken, Broken)
    assert "text" in broken.reason
    assert broken.raw["id"] == "wamid.b"


def test_every_payload_is_looked_at_by_a_test() -> None:
    """A new file is read without harm; the tests above say what it means."""
    assert [name for name in NAMES if not elements(name)] == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"entry": NaN}', b"[" * 100_000, b'{"a":' + b"1" * 9999]
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        adapter_for("whatsapp").parse(body)


def test_an_object_of_another_form_is_kept_as_broken() -> None:
    [found] = adapter_for("whatsapp").parse(b'{"object": "page"}')
    assert isinstance(found.element, Broken)


@pytest.mark.parametrize("stamp", ['"1749416383"', "1749416383", "1749416383000", "1749416383.0"])
def test_a_time_comes_in_several_forms(stamp: str) -> None:
    body = payload("text").replace(b'"1749416383"', stamp.encode())
    [found] = adapter_for("whatsapp").parse(body)
    assert getattr(found.element, "at", None) == datetime(2025, 6, 8, 20, 59, 43, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ['""', "null", "true", '"soon"', "-1", "1e300", "[]"])
def test_a_time_that_is_none_is_that_of_the_body(stamp: str) -> None:
    body = payload("text").replace(b'"1749416383"', stamp.encode())
    [found] = adapter_for("whatsapp").parse(body)
    assert getattr(found.element, "at", None) == datetime(2025, 2, 12, 0, 43, 44, tzinfo=UTC)


def test_what_a_database_cannot_hold_is_replaced() -> None:
    body = payload("text").replace(b"aus K\\u00f6ln", b"\\u0000 and \\ud83d alone")
    [found] = adapter_for("whatsapp").parse(body)
    assert isinstance(found.element, InboundMessage)
    assert found.element.content["body"] == "Grüße 👋 \ufffd and \ufffd alone"


@pytest.mark.parametrize("number", [b"9" * 9999, b"1e999", b"-1e999"])
def test_a_number_nobody_can_write_again_costs_nothing(number: bytes) -> None:
    body = payload("text").replace(b'"type": "text"', b'"odd": ' + number + b', "type": "text"')
    [found] = adapter_for("whatsapp").parse(body)
    assert isinstance(found.element, InboundMessage)
    assert found.element.raw["odd"] == number.decode()


def test_ids_that_are_too_long_to_keep_are_none() -> None:
    whatsapp = adapter_for("whatsapp")
    [found] = whatsapp.parse(payload("text").replace(b'"wamid.IN"', b'"' + b"w" * 257 + b'"'))
    assert isinstance(found.element, Broken)
    [found] = whatsapp.parse(payload("text").replace(b'"US.1349"', b'"US.' + b"1" * 200 + b'"'))
    assert isinstance(found.element, InboundMessage)
    assert found.element.sender == Address("+15550001111", "", "US.ENT.118")


def test_a_deep_nest_costs_its_own_element_only() -> None:
    nest = b'{"field": "new", "value": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}, "
    body = payload("text").replace(b'"changes": [', b'"changes": [' + nest)
    assert [type(one.element) for one in adapter_for("whatsapp").parse(body)] == [AccountEvent, InboundMessage]
