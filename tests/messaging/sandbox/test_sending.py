"""What the provider refuses at once, with its codes (reference §2, §7)."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.sandbox.testing import Sandbox
from tests.messaging.sandbox.conftest import NUMBER, PERSON, WABA, Send, code, template, wamid

BUTTONS = [{"type": "reply", "reply": {"id": str(place), "title": f"No {place}"}} for place in range(4)]
ROWS = [{"id": str(place), "title": f"Row {place}"} for place in range(11)]


def interactive(kind: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": "Choose"}, "action": action, **more}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "text"}, 131008),
        ({"type": "text", "text": {"body": ""}}, 131009),
        ({"type": "text", "text": {"body": "x" * 4097}}, 131009),
        ({"type": "poll", "poll": {}}, 131051),
        ({"type": "image", "image": {"id": "404"}}, 131009),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"link": "https://x.example/a.png", "caption": "x" * 1025}}, 131009),
        ({"type": "audio", "audio": {"link": "https://x.example/a.ogg", "caption": "no"}}, 131009),
        ({"type": "location", "location": {"latitude": 53}}, 131008),
        ({"type": "location", "location": {"latitude": 91, "longitude": 9}}, 131009),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]}, 131008),
        ({"type": "reaction", "reaction": {"message_id": "wamid.unknown", "emoji": "👍"}}, 131009),
        (interactive("button", {"buttons": BUTTONS}), 131009),
        (interactive("button", {"buttons": [BUTTONS[0], BUTTONS[0]]}), 131009),
        (interactive("button", {"buttons": BUTTONS[:1]}, footer={"text": "x" * 61}), 131009),
        (interactive("list", {"button": "Go", "sections": [{"rows": ROWS}]}), 131009),
        (interactive("list", {"button": "Go", "sections": [{"rows": ROWS[:1]}, {"rows": ROWS[1:2]}]}), 131008),
        (interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": "Go", "url": "ftp://x"}}), 131009),
        ({"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 131009),
    ],
)
def test_a_body_that_breaks_a_limit_is_refused(send: Send, body: dict[str, Any], expected: int) -> None:
    assert code(send(**body)) == (400, expected)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "text", "text": {"body": "x" * 4096}},
        interactive("button", {"buttons": BUTTONS[:3]}),
        interactive("list", {"button": "Go", "sections": [{"rows": ROWS[:10]}]}),
        interactive("location_request_message", {"name": "send_location"}),
        {"type": "location", "location": {"latitude": "53.5", "longitude": 9.9}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana", "first_name": "Ana"}}]},
    ],
)
def test_a_body_at_its_limit_is_taken(send: Send, body: dict[str, Any]) -> None:
    assert send(**body).status == 200


def test_the_envelope_is_checked(graph: Send) -> None:
    path = f"{NUMBER}/messages"
    assert code(graph("POST", path, {"to": PERSON, "type": "text"})) == (400, 100)
    assert code(graph("POST", path, {"messaging_product": "whatsapp", "type": "text"})) == (400, 100)
    assert code(graph("POST", path, b"{not json")) == (400, 100)


def test_a_number_cannot_write_to_itself(send_text: Send) -> None:
    assert code(send_text("+49 40 5551200")) == (400, 131021)


def test_a_test_number_reaches_only_its_list(sandbox: Sandbox, send_text: Send) -> None:
    sandbox.number(NUMBER, allow_list=["4915100000077"])
    assert code(send_text()) == (400, 131030)
    assert send_text("+4915100000077").status == 200


def test_tokens_are_checked(sandbox: Sandbox, graph: Send, send_text: Send) -> None:
    sandbox.add_account("1002", name="Globex", app_secret="s", token="token-of-globex")
    assert code(graph("GET", NUMBER, token="nonsense")) == (401, 190)
    assert code(graph("GET", NUMBER, token="")) == (401, 190)
    assert code(graph("GET", NUMBER, token="token-of-globex")) == (403, 10)
    sandbox.revoke_token("token-of-acme")
    assert code(send_text()) == (401, 190)


def test_an_answer_names_the_usage_of_the_account(send_text: Send) -> None:
    assert f'"{WABA}"' in send_text().headers["x-business-use-case-usage"]


@pytest.mark.parametrize(
    ("written", "wa_id"),
    [
        ("+4915112345678", "4915112345678"),
        ("0151 12345678", "4915112345678"),
        ("+55 31 98765 4321", "553187654321"),
        ("+55 11 98765 4321", "5511987654321"),
        ("+52 55 1234 5678", "5215512345678"),
        ("+54 11 1234 5678", "5491112345678"),
    ],
)
def test_the_canonical_id_may_differ_from_the_input(send_text: Send, written: str, wa_id: str) -> None:
    assert send_text(written).body["contacts"] == [{"input": written, "wa_id": wa_id}]


# --- Templates ------------------------------------------------------------------------------------------------------


def test_a_template_is_found_by_name_and_language(send: Send, send_template: Send) -> None:
    assert code(send_template(name="unknown")) == (404, 132001)
    body = {"name": "order_shipped", "language": {"code": "en_US"}}
    assert code(send(type="template", template=body)) == (404, 132001)


@pytest.mark.parametrize(("status", "expected"), [("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001)])
def test_a_template_that_is_not_approved_is_refused(
    sandbox: Sandbox, send_template: Send, status: str, expected: int
) -> None:
    sandbox.template(f"{WABA}:order_shipped:en", status=status)
    assert code(send_template())[1] == expected


def test_the_values_of_a_template_are_checked(send_template: Send) -> None:
    assert code(send_template(PERSON, "Ana")) == (400, 132000)
    assert code(send_template(PERSON, "Ana", "two\nlines")) == (400, 132018)
    assert code(send_template(PERSON, "Ana", "far      apart")) == (400, 132018)
    assert code(send_template(PERSON, "Ana", "x" * 1024)) == (400, 132005)
    wrong = [{"type": "body", "parameters": [{"type": "image", "image": {"id": "1"}}, {"type": "text", "text": "A"}]}]
    assert code(send_template(components=wrong)) == (400, 132012)


def test_a_template_answers_whether_it_was_accepted_or_held(sandbox: Sandbox, send_template: Send) -> None:
    assert send_template().body["messages"][0]["message_status"] == "accepted"
    sandbox.knobs(NUMBER, held_share=1)
    assert send_template().body["messages"][0]["message_status"] == "held_for_quality_assessment"


def test_a_url_button_with_a_variable_needs_its_value(sandbox: Sandbox, send_template: Send) -> None:
    url = {"type": "URL", "text": "Track", "url": "https://x.example/{{1}}", "example": ["https://x.example/1"]}
    body = template()["components"]
    sandbox.add_account(
        WABA, templates=[template("with_url", components=[*body, {"type": "BUTTONS", "buttons": [url]}])]
    )
    assert code(send_template(name="with_url")) == (400, 132000)


def test_named_values_come_in_any_order(sandbox: Sandbox, send: Send) -> None:
    samples = [{"param_name": "name", "example": "Ana"}, {"param_name": "order", "example": "A"}]
    text = "Hello {{name}}, your order {{order}} left our house today."
    body = [{"type": "BODY", "text": text, "example": {"body_text_named_params": samples}}]
    sandbox.add_account(WABA, templates=[template("named", parameter_format="NAMED", components=body)])
    values = [
        {"type": "text", "parameter_name": "order", "text": "A-17"},
        {"type": "text", "parameter_name": "name", "text": "Ana"},
    ]
    parts = [{"type": "body", "parameters": values}]
    wanted = {"name": "named", "language": {"code": "en"}, "components": parts}
    wamid(send(type="template", template=wanted))
    shown = sandbox.accepted()["items"][0]["rendered"]["body"]
    assert shown == "Hello Ana, your order A-17 left our house today."
    values[0].pop("parameter_name")
    assert code(send(type="template", template=wanted)) == (400, 132000)


# --- Limits ---------------------------------------------------------------------------------------------------------


def test_more_than_the_number_may_send_is_refused(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, throughput=8)
    answers = [send_template(f"+4915100000{place:03}") for place in range(100, 140)]
    assert {code(one) for one in answers if one.status != 200} == {(400, 130429)}
    sandbox.advance(1)
    assert send_template("+4915100000200").status == 200


def test_a_pair_borrows_45_messages_and_then_waits(sandbox: Sandbox, send_template: Send) -> None:
    assert [send_template().status for _ in range(45)] == [200] * 45
    assert code(send_template()) == (400, 131056)
    assert send_template("+4915112345679").status == 200
    sandbox.advance(7)
    assert send_template().status == 200


def test_a_portfolio_reaches_only_so_many_people_a_day(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.add_account(WABA, messaging_limit="TIER_250")
    answers = [send_template(f"+4915100001{place:03}") for place in range(251)]
    assert [one.status for one in answers[:250]] == [200] * 250
    assert code(answers[250]) == (400, 131048)
    assert send_template("+4915100001000").status == 200  # somebody already reached


def test_the_marketing_api_takes_marketing_only(graph: Send) -> None:
    wanted = {"name": "order_shipped", "language": {"code": "en"}}
    body = {"messaging_product": "whatsapp", "to": PERSON, "type": "template", "template": wanted}
    assert code(graph("POST", f"{NUMBER}/marketing_messages", body)) == (400, 131055)
