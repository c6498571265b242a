"""A message that breaks a limit is told before it is sent, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given, settings, strategies as st

from messaging.channels.adapters.whatsapp_cloud import sending
from messaging.channels.base import Address, MessageType, OutboundMessage, SendFailed
from messaging.channels.capabilities import KB, MB, WHATSAPP, capabilities_of
from messaging.channels.checks import CHECKS, Problem, check_outbound

from .changing import changed, places


def problems(type_: MessageType, content: Mapping[str, Any], **fields: Any) -> list[Problem]:
    message = OutboundMessage(reference="r", to=Address("+15550001111"), type=type_, content=content, **fields)
    return check_outbound("whatsapp", message)


def where(type_: MessageType, content: Mapping[str, Any], **fields: Any) -> list[str]:
    return [problem.field for problem in problems(type_, content, **fields)]


def many(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": f"i{number}", "title": f"t{number}", **fields} for number in range(count)]


def buttons(**changes: Any) -> dict[str, Any]:
    return {"body": "b", "buttons": many(2), **changes}


def choices(**changes: Any) -> dict[str, Any]:
    return {"body": "b", "button": "Slots", "sections": [{"rows": many(2)}], **changes}


TEXT, IMAGE, BUTTONS, LIST = MessageType.TEXT, MessageType.IMAGE, MessageType.BUTTONS, MessageType.LIST

GOOD: list[tuple[MessageType, dict[str, Any]]] = [
    (TEXT, {"body": "x"}),
    (TEXT, {"body": "x" * 4096}),
    (TEXT, {"body": "👋" * 4096}),
    (IMAGE, {"media_id": "1", "caption": "x" * 1024, "mime_type": "image/JPEG", "size": 5 * MB}),
    (MessageType.AUDIO, {"media_id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": True}),
    (MessageType.DOCUMENT, {"link": "https://x.example/a", "mime_type": "application/zip", "size": 100 * MB}),
    (MessageType.STICKER, {"media_id": "1", "size": 500 * KB, "animated": True}),
    (MessageType.LOCATION, {"latitude": "50.9", "longitude": -180}),
    (MessageType.CONTACTS, {"contacts": [{"name": {"formatted_name": "Bo", "first_name": "Bo"}}] * 257}),
    (MessageType.REACTION, {"message_id": "w", "emoji": ""}),
    (MessageType.REACTION, {"message_id": "w", "emoji": "👩‍❤️‍💋‍👨"}),
    (BUTTONS, {"body": "x" * 1024, "buttons": many(3), "header": "h" * 60, "footer": "f" * 60}),
    (BUTTONS, buttons(buttons=[{"id": "i" * 256, "title": "t" * 20}])),
    (BUTTONS, buttons(header={"type": "image", "media_id": "1"})),
    (LIST, choices(body="x" * 4096, sections=[{"rows": many(10)}])),
    (LIST, choices(sections=[{"title": "s" * 24, "rows": [row]} for row in many(10)])),
    (LIST, choices(sections=[{"rows": [{"id": "i" * 200, "title": "t" * 24, "description": "d" * 72}]}])),
    (MessageType.LINK, {"body": "b", "title": "t" * 20, "url": "https://x.example/a?b=c"}),
    (MessageType.LOCATION_REQUEST, {"body": "Where?"}),
    (MessageType.TEMPLATE, {"name": "n", "language": "de"}),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "code": "1" * 15}),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "body": ["a", {"text": "four    spaces"}]}),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "header": {"type": "image", "media_id": "1"}}),
]


@pytest.mark.parametrize(("type_", "content"), GOOD)
def test_a_message_within_all_limits_has_no_problem(type_: MessageType, content: dict[str, Any]) -> None:
    assert problems(type_, content) == []
    assert sending.body_of(OutboundMessage("r", Address("+1"), type_, content))


BAD: list[tuple[MessageType, dict[str, Any], list[str]]] = [
    (TEXT, {}, ["body"]),
    (TEXT, {"body": " \n"}, ["body"]),
    (TEXT, {"body": None}, ["body"]),
    (TEXT, {"body": "x" * 4097}, ["body"]),
    (IMAGE, {}, ["media_id"]),
    (IMAGE, {"media_id": "1", "caption": "x" * 1025}, ["caption"]),
    (IMAGE, {"media_id": "1", "mime_type": "image/heic"}, ["mime_type"]),
    (IMAGE, {"media_id": "1", "size": 5 * MB + 1}, ["size"]),
    (MessageType.AUDIO, {"media_id": "1", "caption": "x"}, ["caption"]),
    (MessageType.AUDIO, {"media_id": "1", "mime_type": "audio/mpeg", "voice": True}, ["voice"]),
    (MessageType.STICKER, {"media_id": "1", "size": 100 * KB + 1}, ["size"]),
    (MessageType.LOCATION, {"latitude": 91, "longitude": "x"}, ["latitude", "longitude"]),
    (MessageType.LOCATION, {"latitude": float("nan")}, ["latitude", "longitude"]),
    (MessageType.CONTACTS, {"contacts": []}, ["contacts"]),
    (MessageType.CONTACTS, {"contacts": [{"name": {"formatted_name": "Bo"}}]}, ["contacts.0.name"]),
    (MessageType.REACTION, {"message_id": "", "emoji": None}, ["message_id", "emoji"]),
    (BUTTONS, buttons(body="x" * 1025), ["body"]),
    (BUTTONS, buttons(buttons=[]), ["buttons"]),
    (BUTTONS, buttons(buttons=many(4)), ["buttons"]),
    (BUTTONS, buttons(buttons=[{"id": "1", "title": "t" * 21}]), ["buttons.0.title"]),
    (BUTTONS, buttons(buttons=[{"id": "1", "title": "t"}, {"id": "2", "title": "t"}]), ["buttons.1.title"]),
    (BUTTONS, buttons(buttons=[{"id": "1", "title": "a"}, {"id": "1", "title": "b"}]), ["buttons.1.id"]),
    (BUTTONS, buttons(buttons=[{"id": " 1", "title": "a"}]), ["buttons.0.id"]),
    (BUTTONS, buttons(buttons=[{"id": "i" * 257, "title": "a"}]), ["buttons.0.id"]),
    (BUTTONS, buttons(header="h" * 61, footer="f" * 61), ["header", "footer"]),
    (BUTTONS, buttons(header={"type": "audio", "media_id": "1"}), ["header"]),
    (LIST, choices(header={"type": "image", "media_id": "1"}), ["header"]),
    (LIST, choices(button="b" * 21), ["button"]),
    (LIST, choices(sections=[]), ["sections"]),
    (LIST, choices(sections=[{"rows": many(11)}]), ["sections"]),
    (LIST, choices(sections=[{"title": "a", "rows": many(1)}, {"rows": []}]), ["sections.1.title", "sections.1.rows"]),
    (LIST, choices(sections=[{"rows": [{"id": "1", "title": "t" * 25}]}]), ["sections.0.rows.0.title"]),
    (
        LIST,
        choices(sections=[{"rows": [{"id": "1", "title": "t", "description": "d" * 73}]}]),
        ["sections.0.rows.0.description"],
    ),
    (MessageType.LINK, {"body": "b", "title": "t" * 21, "url": "javascript:alert(1)"}, ["title", "url"]),
    (MessageType.LOCATION_REQUEST, {"body": ""}, ["body"]),
    (MessageType.TEMPLATE, {}, ["name", "language"]),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "code": "1" * 16}, ["code"]),
    (
        MessageType.TEMPLATE,
        {"name": "n", "language": "de", "body": ["a\nb", "five     spaces", ""]},
        ["body.0", "body.1", "body.2"],
    ),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "body": ["a", {"text": "b", "name": "c"}]}, ["body"]),
    (
        MessageType.TEMPLATE,
        {"name": "n", "language": "de", "buttons": [{"type": "copy_code", "index": 0, "value": "c" * 16}]},
        ["buttons.0.value"],
    ),
    (MessageType.TEMPLATE, {"name": "n", "language": "de", "cards": [{"body": ["a\tb"]}]}, ["cards.0.body.0"]),
    (MessageType.ORDER, {}, ["type"]),
]


@pytest.mark.parametrize(("type_", "content", "fields"), BAD)
def test_a_broken_limit_is_named_with_its_place(type_: MessageType, content: dict[str, Any], fields: list[str]) -> None:
    assert where(type_, content) == fields


def test_our_reference_must_fit_too() -> None:
    content = {"body": "x"}
    message = OutboundMessage("r" * 513, Address("+1"), TEXT, content)
    assert [problem.field for problem in check_outbound("whatsapp", message)] == ["reference"]


def test_a_problem_is_said_in_the_reader_s_language() -> None:
    [problem] = problems(TEXT, {"body": "x" * 4097})
    with override("en"):
        assert str(problem.text) == "At most 4096 characters."
    with override("de"):
        assert str(problem.text) == "Höchstens 4096\u00a0Zeichen."


def test_every_type_a_channel_sends_has_its_check_and_its_words() -> None:
    assert capabilities_of("whatsapp").sends == set(CHECKS) == set(sending.WRITERS)
    assert set(WHATSAPP.files) < WHATSAPP.sends


KEYS = st.sampled_from(
    "body header footer buttons sections rows id title description button url media_id link caption mime_type size "
    "latitude longitude contacts name formatted_name message_id emoji language code cards index type text value".split()
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["image", "url", "text"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_content_is_checked_and_written_or_refused(data: st.DataObject) -> None:
    type_, good = data.draw(st.sampled_from(GOOD[5:] + [(type_, content) for type_, content, _ in BAD]))
    content = changed(good, data.draw(st.sampled_from(places(good)[1:] or [("body",)])), data.draw(ANYTHING))
    message = OutboundMessage("r", Address("+1"), type_, content)
    assert all(str(problem.text) for problem in check_outbound("whatsapp", message))
    with suppress(SendFailed):
        sending.body_of(message)
