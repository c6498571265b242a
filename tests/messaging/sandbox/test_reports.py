"""Signed webhooks, states, magic recipients and knobs (reference §8, §13)."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest

from messaging.sandbox.testing import Sandbox
from messaging.sandbox.webhooks import signature
from tests.messaging.sandbox.conftest import NUMBER, PERSON, SECRET, WABA, Send, code, template, wamid


def states(sandbox: Sandbox, key: str) -> list[str]:
    sandbox.settle()
    return [one["status"] for one in sandbox.receiver.statuses(key)]


def failure(sandbox: Sandbox, key: str) -> int:
    sandbox.settle()
    [status] = sandbox.receiver.statuses(key)
    assert status["status"] == "failed"
    assert "pricing" not in status
    return int(status["errors"][0]["code"])


def test_the_signature_matches_the_vendors_vector() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    expected = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    assert signature("test_app_secret", body) == expected


def test_a_body_is_signed_as_it_goes_over_the_wire_with_small_escapes(sandbox: Sandbox) -> None:
    sandbox.person_writes(NUMBER, PERSON, "Grüße 📦")
    sandbox.settle()
    [post] = sandbox.receiver.received
    assert rb"Gr\u00fc\u00dfe \ud83d\udce6" in post.body
    assert post.headers["X-Hub-Signature-256"] == signature(SECRET, post.body)


def test_a_message_is_sent_delivered_and_read(sandbox: Sandbox, send_template: Send) -> None:
    key = wamid(send_template())
    assert states(sandbox, key) == ["sent", "delivered", "read"]


def test_a_status_carries_our_reference_and_the_price_once_more(sandbox: Sandbox, send: Send) -> None:
    sandbox.person_writes(NUMBER, PERSON, "Hi")
    key = wamid(send(type="text", text={"body": "Hello"}, biz_opaque_callback_data="t42:m981"))
    sandbox.settle()
    sent, delivered, read = sandbox.receiver.statuses(key)
    assert {one["biz_opaque_callback_data"] for one in (sent, delivered, read)} == {"t42:m981"}
    free = {"billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}
    assert sent["pricing"] == delivered["pricing"] == free
    assert "pricing" not in read


def test_read_may_come_without_delivered_and_then_carries_the_price(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, skip_delivered=1)
    key = wamid(send_template())
    assert states(sandbox, key) == ["sent", "read"]
    assert sandbox.receiver.statuses(key)[1]["pricing"]["category"] == "utility"


def test_outside_the_window_a_text_is_accepted_and_fails_later(sandbox: Sandbox, send_text: Send) -> None:
    assert failure(sandbox, wamid(send_text())) == 131047
    sandbox.person_writes(NUMBER, PERSON, "Hi")
    assert states(sandbox, wamid(send_text())) == ["sent", "delivered", "read"]
    sandbox.advance(24 * 3600 + 1)
    assert failure(sandbox, wamid(send_text())) == 131047


def test_a_reaction_is_only_sent(sandbox: Sandbox, send: Send) -> None:
    theirs = sandbox.person_writes(NUMBER, PERSON, "Hi")["id"]
    key = wamid(send(type="reaction", reaction={"message_id": theirs, "emoji": "👍"}))
    assert states(sandbox, key) == ["sent"]


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [("0026", 131026), ("0047", 131047), ("0049", 131049), ("0050", 131050), ("0042", 131042)],
)
def test_magic_recipients_fail_later(sandbox: Sandbox, send_template: Send, suffix: str, expected: int) -> None:
    assert failure(sandbox, wamid(send_template(f"+491511234{suffix}"))) == expected


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [("0056", (400, 131056)), ("0015", (400, 132015)), ("0500", (500, 131000)), ("0190", (401, 190))],
)
def test_magic_recipients_are_refused_at_once(send_template: Send, suffix: str, expected: tuple[int, int]) -> None:
    assert code(send_template(f"+491511234{suffix}")) == expected


def test_the_magic_burst_is_refused_three_times(send_template: Send) -> None:
    answers = [send_template("+4915112340029") for _ in range(4)]
    assert [one.status for one in answers] == [400, 400, 400, 200]


def test_the_silent_recipient_is_accepted_though_nobody_answers(sandbox: Sandbox) -> None:
    wanted = {"name": "order_shipped", "language": {"code": "en"}, "components": []}
    values = [{"type": "text", "text": "Ana"}, {"type": "text", "text": "A"}]
    wanted["components"] = [{"type": "body", "parameters": values}]
    body = {"messaging_product": "whatsapp", "to": "+4915112340999", "type": "template", "template": wanted}
    body["biz_opaque_callback_data"] = "m1"
    with pytest.raises((TimeoutError, urllib.error.URLError)):
        sandbox.call("POST", f"/v25.0/{NUMBER}/messages", body, token="token-of-acme", timeout=0.15)
    [taken] = sandbox.accepted()["items"]
    assert taken["biz_opaque_callback_data"] == "m1"
    assert states(sandbox, taken["wamid"]) == ["sent", "delivered", "read"]


# --- Knobs ----------------------------------------------------------------------------------------------------------


def test_errors_come_by_code_and_as_often_as_wanted(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, errors=[{"code": 130429, "share": 1, "times": 2}])
    assert [send_template().status for _ in range(3)] == [400, 400, 200]
    sandbox.knobs(NUMBER, late_errors=[{"code": 131026, "share": 1}])
    assert failure(sandbox, wamid(send_template())) == 131026


def test_silence_accepts_and_never_reports(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, silence="reports")
    assert states(sandbox, wamid(send_template())) == []


@pytest.mark.parametrize("garbage", ["html", "json", "empty"])
def test_garbage_is_no_json_and_the_message_was_taken(sandbox: Sandbox, send_template: Send, garbage: str) -> None:
    sandbox.knobs(NUMBER, garbage=garbage)
    answer = send_template()
    assert answer.status == 200
    assert isinstance(answer.body, bytes)
    assert sandbox.accepted()["total"] == 1


def test_duplicates_and_disorder_say_the_same_twice(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, duplicates=1, disorder=1, disorder_ms=1)
    key = wamid(send_template())
    sandbox.wait_until(lambda: len(sandbox.receiver.statuses(key)) == 6)
    assert sorted(states(sandbox, key)) == sorted(["sent", "delivered", "read"] * 2)


def test_webhooks_off_say_nothing(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, webhooks="off")
    assert states(sandbox, wamid(send_template())) == []


def test_late_webhooks_come_when_their_time_has_come(sandbox: Sandbox, send_template: Send) -> None:
    sandbox.knobs(NUMBER, webhooks="late", webhook_delay_ms=60_000)
    key = wamid(send_template())
    assert states(sandbox, key) == []
    sandbox.advance(61)
    assert sorted(states(sandbox, key)) == ["delivered", "read", "sent"]


def test_a_body_that_is_not_taken_comes_again(sandbox: Sandbox) -> None:
    sandbox.receiver.answers[:] = [500, 503, 200]
    sandbox.person_writes(NUMBER, PERSON, "Hi")
    sandbox.settle()
    sandbox.advance(2)
    sandbox.settle()
    sandbox.advance(4)
    sandbox.settle()
    first, *others = sandbox.receiver.received
    assert [one.body for one in others] == [first.body, first.body]
    assert sandbox.webhooks_sent()["waiting"] == 0


def test_a_wrong_knob_is_refused_by_name(sandbox: Sandbox) -> None:
    for wrong in ({"nonsense": 1}, {"silence": "loud"}, {"latency_ms": "much"}):
        assert sandbox.call("PATCH", f"/sandbox/api/numbers/{NUMBER}/knobs", wrong).status == 400


def test_what_was_taken_twice_is_counted(sandbox: Sandbox, send_template: Send, send: Send) -> None:
    sandbox.person_writes(NUMBER, PERSON, "Hi")
    for reference in ("m1", "m1", "m2"):
        send(type="text", text={"body": "Hello"}, biz_opaque_callback_data=reference)
    found = sandbox.accepted(NUMBER)
    assert (found["total"], found["unique"], found["doubled"]) == (3, 2, {"m1": 2})


# --- Templates and the account --------------------------------------------------------------------------------------


def events(sandbox: Sandbox, field: str) -> list[dict[str, Any]]:
    sandbox.settle()
    return sandbox.receiver.values(field)


def test_a_new_template_is_pending_and_then_approved_or_rejected(sandbox: Sandbox, graph: Send) -> None:
    made = graph("POST", f"{WABA}/message_templates", template("thanks"))
    assert made.body["category"] == "UTILITY"
    graph("POST", f"{WABA}/message_templates", template("please_reject"))
    told = {one["message_template_name"]: one["event"] for one in events(sandbox, "message_template_status_update")}
    assert told == {"thanks": "APPROVED", "please_reject": "REJECTED"}


@pytest.mark.parametrize(
    ("text", "subcode"),
    [
        ("{{1}} is here with a few more words", 2388299),
        ("Hi {{1}} {{2}} ok ok ok ok", 2388293),
        ("Hi {{2}} all good now", 2388072),
    ],
)
def test_a_template_that_breaks_a_rule_is_refused_with_its_subcode(graph: Send, text: str, subcode: int) -> None:
    body = [{"type": "BODY", "text": text, "example": {"body_text": [["a", "b"]]}}]
    answer = graph("POST", f"{WABA}/message_templates", template("broken", components=body))
    assert (answer.status, answer.body["error"]["error_subcode"]) == (400, subcode)
    assert answer.body["error"]["error_user_msg"]


def test_an_approved_template_is_edited_once_a_day_and_reviewed_again(sandbox: Sandbox, graph: Send) -> None:
    [found] = graph("GET", f"{WABA}/message_templates?name=order_shipped").body["data"]
    assert graph("POST", found["id"], {"components": found["components"]}).body == {"success": True}
    assert code(graph("POST", found["id"], {"components": found["components"]})) == (400, 100)
    sandbox.advance(24 * 3600 + 1)
    assert graph("POST", found["id"], {"components": found["components"]}).status == 200


def test_a_deleted_name_is_blocked_for_thirty_days(sandbox: Sandbox, graph: Send) -> None:
    graph("DELETE", f"{WABA}/message_templates?name=order_shipped")
    path = f"{WABA}/message_templates"
    assert graph("POST", path, template()).body["error"]["error_subcode"] == 2388023
    sandbox.advance(31 * 24 * 3600)
    assert graph("POST", path, template()).status == 200


def test_pausing_and_recategorising_are_told(sandbox: Sandbox) -> None:
    key = f"{WABA}:order_shipped:en"
    sandbox.template(key, status="PAUSED")
    sandbox.template(key, category="MARKETING", warning=True)
    [paused] = events(sandbox, "message_template_status_update")
    assert (paused["event"], paused["other_info"]["title"]) == ("PAUSED", "FIRST_PAUSE")
    [warning] = events(sandbox, "template_category_update")
    assert (warning["new_category"], warning["correct_category"]) == ("UTILITY", "MARKETING")


def test_quality_is_told_and_any_other_event_can_be(sandbox: Sandbox) -> None:
    sandbox.number(NUMBER, quality_rating="RED")
    [quality] = events(sandbox, "phone_number_quality_update")
    assert quality["event"] == "FLAGGED"
    sandbox.api("POST", f"/accounts/{WABA}/event", {"field": "security", "value": {"event": "PIN_CHANGED"}})
    assert events(sandbox, "security") == [{"event": "PIN_CHANGED"}]


def test_the_callback_is_verified_before_it_is_used(sandbox: Sandbox, graph: Send) -> None:
    assert sandbox.api("POST", f"/accounts/{WABA}/verify")["verified"]
    override = {"override_callback_uri": sandbox.receiver.url, "verify_token": "wrong"}
    assert code(graph("POST", f"{WABA}/subscribed_apps", override)) == (400, 100)
    override["verify_token"] = sandbox.receiver.verify_token
    assert graph("POST", f"{WABA}/subscribed_apps", override).body == {"success": True}
    [app] = graph("GET", f"{WABA}/subscribed_apps").body["data"]
    assert app["override_callback_uri"] == sandbox.receiver.url
