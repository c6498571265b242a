"""Any JSON may come: parse raises ValueError or nothing, and one element never costs another."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings, strategies as st

from messaging.channels.base import InboundMessage, StatusReport
from messaging.channels.registry import ADAPTERS, adapter_for

from .changing import changed, places
from .payloads import NAMES, payload

WORDS = st.sampled_from(
    "entry changes field value messages statuses errors contacts metadata phone_number_id id from from_user_id wa_id "
    "timestamp type text body image interactive button_reply context user_preferences system status sent failed "
    "recipient_id location latitude reaction edit message revoke 15550001111 US.1349".split()
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=6),
    max_leaves=25,
)
GOOD = json.loads(payload("text"))["entry"][0]["changes"][0]["value"]["messages"][0]
GOOD_STATUS = json.loads(payload("status_sent"))["entry"][0]["changes"][0]["value"]["statuses"][0]
# Each whole, so that a change of one place reaches every reader.
BODIES = [json.loads(payload(name)) for name in NAMES]


def storable(value: Any) -> bool:
    """What PostgreSQL takes: JSON without NaN, in UTF-8, without NUL."""
    written = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return "\\u0000" not in written and bool(written.encode())


def check(kind: str, body: Any) -> None:
    for found in ADAPTERS[kind].parse(json.dumps(body).encode()):
        element = found.element
        assert isinstance(found.channel_external_id, str)
        if isinstance(element, InboundMessage):
            assert element.sender
            assert element.external_id
            assert storable([element.content, element.referral, element.raw, element.sender_name])
        if isinstance(element, StatusReport):
            assert element.external_id
            assert storable([element.pricing, element.raw, element.reference])


@settings(max_examples=150, deadline=None)
@given(ANYTHING)
def test_any_json_object_is_read(body: Any) -> None:
    for kind in ADAPTERS:
        check(kind, {"entry": body} if not isinstance(body, dict) else body)


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for adapter in ADAPTERS.values():
        try:
            adapter.parse(body)
        except ValueError:
            continue


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_known_body_with_one_place_changed_is_read(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(BODIES))
    path = data.draw(st.sampled_from(places(body)[1:]))
    check("whatsapp", changed(body, path, data.draw(ANYTHING)))


@settings(max_examples=200, deadline=None)
@given(before=st.lists(ANYTHING, max_size=3), after=st.lists(ANYTHING, max_size=3))
def test_good_elements_survive_any_neighbour(before: list[Any], after: list[Any]) -> None:
    def body(field: str, good: Any) -> bytes:
        value = {"metadata": {"phone_number_id": "1"}, field: [*before, good, *after]}
        change = {"field": "messages", "value": value}
        return json.dumps({"entry": [*before, {"id": "2", "changes": [*before, change, *after]}, *after]}).encode()

    messages = [one.element for one in adapter_for("whatsapp").parse(body("messages", GOOD))]
    assert any(isinstance(one, InboundMessage) and one.external_id == "wamid.IN" for one in messages)
    statuses = [one.element for one in adapter_for("whatsapp").parse(body("statuses", GOOD_STATUS))]
    assert any(isinstance(one, StatusReport) and one.external_id == "wamid.OUT" for one in statuses)
