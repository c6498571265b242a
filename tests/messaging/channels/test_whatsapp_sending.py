"""What goes out over WhatsApp, and what the end of a request means."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiohttp import ClientTimeout, web

from messaging.channels.adapters import http
from messaging.channels.adapters.whatsapp_cloud.sending import body_of
from messaging.channels.base import (
    Accepted,
    Address,
    Credentials,
    MessageType,
    NoAnswer,
    NotSent,
    OutboundMessage,
    SendFailed,
)
from messaging.channels.registry import adapter_for, open_session

from .stub import NUMBER, TOKEN, Asked, Handler, Stub, error, hangs_up, is_silent, run, says

WHATSAPP = adapter_for("whatsapp")
ANA = Address("+15550001111")
OK = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+15550001111", "wa_id": "15550001111"}],
    "messages": [{"id": "wamid.HBgL"}],
}


def outbound(type_: MessageType, content: Mapping[str, Any], **fields: Any) -> OutboundMessage:
    return OutboundMessage(**{"reference": "t42:m981", "to": ANA, "type": type_, "content": content, **fields})


HELLO = outbound(MessageType.TEXT, {"body": "Hello"})


def send(answer: Handler, message: OutboundMessage = HELLO) -> tuple[Accepted, list[Asked]]:
    return run(lambda stub: WHATSAPP.send(stub.session, stub.credentials, message), answer)


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_a_text_goes_to_the_number_with_our_reference() -> None:
    accepted, [asked] = send(says(OK))
    assert accepted == Accepted("wamid.HBgL", Address("+15550001111"))
    assert (asked.method, asked.path, asked.token) == ("POST", f"/v25.0/{NUMBER}/messages", TOKEN)
    assert asked.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550001111",
        "type": "text",
        "text": {"body": "Hello", "preview_url": False},
        "biz_opaque_callback_data": "t42:m981",
    }


BODIES: list[tuple[MessageType, dict[str, Any], dict[str, Any]]] = [
    (MessageType.TEXT, {"body": "x", "preview": True}, {"text": {"body": "x", "preview_url": True}}),
    (MessageType.IMAGE, {"media_id": "1", "caption": "c"}, {"image": {"id": "1", "caption": "c"}}),
    (MessageType.VIDEO, {"link": "https://x.example/v.mp4"}, {"video": {"link": "https://x.example/v.mp4"}}),
    (MessageType.AUDIO, {"media_id": "1", "voice": True}, {"audio": {"id": "1", "voice": True}}),
    (MessageType.DOCUMENT, {"media_id": "1", "filename": "a.pdf"}, {"document": {"id": "1", "filename": "a.pdf"}}),
    (MessageType.STICKER, {"media_id": "1"}, {"sticker": {"id": "1"}}),
    (
        MessageType.LOCATION,
        {"latitude": 0, "longitude": 6.9, "name": "Dom"},
        {"location": {"latitude": 0, "longitude": 6.9, "name": "Dom"}},
    ),
    (MessageType.CONTACTS, {"contacts": [{"name": {}}]}, {"contacts": [{"name": {}}]}),
    (MessageType.REACTION, {"message_id": "w", "emoji": ""}, {"reaction": {"message_id": "w", "emoji": ""}}),
    (
        MessageType.BUTTONS,
        {"body": "b", "header": "h", "footer": "f", "buttons": [{"id": "y", "title": "Yes"}]},
        {
            "interactive": {
                "type": "button",
                "header": {"type": "text", "text": "h"},
                "body": {"text": "b"},
                "footer": {"text": "f"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
            }
        },
    ),
    (
        MessageType.LIST,
        {
            "body": "b",
            "button": "Slots",
            "sections": [{"title": "Mon", "rows": [{"id": "9", "title": "09:00", "description": "30 min"}]}],
        },
        {
            "interactive": {
                "type": "list",
                "body": {"text": "b"},
                "action": {
                    "button": "Slots",
                    "sections": [{"title": "Mon", "rows": [{"id": "9", "title": "09:00", "description": "30 min"}]}],
                },
            }
        },
    ),
    (
        MessageType.LINK,
        {"body": "b", "title": "Open", "url": "https://x.example", "header": {"type": "image", "media_id": "1"}},
        {
            "interactive": {
                "type": "cta_url",
                "header": {"type": "image", "image": {"id": "1"}},
                "body": {"text": "b"},
                "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://x.example"}},
            }
        },
    ),
    (
        MessageType.LOCATION_REQUEST,
        {"body": "Where?"},
        {
            "interactive": {
                "type": "location_request_message",
                "body": {"text": "Where?"},
                "action": {"name": "send_location"},
            }
        },
    ),
]


@pytest.mark.parametrize(("type_", "content", "expected"), BODIES)
def test_every_type_has_its_body(type_: MessageType, content: dict[str, Any], expected: dict[str, Any]) -> None:
    body = body_of(outbound(type_, content))
    [(kind, fields)] = expected.items()
    assert body["type"] == kind
    assert body[kind] == fields


def components(**content: Any) -> Any:
    body = body_of(outbound(MessageType.TEMPLATE, {"name": "order", "language": "en_US", **content}))
    assert body["template"]["language"] == {"code": "en_US"}
    return body["template"].get("components")


def test_a_template_without_values_has_no_components() -> None:
    assert components() is None


def test_a_template_is_filled_by_name_or_by_number() -> None:
    assert components(body=["Ana", {"text": "A-17", "name": "order_no"}]) == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Ana"},
                {"type": "text", "parameter_name": "order_no", "text": "A-17"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ("Sale", {"type": "text", "text": "Sale"}),
        ({"type": "image", "media_id": "1"}, {"type": "image", "image": {"id": "1"}}),
        (
            {"type": "document", "link": "https://x.example/a.pdf", "filename": "a.pdf"},
            {"type": "document", "document": {"link": "https://x.example/a.pdf", "filename": "a.pdf"}},
        ),
        (
            {"type": "location", "latitude": 1, "longitude": 2, "name": "Dom"},
            {"type": "location", "location": {"latitude": 1, "longitude": 2, "name": "Dom"}},
        ),
        (
            {"type": "currency", "name": "sum", "fallback_value": "9 €", "code": "EUR", "amount_1000": 9000},
            {
                "type": "currency",
                "parameter_name": "sum",
                "currency": {"fallback_value": "9 €", "code": "EUR", "amount_1000": 9000},
            },
        ),
        (
            {"type": "date_time", "fallback_value": "May 1"},
            {"type": "date_time", "date_time": {"fallback_value": "May 1"}},
        ),
    ],
)
def test_a_value_of_a_template_has_a_kind(value: Any, parameter: dict[str, Any]) -> None:
    assert components(header=value) == [{"type": "header", "parameters": [parameter]}]


@pytest.mark.parametrize(
    ("button", "parameters"),
    [
        ({"type": "url", "index": 0, "value": "A-17"}, [{"type": "text", "text": "A-17"}]),
        ({"type": "quick_reply", "index": 0, "value": "STOP"}, [{"type": "payload", "payload": "STOP"}]),
        ({"type": "copy_code", "index": 0, "value": "SAVE20"}, [{"type": "coupon_code", "coupon_code": "SAVE20"}]),
        (
            {"type": "flow", "index": 0, "action": {"flow_token": "t"}},
            [{"type": "action", "action": {"flow_token": "t"}}],
        ),
        ({"type": "voice_call", "index": 0}, None),
    ],
)
def test_a_button_of_a_template_has_a_kind(button: Any, parameters: Any) -> None:
    [found] = components(buttons=[button])
    assert (found["sub_type"], found["index"], found.get("parameters")) == (button["type"], "0", parameters)


def test_a_code_goes_twice() -> None:
    assert components(code="123456") == [
        {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "123456"}]},
    ]


def test_an_offer_ends_and_cards_stand_in_a_row() -> None:
    offer, carousel = components(offer_ends_ms=1767225600000, cards=[{"body": ["a"]}, {"body": ["b"]}])
    assert offer["parameters"][0]["limited_time_offer"] == {"expiration_time_ms": 1767225600000}
    assert [card["card_index"] for card in carousel["cards"]] == [0, 1]
    assert carousel["cards"][1]["components"][0]["parameters"] == [{"type": "text", "text": "b"}]


def test_a_quote_names_the_message_but_a_reaction_never_does() -> None:
    assert body_of(outbound(MessageType.TEXT, {"body": "x"}, reply_to="wamid.IN"))["context"] == {
        "message_id": "wamid.IN"
    }
    reaction = outbound(MessageType.REACTION, {"message_id": "wamid.IN", "emoji": "👍"}, reply_to="wamid.IN")
    assert "context" not in body_of(reaction)


@pytest.mark.parametrize(
    ("to", "fields"),
    [
        (Address("+15550001111"), {"to": "+15550001111"}),
        (Address("15550001111"), {"to": "+15550001111"}),
        (Address("+15550001111", "US.1349"), {"to": "+15550001111"}),
        (Address("", "US.1349"), {"recipient": "US.1349"}),
    ],
)
def test_a_person_is_reached_by_number_or_by_user_id(to: Address, fields: dict[str, str]) -> None:
    body = body_of(outbound(MessageType.TEXT, {"body": "x"}, to=to))
    assert {key: body[key] for key in ("to", "recipient") if key in body} == fields


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (outbound(MessageType.TEXT, {"body": "x"}, to=Address()), "no_address"),
        (outbound(MessageType.ORDER, {}), "unsupported_type"),
        (outbound(MessageType.TEXT, {}), "bad_content"),
        (outbound(MessageType.BUTTONS, {"body": "x", "buttons": ["y"]}), "bad_content"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_a_request(message: OutboundMessage, code: str) -> None:
    with pytest.raises(SendFailed) as failed:
        send(says(OK), message)
    assert failed.value.error.code == code


def test_an_id_leads_nowhere_else() -> None:
    async def work(stub: Stub) -> None:
        credentials = Credentials(stub.credentials.base_url, "../me", TOKEN)
        with pytest.raises(SendFailed) as failed:
            await WHATSAPP.send(stub.session, credentials, HELLO)
        assert failed.value.error.code == "bad_id"

    _, asked = run(work, says(OK))
    assert asked == []


# --- What the answer means --------------------------------------------------------------------------------------------


def test_the_name_the_provider_gives_a_person_is_told() -> None:
    contact = {"input": "+5511955556666", "wa_id": "551155556666", "user_id": "BR.77"}
    accepted, _ = send(says({**OK, "contacts": [contact]}))
    assert accepted.to == Address("+551155556666", "BR.77")


@pytest.mark.parametrize(
    ("state", "held"), [("accepted", False), ("held_for_quality_assessment", True), ("paused", True)]
)
def test_a_held_message_says_so(state: str, held: bool) -> None:
    accepted, _ = send(says({**OK, "messages": [{"id": "wamid.1", "message_status": state}]}))
    assert (accepted.held, accepted.state) == (held, state)


def refusal(answer: Handler) -> Any:
    with pytest.raises(SendFailed) as failed:
        send(answer)
    return failed.value.error


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 503])
def test_a_refusal_is_known_by_its_code_whatever_the_status(status: int) -> None:
    found = refusal(error(131056, "Too many messages", status=status))
    assert (found.code, found.details, found.http_status) == ("131056", "Too many messages", status)


def test_the_token_is_not_repeated() -> None:
    found = refusal(error(190, f"token {TOKEN}", status=401, message=f"Malformed access token {TOKEN}"))
    assert TOKEN not in repr(found)
    assert found.title == "Malformed access token …"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        (
            {
                "X-Business-Use-Case-Usage": '{"1022": [{"type": "whatsapp", "call_count": 100, '
                '"estimated_time_to_regain_access": 19}]}'
            },
            1140,
        ),
        ({"X-Business-Use-Case-Usage": "garbage"}, 0),
        ({"X-Business-Use-Case-Usage": "[]"}, 0),
    ],
)
def test_the_provider_may_say_how_long_to_wait(headers: dict[str, str], seconds: int) -> None:
    assert refusal(says({"error": {"code": 80007}}, status=400, headers=headers)).retry_after == seconds


@pytest.mark.parametrize("status", [301, 307, 400, 403, 413, 429])
def test_a_refusal_without_words_is_known_by_its_status(status: int) -> None:
    found = refusal(says(b"<html>", status=status, headers={"Location": "https://evil.example/"}))
    assert found.code == f"http_{status}"


@pytest.mark.parametrize(
    "answer",
    [
        says(b"<html>bad gateway", status=502),
        says(b"", status=500),
        says({"error": {"message": "no code"}}, status=503),
        says(b"", status=408),
        says(b"", status=200),
        says(b"[]", status=200),
        says({"messages": []}),
        says({"messages": [{"id": ""}]}),
        says(b"\xff\x00garbage"),
        says(b"[" * 100_000),
        says(b"{" + b" " * 5_000_000 + b"}"),
        says(b"{}", headers={"Content-Encoding": "gzip"}),
        hangs_up,
    ],
)
def test_nobody_knows_what_became_of_a_message(answer: Handler) -> None:
    with pytest.raises(NoAnswer):
        send(answer)


def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", ClientTimeout(total=0.2))
    with pytest.raises(NoAnswer):
        send(is_silent)


def unreachable() -> str:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/v25.0"


@pytest.mark.parametrize("base_url", [unreachable, "http://nowhere.invalid/v25.0", "https://"])
def test_without_a_connection_nothing_was_sent(base_url: str | Callable[[], str]) -> None:
    url = base_url if isinstance(base_url, str) else base_url()

    async def main() -> None:
        async with open_session() as session:
            await WHATSAPP.send(session, Credentials(url, NUMBER, TOKEN), HELLO)

    with pytest.raises(NotSent):
        asyncio.run(main())


def test_an_answer_leaves_no_cookie() -> None:
    async def work(stub: Stub) -> None:
        await WHATSAPP.send(stub.session, stub.credentials, HELLO)
        assert not stub.session.cookie_jar.filter_cookies(stub.credentials.base_url)  # type: ignore[arg-type]

    run(work, says(OK, headers={"Set-Cookie": "a=b"}))


# --- The rest of the number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typing", [True, False])
def test_a_message_is_marked_as_read(typing: bool) -> None:
    _, [asked] = run(
        lambda stub: WHATSAPP.mark_read(stub.session, stub.credentials, "wamid.IN", typing=typing),
        says({"success": True}),
    )
    assert asked.json["status"] == "read"
    assert asked.json["message_id"] == "wamid.IN"
    assert asked.json.get("typing_indicator") == ({"type": "text"} if typing else None)


def test_the_number_tells_how_it_stands() -> None:
    number = {
        "id": NUMBER,
        "display_phone_number": "+1 555-078-3881",
        "verified_name": "Acme",
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_10K",
        "health_status": {
            "can_send_message": "LIMITED",
            "entities": [
                {"entity_type": "PHONE_NUMBER", "id": NUMBER, "can_send_message": "AVAILABLE"},
                {
                    "entity_type": "WABA",
                    "id": "1",
                    "can_send_message": "BLOCKED",
                    "errors": [{"error_code": 141006, "error_description": "Payment", "possible_solution": "Pay"}],
                },
            ],
        },
    }
    health, [asked] = run(lambda stub: WHATSAPP.health(stub.session, stub.credentials), says(number))
    assert (asked.method, asked.path) == ("GET", f"/v25.0/{NUMBER}")
    assert (health.name, health.state, health.quality, health.daily_limit) == (
        "Acme",
        "CONNECTED",
        "GREEN",
        "TIER_10K",
    )
    assert health.messages_per_second == 1000
    assert [(one.code, one.title, one.details) for one in health.problems] == [("141006", "Payment", "Pay")]


def test_a_number_that_tells_little_is_taken_as_a_common_one() -> None:
    health, _ = run(lambda stub: WHATSAPP.health(stub.session, stub.credentials), says({"id": NUMBER}))
    assert (health.messages_per_second, health.problems) == (80, ())


def test_templates_come_in_pages_and_the_next_address_is_not_trusted() -> None:
    async def pages(request: web.Request) -> web.Response:
        number = int(request.query.get("after", "0"))
        template = {
            "id": str(number),
            "name": f"t{number}",
            "language": "de",
            "category": "UTILITY",
            "status": "REJECTED",
            "components": [{"type": "BODY", "text": "x"}],
            "quality_score": {"score": "GREEN"},
            "rejected_reason": "NONE",
        }
        more = {"next": "https://evil.example/steal"} if number < 2 else {}
        cursors = {"cursors": {"before": "x", "after": str(number + 1)}}
        return web.json_response({"data": [template, "broken"], "paging": {**cursors, **more}})

    found, asked = run(lambda stub: WHATSAPP.templates(stub.session, stub.credentials), pages)
    assert [one.name for one in found] == ["t0", "t1", "t2"]
    assert (found[0].quality, found[0].rejected_reason, found[0].parameter_format) == ("GREEN", "", "POSITIONAL")
    assert len(asked) == 3


def test_templates_without_end_are_no_answer() -> None:
    async def endless(request: web.Request) -> web.Response:
        after = str(int(request.query.get("after", "0")) + 1)
        return web.json_response({"data": [], "paging": {"next": "x", "cursors": {"after": after}}})

    with pytest.raises(NoAnswer):
        run(lambda stub: WHATSAPP.templates(stub.session, stub.credentials), endless)
